#include "tests/unit/clients/support/engine_harness.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <utility>

namespace millrace::test {
namespace {

using client::TopicKind;

Options options_of(std::size_t remembered_ids, std::vector<std::string> accounts) {
  Options options;
  options.brokers = "none";
  options.prefix = "t";
  options.group = "g";
  options.venues = {"kraken"};
  options.accounts = std::move(accounts);
  options.remembered_ids = remembered_ids;
  options.commit_interval = std::chrono::milliseconds{0};
  options.parked_limit = 3;
  return client::with_defaults(options);
}

std::string topic_of(TopicKind kind) {
  switch (kind) {
    case TopicKind::kExecution:
      return "t.account.kraken.execution.v1";
    case TopicKind::kBalance:
      return "t.account.kraken.balance.v1";
    case TopicKind::kStatus:
      return "t.ops.kraken.status.v1";
    case TopicKind::kRecovery:
      return "t.ops.kraken.recovery.v1";
    case TopicKind::kHeartbeat:
      return "t.ops.kraken.heartbeat.v1";
  }
  return {};
}

}  // namespace

EngineHarness::EngineHarness(std::size_t remembered_ids, std::vector<std::string> accounts) {
  auto services = std::make_shared<client::Services>();
  auto owned_timer = std::make_unique<ManualTimer>();
  auto owned_letters = std::make_unique<FakeLetters>();
  auto owned_source = std::make_unique<FakeSource>();
  timer = owned_timer.get();
  letters = owned_letters.get();
  source = owned_source.get();
  services->timer = std::move(owned_timer);
  services->log = std::make_unique<client::Log>([this](LogLevel level, std::string_view text) {
    if (level >= LogLevel::kWarning) log.emplace_back(text);
  });
  services->letters = std::move(owned_letters);
  engine = std::make_unique<client::Engine>(options_of(remembered_ids, std::move(accounts)), std::move(owned_source),
                                            std::move(services));
}

std::shared_ptr<RecordingListener> EngineHarness::add(const std::string& name, std::vector<Subscription> what,
                                                      Handling handling) {
  auto listener = std::make_shared<RecordingListener>();
  engine->add(name, listener, std::move(what), handling);
  return listener;
}

void EngineHarness::begin() {
  engine->begin();
  assign(0, 0);
  assign(1, 0);
  end(0, 0);
  end(1, 0);
  const client::Place balances{topic_of(TopicKind::kBalance), 0};
  source->items.push_back([balances](client::SourceSink& sink) { sink.on_assigned(balances, 0); });
}

bool EngineHarness::step() { return engine->step(std::chrono::milliseconds{0}); }

std::int64_t EngineHarness::put(const Stamp& stamp, const schemas::Execution& body, bool old) {
  return put_bytes(TopicKind::kExecution, stamp, encoded(stamp, body), old);
}

std::int64_t EngineHarness::put(const Stamp& stamp, const schemas::Balance& body) {
  return put_bytes(TopicKind::kBalance, stamp, encoded(stamp, body));
}

std::int64_t EngineHarness::put(const Stamp& stamp, const schemas::StreamStatus& body, bool old) {
  return put_bytes(TopicKind::kStatus, stamp, encoded(stamp, body), old);
}

std::int64_t EngineHarness::put(const Stamp& stamp, const schemas::Recovery& body, bool old) {
  return put_bytes(TopicKind::kRecovery, stamp, encoded(stamp, body), old);
}

void EngineHarness::put_heartbeat(const Stamp& stamp) { put_bytes(TopicKind::kHeartbeat, stamp, heartbeat(stamp)); }

std::int64_t EngineHarness::put_bytes(TopicKind kind, const Stamp& stamp, std::string bytes, bool old) {
  const bool in_second = kind == TopicKind::kExecution && stamp.account == "other";
  auto record = std::make_shared<client::Record>();
  record->place = {topic_of(kind), in_second ? 1 : 0};
  record->kind = kind;
  record->venue = "kraken";
  record->offset = next_offset_[record->place]++;
  record->old = old;
  record->key = stamp.account;
  record->value = std::move(bytes);
  source->items.push_back([record](client::SourceSink& sink) { sink.on_record(record); });
  return record->offset;
}

void EngineHarness::caught_up() {
  source->items.push_back([](client::SourceSink& sink) {
    sink.on_caught_up(TopicKind::kStatus, "kraken");
    sink.on_caught_up(TopicKind::kRecovery, "kraken");
  });
}

void EngineHarness::assign(std::int32_t partition, std::int64_t from) {
  source->items.push_back([=](client::SourceSink& sink) { sink.on_assigned(executions(partition), from); });
}

void EngineHarness::end(std::int32_t partition, std::int64_t next) {
  source->items.push_back([=](client::SourceSink& sink) { sink.on_end(executions(partition), next); });
}

void EngineHarness::revoke(std::int32_t partition) {
  source->items.push_back([=, this](client::SourceSink& sink) {
    const auto next = sink.on_revoked(executions(partition));
    if (next) source->committed[executions(partition)] = *next;
  });
}

void EngineHarness::await_committed(std::int64_t next, std::int32_t partition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (committed(partition) < next) {
    ASSERT_TRUE(std::chrono::steady_clock::now() < limit) << "committed only up to " << committed(partition);
    step();
    std::this_thread::yield();
  }
  EXPECT_EQ(committed(partition), next);
}

std::int64_t EngineHarness::committed(std::int32_t partition) const {
  const auto found = source->committed.find(executions(partition));
  return found == source->committed.end() ? -1 : found->second;
}

client::Place EngineHarness::executions(std::int32_t partition) { return {topic_of(TopicKind::kExecution), partition}; }

}  // namespace millrace::test
