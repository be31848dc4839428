#include "cli/verify/verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "cli/verify/quote_match.h"

namespace millrace::cli {
namespace {

// (venue, dataset, instrument)
using StreamName = std::tuple<std::string, std::string, std::string>;

struct Stream {
  std::string symbol;
  std::string topic;
  std::optional<std::int32_t> partition;
  SequenceCheck sequence;
  BookCheck book;
  QuoteMatch quotes;  // of a book with its quote channel; kept at the book
};

// How far one partition was read.
struct Reading {
  std::optional<std::int64_t> first_offset;
  std::int64_t next_offset = 0;
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

BestPrices best_of(const SeenQuote& quote) {
  const auto side = [&](const std::optional<SeenLevel>& level) -> std::optional<BestPrices::Side> {
    if (!level) return std::nullopt;
    return BestPrices::Side{exact(level->price, quote.price_exponent), exact(level->quantity, quote.quantity_exponent)};
  };
  return {side(quote.bid), side(quote.ask)};
}

}  // namespace

struct Verifier::State {
  VerifierOptions options;
  RecordReader reader;
  std::map<std::string, std::optional<TopicName>, std::less<>> topics;
  std::map<std::pair<std::string, std::int32_t>, Reading> readings;
  std::map<StreamName, Stream> streams;
  Report report;
  std::int64_t records = 0;
  SeenEvent event;
  std::vector<SeenBeat> beats;

  const std::optional<TopicName>& name_of(std::string_view topic) {
    const auto known = topics.find(topic);
    if (known != topics.end()) return known->second;
    return topics.emplace(std::string(topic), parse_topic(options.prefix, topic)).first->second;
  }

  void problem(std::string text) {
    if (report.problems.size() < 20) report.problems.push_back(std::move(text));
  }

  void on_heartbeat(const RawRecord& record);
  void on_market(const RawRecord& record, const TopicName& name, bool whole);
  void check_place(const RawRecord& record, const TopicName& name, Stream& stream);
  void on_body(const TopicName& name, Stream& stream, Place place);
  void find_missing();
};

Verifier::Verifier(VerifierOptions options) : state_{std::make_unique<State>()} {
  state_->options = std::move(options);
}
Verifier::~Verifier() = default;

std::int64_t Verifier::records() const noexcept { return state_->records; }

void Verifier::on_record(const RawRecord& record) {
  State& state = *state_;
  const auto& name = state.name_of(record.topic);
  if (!name) return;
  Reading& reading = state.readings[{std::string(record.topic), record.partition}];
  if (!reading.first_offset) reading.first_offset = record.offset;
  reading.next_offset = std::max(reading.next_offset, record.offset + 1);
  const bool heartbeat = name->family == "ops" && name->dataset == "heartbeat";
  if (!heartbeat && name->family != "market") return;
  ++state.records;
  if (heartbeat) return state.on_heartbeat(record);
  state.on_market(record, *name, *reading.first_offset == 0);
}

void Verifier::on_end(std::string_view topic, std::int32_t partition, std::int64_t next_offset) {
  Reading& reading = state_->readings[{std::string(topic), partition}];
  reading.next_offset = std::max(reading.next_offset, next_offset);
}

void Verifier::State::on_heartbeat(const RawRecord& record) {
  ++report.heartbeats;
  if (!reader.read_heartbeat(record.value, beats)) {
    ++report.undecodable;
    return problem(fmt::format("{} offset {}: not a heartbeat", record.topic, record.offset));
  }
  for (const SeenBeat& beat : beats) {
    if (beat.epoch < options.from_epoch || beat.dataset == "instrument") continue;
    Stream& stream = streams[{beat.venue, beat.dataset, beat.instrument}];
    stream.symbol = beat.symbol;
    stream.sequence.on_beat(beat);
  }
}

void Verifier::State::on_market(const RawRecord& record, const TopicName& name, bool whole) {
  if (!reader.read(name.dataset, record.value, event)) {
    ++report.undecodable;
    return problem(fmt::format("{} partition {} offset {}: not a {} record", record.topic, record.partition,
                               record.offset, name.dataset));
  }
  if (event.meta.epoch < options.from_epoch) return;
  report.resent += record.resent;
  Stream& stream = streams[{name.venue, name.dataset, event.meta.instrument}];
  stream.symbol = event.meta.symbol;
  check_place(record, name, stream);
  const auto verdict = stream.sequence.on_record(event.meta, record.offset, record.resent, whole);
  if (verdict.news) on_body(name, stream, verdict.place);
}

// Order is kept only where all records of a stream have one key and one partition.
void Verifier::State::check_place(const RawRecord& record, const TopicName& name, Stream& stream) {
  if (!stream.partition) stream.partition = record.partition;
  if (stream.topic.empty()) stream.topic = record.topic;
  const bool right =
      record.key == event.meta.instrument && name.venue == event.meta.venue && *stream.partition == record.partition;
  if (right) return;
  ++report.misplaced;
  problem(fmt::format("{} partition {} offset {}: key {}, instrument {}, venue {} do not belong here", record.topic,
                      record.partition, record.offset, record.key, event.meta.instrument, event.meta.venue));
}

void Verifier::State::on_body(const TopicName& name, Stream& stream, Place place) {
  if (const auto* book = std::get_if<SeenBook>(&event.body)) {
    stream.book.on_record(event.meta, *book, place);
    if (stream.book.valid() && event.meta.venue_seq) stream.quotes.on_book(*event.meta.venue_seq, stream.book.best());
  }
  const auto* quote = std::get_if<SeenQuote>(&event.body);
  // What is derived from the book proves nothing about it.
  if (quote == nullptr || name.dataset != "bbo" || !event.meta.venue_seq) return;
  const auto book = streams.try_emplace(StreamName{name.venue, "book", event.meta.instrument}).first;
  book->second.quotes.on_quote(*event.meta.venue_seq, best_of(*quote));
}

void Verifier::State::find_missing() {
  std::set<StreamName> present;
  for (const auto& [stream_name, stream] : streams) {
    if (stream.sequence.tally().records == 0 && !stream.sequence.had_beat()) continue;
    const auto& [venue, dataset, instrument] = stream_name;
    present.emplace(venue, dataset, lower(instrument));
    present.emplace(venue, dataset, lower(stream.symbol));
  }
  for (const ExpectedStream& wanted : options.expected) {
    if (present.count({wanted.venue, wanted.dataset, lower(wanted.symbol)}) > 0) continue;
    report.missing.push_back(fmt::format("{}/{}/{}", wanted.venue, wanted.dataset, wanted.symbol));
  }
}

Report Verifier::finish(std::int64_t now_ns) {
  State& state = *state_;
  for (auto& [stream_name, stream] : state.streams) {
    if (stream.sequence.tally().records == 0 && !stream.sequence.had_beat()) continue;
    SequenceCheck::End end;
    end.now_ns = now_ns;
    end.grace_ns = state.options.grace_ns;
    if (stream.partition) {
      const Reading& reading = state.readings[{stream.topic, *stream.partition}];
      end.first_offset = reading.first_offset;
      end.next_offset = reading.next_offset;
    }
    stream.sequence.finish(end);
    StreamReport& out = state.report.streams.emplace_back();
    std::tie(out.venue, out.dataset, out.instrument) = stream_name;
    out.symbol = stream.symbol;
    out.sequence = stream.sequence.tally();
    out.sequence.undeclared_gaps += stream.book.tally().broken_chains;
    out.epochs = stream.sequence.epochs();
    out.had_beat = stream.sequence.had_beat();
    out.book = stream.book.tally();
    out.quotes = stream.quotes.matched();
    out.wrong_quotes = stream.quotes.wrong();
    for (const auto* problems : {&stream.sequence.problems(), &stream.book.problems(), &stream.quotes.problems()}) {
      out.problems.insert(out.problems.end(), problems->begin(), problems->end());
    }
  }
  state.find_missing();
  return state.report;
}

}  // namespace millrace::cli
