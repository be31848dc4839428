#include "tests/unit/replay/fills/world.h"

#include <algorithm>
#include <map>

namespace millrace::fills::test {

using schemas::RecoveryPhase;

World::World(bool per_symbol) : venue(per_symbol) {
  settings.account = "main";
  settings.worker = "test";
  if (per_symbol) settings.symbols = {"BTC", "ETH"};
}

void World::start() {
  settings.instance = cursors.empty() ? 1 : cursors.back().instance + 1;
  core = std::make_unique<AccountSidecar>(venue, *this, share, settings, now);
  if (!cursors.empty()) core->adopt(cursors.back());
  const UnixNanos from = core->tail_from(now);
  consumed_ = 0;
  consume();
  core->start(from, now);
}

void World::crash(bool acks_land) {
  for (const Event& event : events_) {
    if (acks_land && event.lands) event.lands();
  }
  events_.clear();
  core.reset();
}

bool World::step() {
  if (events_.empty()) return false;
  const Event event = std::move(events_.front());
  events_.pop_front();
  if (event.lands) event.lands();
  event.tells();
  deliver();
  return true;
}

void World::deliver() {
  while (const auto end = core->take_end()) ends.push_back(*end);
}

void World::run(std::int64_t length) {
  const UnixNanos until = now + length;
  for (;;) {
    while (step()) {
    }
    const auto wake = core->wake_at();
    const bool busy = !core->idle();
    if (!wake || (*wake > until && !busy)) break;
    now = std::max(now, *wake);
    core->on_time(now);
    deliver();
  }
  now = std::max(now, until);
}

LedgerFill& World::fill(const std::string& trade_id, const std::string& symbol, std::int64_t lag) {
  ledger.push_back({trade_id, symbol, "order-" + trade_id, venue_now(), venue_now() + lag});
  return ledger.back();
}

void World::stream(const LedgerFill& fill, std::int32_t revision) {
  normalize::FoundFill row = found(fill);
  row.execution.revision = revision;
  topic.push_back({fill.symbol, fill.time, row.execution});
}

std::multiset<std::string> World::topic_ids() const {
  std::map<std::string, std::string> by_event;
  for (const TopicRecord& record : topic) by_event.emplace(record.execution.event_id, record.execution.execution_id);
  std::multiset<std::string> ids;
  for (const auto& [event, id] : by_event) ids.insert(id);
  return ids;
}

std::vector<std::string> World::replayed() const {
  std::vector<std::string> ids;
  for (const TopicRecord& record : topic) {
    if (record.replay) ids.push_back(record.execution.execution_id);
  }
  return ids;
}

std::vector<schemas::Recovery> World::ended(RecoveryPhase phase) const {
  std::vector<schemas::Recovery> found;
  std::copy_if(recoveries.begin(), recoveries.end(), std::back_inserter(found),
               [&](const auto& recovery) { return recovery.phase == phase; });
  return found;
}

void World::ask(std::int64_t id, const normalize::PrivateRequest& request) {
  asked.push_back(request.target);
  asked_at.push_back(now);
  events_.push_back({{}, [this, id, request] {
                       std::optional<Answer> answer = venue_fault ? venue_fault(request.target) : std::nullopt;
                       if (!answer && request.target == "/time") answer = {200, std::to_string(venue_now())};
                       if (!answer) answer = {200, venue.page(request.target, ledger, venue_now())};
                       core->on_answer(id, {request.key, request.target, answer->body, "", answer->status, now}, now);
                     }});
}

void World::publish(std::int64_t id, const normalize::FoundFill& fill, UnixNanos) {
  const bool good = !acknowledges || acknowledges(fill);
  events_.push_back({[this, fill, good] {
                       if (good) topic.push_back({fill.symbol, fill.venue_time, fill.execution, true});
                     },
                     [this, id, good] { core->on_published(id, good, good ? "" : "refused", now); }});
}

void World::catch_up(std::int64_t id) {
  events_.push_back({{}, [this, id] {
                       if (before_catch_up) before_catch_up();
                       if (broker_readable) consume();
                       core->on_caught_up(id, broker_readable, "down", now);
                     }});
}

void World::commit(std::int64_t id, const schemas::Cursor& cursor, const schemas::Recovery& recovery) {
  const Commit result = commits ? commits() : Commit::kDone;
  events_.push_back({[this, cursor, recovery, result] {
                       if (result == Commit::kRefused) return;
                       check_claims(cursor);
                       cursors.push_back(cursor);
                       recoveries.push_back(recovery);
                     },
                     [this, id, result] { core->on_committed(id, result == Commit::kDone, "timed out", now); }});
}

void World::read_cursor(std::int64_t id) {
  events_.push_back({{}, [this, id] {
                       const schemas::Cursor none;
                       const schemas::Cursor* last = cursors.empty() ? &none : &cursors.back();
                       core->on_cursor(id, broker_readable ? last : nullptr, now);
                     }});
}

void World::renew_token(std::int64_t id) {
  events_.push_back({{}, [this, id] { core->on_token(id, token_renewed, now); }});
}

void World::consume() {
  for (; consumed_ < topic.size(); ++consumed_) {
    const TopicRecord& record = topic[consumed_];
    core->on_record(record.symbol, record.venue_time, record.execution, now);
  }
}

// Only of the fills that were not found in the topic before: records do not leave it.
void World::check_claims(const schemas::Cursor& cursor) {
  for (const schemas::CursorScope& scope : cursor.scopes) {
    if (scope.complete_through > venue_now() - 30 * kSecond) overclaimed.push_back("the clock's last 30 s");
  }
  for (; ledger_seen_ < ledger.size(); ++ledger_seen_) {
    const LedgerFill& fill = ledger[ledger_seen_];
    not_there_.emplace(found(fill).execution.event_id, ledger_seen_);
  }
  for (; topic_seen_ < topic.size(); ++topic_seen_) not_there_.erase(topic[topic_seen_].execution.event_id);
  for (const auto& [event_id, place] : not_there_) {
    const LedgerFill& fill = ledger[place];
    for (const schemas::CursorScope& scope : cursor.scopes) {
      const bool covers = scope.symbol.empty() || scope.symbol == fill.symbol;
      if (covers && fill.time <= scope.complete_through) overclaimed.push_back(fill.trade_id);
    }
  }
}

}  // namespace millrace::fills::test
