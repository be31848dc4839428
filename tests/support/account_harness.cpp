#include "tests/support/account_harness.h"

#include <stdexcept>
#include <utility>

#include "tests/support/venue_harness.h"

namespace millrace::test {

using normalize::AccountMeta;
using normalize::Dataset;
using normalize::PrivateAnswer;
using normalize::Result;
using schemas::UnixNanos;

namespace {

constexpr UnixNanos kMillisecond = 1'000'000;

std::unique_ptr<normalize::AccountVenue> venue_or_throw(std::string_view name, const normalize::VenueOptions& options) {
  auto venue = normalize::make_account_venue(name, options);
  if (!venue) throw std::invalid_argument("no accounts of venue " + std::string(name));
  return venue;
}

}  // namespace

void AccountRecorder::begin_frame(UnixNanos receive_time) { frame_ = receive_time; }

HeldAccountMeta AccountRecorder::held(const AccountMeta& meta) const {
  return {std::string(meta.symbol),
          std::string(meta.instrument),
          meta.venue_seq,
          meta.venue_time,
          meta.venue_send_time,
          meta.origin,
          meta.flags,
          frame_};
}

void AccountRecorder::on_execution(const AccountMeta& meta, const schemas::Execution& execution) {
  executions.push_back({held(meta), execution});
}

void AccountRecorder::on_balance(const AccountMeta& meta, const schemas::Balance& balance) {
  balances.push_back({held(meta), balance});
}

void AccountRecorder::on_gap(Dataset dataset, schemas::GapMark mark) { gaps.push_back({dataset, std::move(mark)}); }

void AccountRecorder::on_state(Dataset dataset, schemas::StreamState state, std::string_view reason) {
  states.push_back({dataset, state, std::string(reason)});
}

AccountHarness::AccountHarness(std::string_view name, std::string account, std::vector<std::string> symbols,
                               const normalize::VenueOptions& options)
    : venue(venue_or_throw(name, options)), adapter(venue->make_adapter(std::move(account), std::move(symbols))) {}

template <class Call>
Result<void> AccountHarness::checked(Call&& call) {
  now += kMillisecond;
  todo.clear();
  begin_frame(now);
  const std::size_t before = executions.size() + balances.size();
  Result<void> done = call();
  if (!done && executions.size() + balances.size() != before) {
    throw std::logic_error("events of a frame that is in error at " + done.error().where);
  }
  return done;
}

void AccountHarness::succeed(const AccountHarness& predecessor) {
  normalize::ToldOrders topic;
  schemas::Meta meta;
  for (const HeldExecution& told : predecessor.executions) {
    const auto identity =
        schemas::make_stream_identity(std::string(venue->venue_name()), told.meta.symbol, told.meta.instrument, "main");
    meta.stream = &identity;
    ++meta.seq;
    meta.venue_time = told.meta.venue_time;
    meta.receive_time = told.meta.receive_time;
    meta.origin = told.meta.origin;
    topic.add(meta, told.body);
  }
  now = predecessor.now + 60'000 * kMillisecond;
  adapter->restore(topic.before());
}

void AccountHarness::open() { open(now); }

void AccountHarness::open(UnixNanos at) {
  now = at;
  todo.clear();
  adapter->on_open(now, *this, todo);
}

void AccountHarness::close() { close(now); }

void AccountHarness::close(UnixNanos at) {
  now = at;
  todo.clear();
  adapter->on_close(now, *this);
}

void AccountHarness::time(UnixNanos at) {
  now = at;
  todo.clear();
  adapter->on_time(now, *this, todo);
}

Result<void> AccountHarness::feed(std::string_view text) {
  const PaddedText padded(text);
  return checked([&] { return adapter->on_frame({padded.view(), now, false}, *this, todo); });
}

Result<void> AccountHarness::answer(std::string_view key, std::string_view target, std::string_view body, int status) {
  const PaddedText padded(body);
  return checked([&] { return adapter->on_answer({key, target, padded.view(), {}, status, now}, *this, todo); });
}

normalize::Judgement AccountHarness::judge(std::string_view body, int status) const {
  const PaddedText padded(body);
  return venue->judge({"", "", padded.view(), {}, status, now});
}

Result<std::optional<normalize::PrivateRequest>> AccountHarness::page(normalize::FillWalk& walk,
                                                                      const normalize::PrivateRequest& asked,
                                                                      std::string_view body,
                                                                      std::vector<normalize::FoundFill>& fills,
                                                                      std::string_view page_header) {
  const PaddedText padded(body);
  return walk.on_page({asked.key, asked.target, padded.view(), page_header, 200, 0}, fills);
}

void AccountHarness::clear() {
  executions.clear();
  balances.clear();
  gaps.clear();
  states.clear();
  drops.clear();
  todo.clear();
}

}  // namespace millrace::test
