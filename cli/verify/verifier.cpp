#include "cli/verify/verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <set>
#include <utility>

#include "cli/verify/account/account_report.h"
#include "cli/verify/account/account_verifier.h"
#include "cli/verify/life_signs.h"
#include "cli/verify/quote_match.h"
#include "cli/verify/trade_ids.h"

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
  std::optional<BookLevels> as_of;  // of the time that was asked for, once that has passed
  bool past_as_of = false;
  TradeIds trade_ids;
  LifeSigns life;
  QuoteMatch quotes;  // of a book with its quote channel; kept at the book
};

// How far one partition was read. Times are those of its records.
struct Reading {
  std::optional<std::int64_t> first_offset;
  std::int64_t next_offset = 0;
  std::optional<std::int64_t> first_time_ns;
  std::int64_t last_time_ns = 0;

  void take(std::int64_t time_ns) {
    if (!first_time_ns) first_time_ns = time_ns;
    last_time_ns = std::max(last_time_ns, time_ns);
  }
};

// From a worker's clock to the broker that acknowledges.
constexpr std::int64_t kUnderWay = 1'000'000'000;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

bool is_status(const TopicName& name) { return name.family == "ops" && name.dataset == "status"; }

bool is_account(const TopicName& name) {
  return name.family == "account" || (name.family == "ops" && name.dataset == "recovery");
}

// Topics whose records are numbered or name numbers.
bool is_numbered(const TopicName& name) {
  return name.family == "market" || name.family == "account" || (name.family == "ops" && name.dataset == "heartbeat");
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
  WorkerLife workers;
  AccountVerifier accounts;
  Report report;
  std::int64_t records = 0;
  std::optional<std::int64_t> all_read_ns;
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

  void on_heartbeat(const RawRecord& record, Reading& reading);
  void on_status(const RawRecord& record);
  void on_market(const RawRecord& record, const TopicName& name, Reading& reading);
  void on_account(const RawRecord& record, const TopicName& name, Reading& reading);
  void check_place(const RawRecord& record, const TopicName& name, const SeenMeta& meta, const std::string& owner,
                   Stream& stream);
  void keep_as_of(Stream& stream);
  void on_body(const TopicName& name, Stream& stream, const SequenceCheck::Verdict& verdict);
  void sign_of_life(Stream& stream, std::int64_t epoch, std::int64_t time_ns);
  JudgedSeconds judged_seconds() const;
  static bool is_there(const Stream& stream) {
    return stream.sequence.tally().records > 0 || stream.sequence.had_beat();
  }
  void report_stream(const StreamName& stream_name, Stream& stream, JudgedSeconds judged, std::int64_t now_ns);
  void finish_accounts(std::int64_t now_ns);
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
  if (is_status(*name)) return state.on_status(record);
  if (is_account(*name)) return state.on_account(record, *name, reading);
  if (!is_numbered(*name)) return;
  ++state.records;
  if (name->family == "ops") return state.on_heartbeat(record, reading);
  state.on_market(record, *name, reading);
}

void Verifier::on_partition(std::string_view topic, std::int32_t partition) {
  state_->readings.try_emplace({std::string(topic), partition});
}

void Verifier::on_end(std::string_view topic, std::int32_t partition, std::int64_t next_offset) {
  Reading& reading = state_->readings[{std::string(topic), partition}];
  reading.next_offset = std::max(reading.next_offset, next_offset);
}

std::int64_t Verifier::next_offset(std::string_view topic, std::int32_t partition) const {
  const auto known = state_->readings.find({std::string(topic), partition});
  return known == state_->readings.end() ? 0 : known->second.next_offset;
}

void Verifier::on_all_read(std::int64_t now_ns) {
  if (!state_->all_read_ns) state_->all_read_ns = now_ns;
}

bool Verifier::silent() const {
  const JudgedSeconds judged = state_->judged_seconds();
  return std::ranges::any_of(state_->streams, [&](const auto& each) {
    return state_->is_there(each.second) && !each.second.life.silences(state_->workers, judged).empty();
  });
}

void Verifier::State::on_status(const RawRecord& record) {
  SeenStatus status;
  if (!reader.read_status(record.value, status)) {
    ++report.undecodable;
    return problem(fmt::format("{} offset {}: not a status", record.topic, record.offset));
  }
  if (!status.unsubscribed) return;
  streams[{status.venue, status.dataset, status.instrument}].life.unsubscribed(status.epoch, status.time_ns);
}

void Verifier::State::sign_of_life(Stream& stream, std::int64_t epoch, std::int64_t time_ns) {
  stream.life.add(epoch, time_ns);
  workers[epoch].add(second_of(time_ns));
}

void Verifier::State::on_heartbeat(const RawRecord& record, Reading& reading) {
  ++report.heartbeats;
  if (!reader.read_heartbeat(record.value, beats)) {
    ++report.undecodable;
    return problem(fmt::format("{} offset {}: not a heartbeat", record.topic, record.offset));
  }
  for (const SeenBeat& beat : beats) {
    reading.take(beat.time_ns);
    if (beat.epoch < options.from_epoch || beat.dataset == "instrument") continue;
    Stream& stream = streams[{beat.venue, beat.dataset, beat.instrument}];
    stream.symbol = beat.symbol;
    stream.sequence.on_beat(beat);
    accounts.on_beat(beat);
    sign_of_life(stream, beat.epoch, beat.time_ns);
  }
}

void Verifier::State::on_market(const RawRecord& record, const TopicName& name, Reading& reading) {
  if (!reader.read(name.dataset, record.value, event)) {
    ++report.undecodable;
    return problem(fmt::format("{} partition {} offset {}: not a {} record", record.topic, record.partition,
                               record.offset, name.dataset));
  }
  reading.take(event.meta.publish_time_ns.value_or(event.meta.receive_time_ns));
  if (event.meta.epoch < options.from_epoch) return;
  report.resent += record.resent;
  Stream& stream = streams[{name.venue, name.dataset, event.meta.instrument}];
  stream.symbol = event.meta.symbol;
  check_place(record, name, event.meta, event.meta.instrument, stream);
  const bool whole = *reading.first_offset == 0;
  const auto verdict = stream.sequence.on_record(event.meta, record.offset, record.resent, whole);
  // What has no publish time was not published as it happened, and nobody promised heartbeats beside it.
  if (event.meta.publish_time_ns) sign_of_life(stream, event.meta.epoch, *event.meta.publish_time_ns);
  if (verdict.news) on_body(name, stream, verdict);
}

// A sweep's record is no stream's: it is only looked at where it stands.
void Verifier::State::on_account(const RawRecord& record, const TopicName& name, Reading& reading) {
  ++records;
  const SeenMeta* const meta = accounts.read(name.dataset, record.value);
  if (meta == nullptr) {
    ++report.undecodable;
    return problem(fmt::format("{} partition {} offset {}: not a {} record", record.topic, record.partition,
                               record.offset, name.dataset));
  }
  reading.take(meta->publish_time_ns.value_or(meta->receive_time_ns));
  const bool numbered_by_worker = name.family == "account" && meta->origin != SeenOrigin::kReplay;
  if (numbered_by_worker && meta->epoch < options.from_epoch) return;
  report.resent += record.resent;
  Stream& stream = streams[{name.venue, name.dataset, meta->account}];
  check_place(record, name, *meta, meta->account, stream);
  const bool whole = *reading.first_offset == 0;
  const bool alive = accounts.on_record(stream.sequence, {record.offset, record.resent, whole});
  if (alive && meta->publish_time_ns) sign_of_life(stream, meta->epoch, *meta->publish_time_ns);
}

// Order is kept only where all records of a stream have one key and one partition. `owner`: the stream's instrument or
// account.
void Verifier::State::check_place(const RawRecord& record, const TopicName& name, const SeenMeta& meta,
                                  const std::string& owner, Stream& stream) {
  if (!stream.partition) stream.partition = record.partition;
  if (stream.topic.empty()) stream.topic = record.topic;
  const bool right = record.key == owner && name.venue == meta.venue && *stream.partition == record.partition;
  if (right) return;
  ++report.misplaced;
  problem(fmt::format("{} partition {} offset {}: key {}, {} {}, venue {} do not belong here", record.topic,
                      record.partition, record.offset, record.key, is_account(name) ? "account" : "instrument", owner,
                      meta.venue));
}

void Verifier::State::keep_as_of(Stream& stream) {
  if (!std::exchange(stream.past_as_of, true)) stream.as_of = stream.book.levels();
}

void Verifier::State::on_body(const TopicName& name, Stream& stream, const SequenceCheck::Verdict& verdict) {
  if (const auto* trade = std::get_if<SeenTrade>(&event.body)) {
    const IdRule rule = id_rule(name.venue, name.dataset);
    return stream.trade_ids.on_record(event.meta, *trade, rule, verdict.place, verdict.missing);
  }
  if (const auto* book = std::get_if<SeenBook>(&event.body)) {
    if (options.books_at_ns && event.meta.receive_time_ns > *options.books_at_ns) keep_as_of(stream);
    stream.book.on_record(event.meta, *book, verdict.place);
    if (stream.book.valid() && event.meta.venue_seq) stream.quotes.on_book(*event.meta.venue_seq, stream.book.best());
  }
  const auto* quote = std::get_if<SeenQuote>(&event.body);
  // What is derived from the book proves nothing about it.
  if (quote == nullptr || name.dataset != "bbo" || !event.meta.venue_seq) return;
  const auto book = streams.try_emplace(StreamName{name.venue, "book", event.meta.instrument}).first;
  book->second.quotes.on_quote(*event.meta.venue_seq, best_of(*quote));
}

// Partitions are read one ahead of the other, and the broker forgets them at different times. Only of the seconds that
// were read of every one is it known that a stream was silent.
JudgedSeconds Verifier::State::judged_seconds() const {
  JudgedSeconds judged{0, std::numeric_limits<std::int64_t>::max()};
  for (const auto& [partition, reading] : readings) {
    const auto name = parse_topic(options.prefix, partition.first);
    if (!name || !is_numbered(*name)) continue;
    const std::int64_t until = all_read_ns ? *all_read_ns - kUnderWay : reading.last_time_ns;
    judged.last = std::min(judged.last, second_of(until) - 1);
    const bool whole = reading.first_offset.value_or(reading.next_offset) == 0;
    if (!whole) judged.first = std::max(judged.first, second_of(reading.first_time_ns.value_or(until)) + 1);
  }
  return judged;
}

void Verifier::State::find_missing() {
  std::set<StreamName> present;
  for (const StreamReport& stream : report.streams) {
    present.emplace(stream.venue, stream.dataset, lower(stream.instrument));
    present.emplace(stream.venue, stream.dataset, lower(stream.symbol));
  }
  for (const ExpectedStream& wanted : options.expected) {
    if (present.count({wanted.venue, wanted.dataset, lower(wanted.symbol)}) > 0) continue;
    report.missing.push_back(fmt::format("{}/{}/{}", wanted.venue, wanted.dataset, wanted.symbol));
  }
}

void Verifier::State::report_stream(const StreamName& stream_name, Stream& stream, JudgedSeconds judged,
                                    std::int64_t now_ns) {
  SequenceCheck::End end;
  end.now_ns = now_ns;
  end.grace_ns = options.grace_ns;
  if (stream.partition) {
    const Reading& reading = readings[{stream.topic, *stream.partition}];
    end.first_offset = reading.first_offset;
    end.next_offset = reading.next_offset;
  }
  stream.sequence.finish(end);
  StreamReport& out = report.streams.emplace_back();
  std::tie(out.venue, out.dataset, out.instrument) = stream_name;
  out.symbol = stream.symbol;
  out.sequence = stream.sequence.tally();
  const IdTally& ids = stream.trade_ids.tally();
  out.sequence.undeclared_gaps += stream.book.tally().broken_chains + ids.holes;
  out.sequence.duplicates += ids.repeats;
  out.sequence.unexplained_duplicates += ids.repeats;
  out.epochs = stream.sequence.epochs();
  out.had_beat = stream.sequence.had_beat();
  out.book = stream.book.tally();
  if (options.books_at_ns) keep_as_of(stream);
  out.as_of = stream.as_of;
  out.quotes = stream.quotes.matched();
  out.wrong_quotes = stream.quotes.wrong();
  const std::vector<std::string> silences = stream.life.silences(workers, judged);
  out.silences = static_cast<std::int64_t>(silences.size());
  for (const auto* problems : {&stream.sequence.problems(), &stream.trade_ids.problems(), &stream.book.problems(),
                               &stream.quotes.problems(), &silences}) {
    out.problems.insert(out.problems.end(), problems->begin(), problems->end());
  }
}

void Verifier::State::finish_accounts(std::int64_t now_ns) {
  const auto numbers = [this](const std::string& venue, const std::string& account) -> SequenceCheck& {
    return streams[{venue, "execution", account}].sequence;
  };
  accounts.finish(numbers, options.read_from_ns, now_ns);
}

Report Verifier::finish(std::int64_t now_ns) {
  State& state = *state_;
  const JudgedSeconds judged = state.judged_seconds();
  state.finish_accounts(now_ns);
  for (auto& [stream_name, stream] : state.streams) {
    if (!State::is_there(stream)) continue;
    state.report_stream(stream_name, stream, judged, now_ns);
  }
  for (const auto& [name, check] : state.accounts.accounts()) add_account(name, check, state.report);
  state.report.ids_forgotten = state.accounts.memory().events.forgotten();
  state.report.orders_forgotten = state.accounts.memory().orders.forgotten();
  state.find_missing();
  return state.report;
}

}  // namespace millrace::cli
