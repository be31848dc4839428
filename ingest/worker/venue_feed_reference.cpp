#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "ingest/worker/capture_lines.h"
#include "ingest/worker/venue_feed.h"

// The part of a feed's life before its connections: reference data.
namespace millrace::ingest {

using normalize::InstrumentId;
using normalize::Subscription;
using schemas::StreamState;

namespace {

constexpr std::int64_t kAskAgainAfter = 10'000'000'000;  // an answer that could not be used

}  // namespace

void VenueFeed::start(UnixNanos now) {
  const auto requests = venue_->reference_requests();
  references_awaited_ = requests.size();
  for (const normalize::RestRequest& request : requests) ask_reference(request, 0);
  if (requests.empty()) begin(now);
}

// Nothing asks again after a refusal, so it is told as an error. The handler may outlive the feed: hence the token.
void VenueFeed::ask_reference(const normalize::RestRequest& request, UnixNanos not_before) {
  normalize::RestRequest ask = request;
  ask.not_before = not_before;
  const bool taken = ports_.rest(ask, [this, request, alive = std::weak_ptr<int>(alive_)](const auto& answer) {
    return !alive.expired() && on_reference(request, answer);
  });
  if (!taken) spdlog::error("request_refused venue={} key={}", config().name, request.key);
}

// Answers that are read again later (the adapters ask every few minutes) come by way of the adapters, not here.
bool VenueFeed::on_reference(const normalize::RestRequest& request, const normalize::RestAnswer& answer) {
  if (stopping_ || references_awaited_ == 0) return true;
  if (ports_.record) ports_.record(rest_line("reference", answer));
  out_.begin_timer(answer.receive_time);
  const auto result = venue_->on_reference(answer, out_);
  const bool usable = answer.status == 200 && !result.has_error();
  if (!usable) {
    const std::string_view error = result.has_error() ? normalize::name(result.error().code) : "status";
    counters_.errors.add(error);
    spdlog::error("reference_refused venue={} key={} status={} error={} where=\"{}\"", config().name, request.key,
                  answer.status, error, result.has_error() ? result.error().where : "");
    ask_reference(request, answer.receive_time + kAskAgainAfter);
    return true;
  }
  if (--references_awaited_ == 0) begin(answer.receive_time);
  return true;
}

void VenueFeed::begin(UnixNanos now) {
  active_ = known_only(settings_.wanted, now);
  spdlog::info("starting venue={} instruments={} streams={}", config().name, venue_->instruments().size(),
               active_.size());
  connect(active_);
  opened(active_, now);
}

// Streams whose symbol the venue's reference data names. The others are told, once, as HALTED; everything else goes on.
std::vector<Subscription> VenueFeed::known_only(const std::vector<Subscription>& wanted, UnixNanos now) {
  const bool has_reference = !venue_->reference_requests().empty();
  std::vector<Subscription> known;
  std::set<std::string> refused;
  out_.begin_timer(now);
  for (const Subscription& one : wanted) {
    const auto id = venue_->instruments().find(one.symbol);
    if (!has_reference || (id && venue_->instruments()[*id].has_reference)) {
      known.push_back(one);
      continue;
    }
    const normalize::StreamKey unknown{venue_->instruments().intern(one.symbol), one.dataset};
    const publish::Stream* before = out_.find(unknown);
    const bool told = before != nullptr && before->state == StreamState::kHalted;
    out_.on_state(unknown, StreamState::kHalted, "unknown_symbol");
    if (refused.insert(one.symbol).second && !told) {
      spdlog::error("unknown_symbol venue={} symbol={}", config().name, one.symbol);
    }
  }
  counters_.streams_refused.set(wanted.size() - known.size());
  return known;
}

}  // namespace millrace::ingest
