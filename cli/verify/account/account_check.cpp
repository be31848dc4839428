#include "cli/verify/account/account_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/verify/life_signs.h"
#include "schemas/events/time.h"

namespace millrace::cli {
namespace {

constexpr std::int64_t kClockStep = kSecond;                 // our clock may be set back by so much
constexpr std::int64_t kEarliest = 1'230'768'000 * kSecond;  // 2009: before it there was nothing to trade
constexpr std::int64_t kFuture = 60 * kSecond;               // two hosts' clocks may be so far apart
constexpr std::int64_t kUnknownClock = 60 * kSecond;  // the venue's may be so far off, or a report so long under way
constexpr std::int64_t kAfterReport = kSecond;        // a report's fills were made before so long after it
constexpr std::int64_t kBeforeReading = 5 * kSecond;  // what was told then was in the topic when reading began

std::string place_of(const SeenMeta& meta) { return fmt::format("epoch {} seq {}", meta.epoch, meta.seq); }

std::int64_t published(const SeenMeta& meta) { return meta.publish_time_ns.value_or(meta.receive_time_ns); }

}  // namespace

void AccountCheck::wrong(Dataset& dataset, std::string text) {
  ++dataset.tally.wrong;
  if (dataset.problems.size() < kMaxProblems) dataset.problems.push_back(std::move(text));
}

// What every record of an account has: an origin, and times that can be.
void AccountCheck::take(Dataset& dataset, const SeenMeta& meta) {
  AccountTally& tally = dataset.tally;
  tally.live += meta.origin == SeenOrigin::kLive;
  tally.snapshot += meta.origin == SeenOrigin::kSnapshot;
  tally.replay += meta.origin == SeenOrigin::kReplay;
  dataset.last_time_ns = std::max({dataset.last_time_ns, meta.receive_time_ns, meta.publish_time_ns.value_or(0)});
  ++tally.checks;
  if (meta.origin == SeenOrigin::kOther) wrong(dataset, place_of(meta) + ": says not how it is known");
  if (meta.receive_time_ns < kEarliest) wrong(dataset, place_of(meta) + ": received before there were venues");
  if (published(meta) < meta.receive_time_ns - kClockStep) {
    wrong(dataset, fmt::format("{}: published {} ms before it was received", place_of(meta),
                               (meta.receive_time_ns - published(meta)) / 1'000'000));
  }
}

void AccountCheck::check_id(Dataset& dataset, const SeenMeta& meta, const std::string& event_id) {
  if (event_id.starts_with(fmt::format("{}/{}/", meta.venue, meta.account))) return;
  wrong(dataset, fmt::format("{}: event_id \"{}\" is not of this venue and account", place_of(meta), event_id));
}

// True: its event_id was never told. Design section 4: what must agree between two copies under one revision.
bool AccountCheck::check_event(const SeenMeta& meta, const SeenExecution& report) {
  AccountTally& tally = executions_.tally;
  const bool known = memory_.events.contains(report.event_id);
  const bool money = report.adds() || report.alters();
  const std::pair<std::string_view, std::string> fields[] = {{"kind", report.word},
                                                             {"symbol", meta.symbol},
                                                             {"side", report.side},
                                                             {"order_id", report.order_id},
                                                             {"last_quantity", text_of(report.last_quantity)},
                                                             {"last_price", text_of(report.last_price)},
                                                             {"fee", money ? text_of(report.fee) : ""},
                                                             {"fee_asset", money ? report.fee_asset : ""}};
  const auto verdict = memory_.events.on_event(report.event_id, report.revision, fields);
  tally.repeated += verdict.is_repeat;
  tally.fills += verdict.is_new && report.kind == ReportKind::kFill;
  if (!verdict.differences.empty()) {
    wrong(executions_, fmt::format("{}: {} revision {} has two contents, this one {}", place_of(meta), report.event_id,
                                   report.revision, verdict.differences));
  }
  if (report.revision < 1) wrong(executions_, place_of(meta) + ": without a revision");
  if (!report.alters() || verdict.is_repeat) return verdict.is_new;
  ++tally.corrected;
  tally.unfounded += !known;
  if (report.revision < 3) {
    wrong(executions_, fmt::format("{}: a {} under revision {}", place_of(meta), report.word, report.revision));
  }
  return verdict.is_new;
}

// An event is received after it was sent, so that the largest of these differences comes nearest.
void AccountCheck::watch_clock(const SeenMeta& meta) {
  const auto venue_time = meta.venue_send_time_ns ? meta.venue_send_time_ns : meta.venue_time_ns;
  if (meta.origin != SeenOrigin::kLive || !venue_time) return;
  const std::int64_t ahead = *venue_time - meta.receive_time_ns;
  venue_ahead_ns_ = std::max(venue_ahead_ns_.value_or(ahead), ahead);
}

// Before the first record of all nothing is known to be missing.
void AccountCheck::watch_gaps(const SequenceCheck& worker, const SeenMeta& meta) {
  if (meta.marks.empty() || worker.tally().records == 0) return;
  gaps_.add(second_of(meta.receive_time_ns));
}

void AccountCheck::on_execution(SequenceCheck& worker, const SeenMeta& meta, const SeenExecution& report,
                                const Place& place) {
  const bool by_worker = meta.origin != SeenOrigin::kReplay;
  take(executions_, meta);
  watch_clock(meta);
  if (by_worker) watch_gaps(worker, meta);
  const auto verdict = numbers_.on_record(worker, meta, place.offset, place.resent, place.whole);
  check_id(executions_, meta, report.event_id);
  if (report.word.empty()) wrong(executions_, place_of(meta) + ": says not what happened");
  const bool is_new = check_event(meta, report);
  std::vector<std::string> found;
  executions_.tally.checks += memory_.orders.on_report(meta, report, by_worker && verdict.news, is_new, found);
  for (std::string& text : found) wrong(executions_, std::move(text));
  if (by_worker || !is_new || report.kind != ReportKind::kFill || !meta.venue_time_ns) return;
  replayed_.push_back({meta.epoch, published(meta), *meta.venue_time_ns, meta.symbol});
  if (replayed_.size() > kMostReplayed) replayed_.pop_front();
}

void AccountCheck::on_balance(const SeenMeta& meta, const SeenBalance& balance) {
  take(balances_, meta);
  if (balance.word.empty() || balance.asset.empty()) {
    wrong(balances_, place_of(meta) + ": says not what it is, or of which asset");
  }
  if (balance.total && balance.available && balance.locked &&
      compare(*balance.total, sum(*balance.available, *balance.locked)) != 0) {
    wrong(balances_, fmt::format("{}: {} has a total of {}, {} available and {} locked", place_of(meta), balance.asset,
                                 text_of(balance.total), text_of(balance.available), text_of(balance.locked)));
  }
  if (balance.event_id.empty()) return;
  check_id(balances_, meta, balance.event_id);
  const std::pair<std::string_view, std::string> fields[] = {
      {"kind", balance.word},        {"asset", balance.asset},
      {"wallet", balance.wallet},    {"change", text_of(balance.change)},
      {"fee", text_of(balance.fee)}, {"cause", balance.cause}};
  const auto verdict = memory_.events.on_event(balance.event_id, 1, fields);
  balances_.tally.repeated += verdict.is_repeat;
  if (verdict.differences.empty()) return;
  wrong(balances_,
        fmt::format("{}: {} has two contents, this one {}", place_of(meta), balance.event_id, verdict.differences));
}

void AccountCheck::on_recovery(const SeenRecovery& record, const Place& place) {
  recovery_.on_record(record, place.resent, place.whole);
}

void AccountCheck::on_beat(const SeenBeat& beat) {
  numbers_.on_beat(beat);
  if (beat.marks.empty()) return;
  const auto [at, is_new] = open_gaps_.try_emplace(beat.epoch, beat);
  const bool newer = beat.next_seq > at->second.next_seq;
  const bool earlier = beat.next_seq == at->second.next_seq && beat.time_ns < at->second.time_ns;
  if (newer || earlier) at->second = beat;
}

// Every instance says that it sweeps before it publishes.
void AccountCheck::check_instances() {
  for (const auto& [instance, first_ns] : numbers_.instances()) {
    if (first_ns > read_from_ns_ - kBeforeReading) continue;
    ++executions_.tally.checks;
    const auto known = recovery_.knows(instance);
    if (known.value_or(true)) continue;
    wrong(executions_, fmt::format("instance {} of the sidecar replayed fills, and tells of no sweep", instance));
  }
}

// A fill below what was told to be complete must be counted by the sweep that found it.
void AccountCheck::check_late_fills() {
  std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> late;  // by instance: how many, how many were told
  for (const Replayed& fill : replayed_) {
    const auto claim = recovery_.claim_of(fill.symbol, fill.published_ns - kSecond);
    if (!claim || fill.venue_time_ns > claim->through_ns || fill.venue_time_ns < claim->begin_ns) continue;
    const auto told = recovery_.late_told(fill.instance, fill.published_ns);
    if (!told) continue;
    ++late[fill.instance].first;
    late[fill.instance].second = *told;
  }
  for (const auto& [instance, counts] : late) {
    const auto& [found, told] = counts;
    if (found <= told) continue;
    wrong(executions_, fmt::format("{} fills of instance {} are below an earlier watermark, and its sweeps tell of {}",
                                   found, instance, told));
  }
}

// What the sweeps have not reached. A hole that only heartbeats tell of counts from the first of them.
void AccountCheck::settle_gaps(const SequenceCheck& worker) {
  if (!open_gaps_.empty()) {
    const auto& [epoch, beat] = *open_gaps_.rbegin();
    const auto spans = worker.epochs();
    const auto records = spans.find(epoch);
    const bool declared = records != spans.end() && records->second.last_seq >= beat.next_seq;
    if (!declared && worker.tally().records > 0) gaps_.add(second_of(beat.time_ns));
  }
  const std::int64_t through = recovery_.complete_through().value_or(0) - venue_ahead_ns_.value_or(0);
  AccountTally& tally = executions_.tally;
  for (const auto& [from, to] : gaps_.all()) {
    if ((to + 1) * kSecond <= through) continue;
    if (tally.unproven_gaps++ == 0) tally.not_proven_since_ns = std::max(from * kSecond, through);
  }
}

void AccountCheck::finish(SequenceCheck& worker, std::int64_t read_from_ns, std::int64_t now_ns) {
  read_from_ns_ = read_from_ns;
  settle_gaps(worker);
  numbers_.finish(worker);
  check_instances();
  check_late_fills();
  for (Dataset* dataset : {&executions_, &balances_}) {
    if (dataset->last_time_ns > now_ns + kFuture) wrong(*dataset, "has a record that was received in the future");
  }
}

// "Complete through T" says that all fills are there which the order told by then. Fills that were found later than
// this reading began may be in a part of the topic that was read before.
void AccountCheck::on_sum(const OrderCheck::Sum& order) {
  AccountTally& tally = executions_.tally;
  ++tally.orders_added;
  ++tally.checks;
  if (!order.more.empty() && memory_.events.forgotten() == 0) wrong(executions_, order.more);
  if (!order.fell.empty()) wrong(executions_, order.fell);
  if (order.less.empty()) return;
  const auto claim = recovery_.claim_of(order.symbol, read_from_ns_ - kBeforeReading);
  const bool reached = claim &&
                       claim->through_ns >= order.told_ns + venue_ahead_ns_.value_or(kUnknownClock) + kAfterReport &&
                       claim->begin_ns <= order.begun_ns + venue_ahead_ns_.value_or(-kUnknownClock) - kUnknownClock;
  if (!reached) {
    ++tally.orders_short;
    return;
  }
  wrong(executions_,
        fmt::format("{}, and the account is said to be complete through {}", order.less, claim->through_ns));
}

AccountTally AccountCheck::sweeps() const {
  AccountTally out;
  out.checks = recovery_.tally().records;
  out.wrong = recovery_.wrong();
  out.completed = recovery_.tally().completed;
  out.failed = recovery_.tally().failed;
  out.late_fills = recovery_.tally().late_fills;
  out.complete_through_ns = recovery_.complete_through();
  return out;
}

}  // namespace millrace::cli
