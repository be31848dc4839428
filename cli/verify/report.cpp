#include "cli/verify/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "cli/verify/account/account_report.h"
#include "schemas/codec/json_writer.h"

namespace millrace::cli {
namespace {

using schemas::JsonWriter;

void add(SequenceTally& sum, const SequenceTally& one) {
  sum.records += one.records;
  sum.lost += one.lost;
  sum.undeclared_gaps += one.undeclared_gaps;
  sum.declared_gaps += one.declared_gaps;
  sum.duplicates += one.duplicates;
  sum.unexplained_duplicates += one.unexplained_duplicates;
  sum.out_of_order += one.out_of_order;
  sum.fenced += one.fenced;
  sum.staleness_max_ns = std::max(sum.staleness_max_ns, one.staleness_max_ns);
}

void write_tally(JsonWriter& json, const SequenceTally& tally) {
  json.integer("lost", tally.lost);
  json.integer("undeclared_gaps", tally.undeclared_gaps);
  json.integer("declared_gaps", tally.declared_gaps);
  json.integer("duplicates", tally.duplicates);
  json.integer("unexplained_duplicates", tally.unexplained_duplicates);
  json.integer("out_of_order", tally.out_of_order);
  json.integer("fenced", tally.fenced);
  json.integer("staleness_max_ns", tally.staleness_max_ns);
}

void write_side(JsonWriter& json, std::string_view key, const BookLevels::Side& levels) {
  json.open_array(key);
  for (const auto& [price, quantity] : levels) {
    json.element_pair({price.mantissa, price.exponent}, {quantity.mantissa, quantity.exponent});
  }
  json.close_array();
}

void write_book(JsonWriter& json, const BookLevels& book) {
  json.open_object("book_as_of");
  json.integer("epoch", book.epoch);
  json.integer("seq", book.seq);
  write_side(json, "bids", book.bids);
  write_side(json, "asks", book.asks);
  json.close_object();
}

void write_stream(JsonWriter& json, const StreamReport& stream) {
  json.element_object();
  json.text("venue", stream.venue);
  json.text("dataset", stream.dataset);
  json.text("instrument", stream.instrument);
  json.text("symbol", stream.symbol);
  json.integer("records", stream.sequence.records);
  write_tally(json, stream.sequence);
  json.boolean("heartbeat", stream.had_beat);
  json.integer("silences", stream.silences);
  json.open_array("epochs");
  for (const auto& [number, span] : stream.epochs) {
    json.element_object();
    json.integer("epoch", number);
    json.integer("first_seq", span.first_seq);
    json.integer("last_seq", span.last_seq);
    json.close_object();
  }
  json.close_array();
  if (stream.is_book()) {
    json.integer("updates", stream.book.updates);
    json.integer("refreshes_compared", stream.book.refreshes);
    json.integer("checksums_compared", stream.book.checksums);
    json.integer("quotes_compared", stream.quotes);
    json.integer("wrong", stream.wrong());
    json.integer("deltas_without_book", stream.book.unfounded);
  }
  if (stream.as_of) write_book(json, *stream.as_of);
  if (stream.account) write_account(json, stream);
  json.texts("problems", stream.problems);
  json.close_object();
}

// One row of the table: a stream, or all of a venue and dataset.
struct Row {
  std::string venue, dataset, what;
  SequenceTally sequence;
  std::int64_t checks = 0;
  std::int64_t wrong = 0;
};

std::vector<Row> rows_of(const Report& report, bool per_stream) {
  std::map<std::tuple<std::string, std::string, std::string>, Row> rows;
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const StreamReport& stream : report.streams) ++counts[{stream.venue, stream.dataset}];
  for (const StreamReport& stream : report.streams) {
    const std::string what = per_stream ? stream.instrument : "";
    Row& row = rows[{stream.venue, stream.dataset, what}];
    row.venue = stream.venue;
    row.dataset = stream.dataset;
    row.what = per_stream ? what : fmt::format("{} streams", counts[{stream.venue, stream.dataset}]);
    add(row.sequence, stream.sequence);
    row.checks += stream.checks();
    row.wrong += stream.wrong();
  }
  std::vector<Row> out;
  for (auto& [key, row] : rows) out.push_back(std::move(row));
  return out;
}

std::string row_line(const Row& row) {
  const SequenceTally& s = row.sequence;
  return fmt::format("{:<18} {:<11} {:<18} {:>10} {:>6} {:>10} {:>8} {:>10} {:>8} {:>9} {:>10} {:>6}\n", row.venue,
                     row.dataset, row.what, s.records, s.lost, s.undeclared_gaps, s.declared_gaps, s.duplicates,
                     s.out_of_order, s.staleness_max_ns / 1'000'000, row.checks, row.wrong);
}

void append_problems(const Report& report, std::string& out) {
  for (const std::string& text : report.missing) out += fmt::format("  no record and no heartbeat: {}\n", text);
  for (const StreamReport& stream : report.streams) {
    const std::string name = fmt::format("{}/{}/{}", stream.venue, stream.dataset, stream.instrument);
    if (stream.unchecked()) {
      out += fmt::format("  {}: {} updates and nothing to check the book against\n", name, stream.book.updates);
    }
    for (const std::string& text : stream.problems) out += fmt::format("  {}: {}\n", name, text);
  }
  for (const std::string& text : report.problems) out += fmt::format("  {}\n", text);
}

}  // namespace

SequenceTally Report::total() const {
  SequenceTally sum;
  for (const StreamReport& stream : streams) add(sum, stream.sequence);
  return sum;
}

std::int64_t Report::books_checked() const {
  return std::count_if(streams.begin(), streams.end(),
                       [](const StreamReport& one) { return one.is_book() && one.checks() > 0; });
}

std::int64_t Report::books_wrong() const {
  return std::count_if(streams.begin(), streams.end(),
                       [](const StreamReport& one) { return !one.account && one.wrong() > 0; });
}

std::int64_t Report::books_unchecked() const {
  return std::count_if(streams.begin(), streams.end(), [](const StreamReport& one) { return one.unchecked(); });
}

std::int64_t Report::account_errors() const {
  return std::accumulate(
      streams.begin(), streams.end(), std::int64_t{0},
      [](std::int64_t sum, const StreamReport& one) { return sum + (one.account ? one.wrong() : 0); });
}

std::int64_t Report::silences() const {
  return std::accumulate(streams.begin(), streams.end(), std::int64_t{0},
                         [](std::int64_t sum, const StreamReport& one) { return sum + one.silences; });
}

bool Report::ok() const {
  const SequenceTally sum = total();
  const bool numbers = sum.lost == 0 && sum.undeclared_gaps == 0 && sum.unexplained_duplicates == 0 &&
                       sum.out_of_order == 0 && undecodable == 0 && misplaced == 0;
  return sum.records > 0 && numbers && missing.empty() && books_wrong() == 0 && books_unchecked() == 0 &&
         silences() == 0 && account_errors() == 0;
}

std::string Report::to_json() const {
  std::string out;
  JsonWriter json(out);
  const SequenceTally sum = total();
  json.boolean("ok", ok());
  json.integer("records", sum.records);
  json.integer("streams", static_cast<std::int64_t>(streams.size()));
  write_tally(json, sum);
  json.integer("books_checked", books_checked());
  json.integer("books_wrong", books_wrong());
  json.integer("books_unchecked", books_unchecked());
  json.integer("account_errors", account_errors());
  json.integer("ids_forgotten", ids_forgotten);
  json.integer("orders_forgotten", orders_forgotten);
  json.integer("silences", silences());
  json.integer("resent", resent);
  json.integer("undecodable", undecodable);
  json.integer("misplaced", misplaced);
  json.integer("heartbeats", heartbeats);
  json.open_object("records_by_dataset");
  std::map<std::string, std::int64_t> by_dataset;
  for (const StreamReport& stream : streams) by_dataset[stream.dataset] += stream.sequence.records;
  for (const auto& [dataset, records] : by_dataset) json.integer(dataset, records);
  json.close_object();
  json.texts("missing", missing);
  json.texts("problems", problems);
  json.open_array("per_stream");
  for (const StreamReport& stream : streams) write_stream(json, stream);
  json.close_array();
  json.finish();
  return out;
}

std::string Report::to_table(bool per_stream) const {
  std::string out = fmt::format("{:<18} {:<11} {:<18} {:>10} {:>6} {:>10} {:>8} {:>10} {:>8} {:>9} {:>10} {:>6}\n",
                                "venue", "dataset", per_stream ? "instrument" : "", "records", "lost", "undeclared",
                                "declared", "duplicates", "disorder", "stale ms", "checks", "wrong");
  for (const Row& row : rows_of(*this, per_stream)) out += row_line(row);
  out += account_lines(*this);
  append_problems(*this, out);
  const SequenceTally sum = total();
  out += fmt::format("{}: {} records of {} streams, {} books checked, {} wrong, {} lost, {} gaps declared, {} not\n",
                     ok() ? "OK" : "BROKEN", sum.records, streams.size(), books_checked(), books_wrong(), sum.lost,
                     sum.declared_gaps, sum.undeclared_gaps);
  if (sum.records == 0) out += "Nothing was read: are --brokers and --prefix those of the worker?\n";
  return out;
}

}  // namespace millrace::cli
