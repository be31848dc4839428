#include "ingest/worker/stop_link.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <variant>

#include "publish/kafka/topic_names.h"
#include "publish/kafka/topic_tail.h"
#include "publish/wall_clock.h"
#include "schemas/codec/decode.h"

namespace millrace::ingest {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTailTimeout{1'000};
constexpr milliseconds kTurn{200};  // how long the end of the link may have to wait, too
constexpr int kTurnsBetweenTries = 25;

}  // namespace

StopLink::StopLink(publish::KafkaSettings kafka, std::vector<std::string> venues, Heard heard)
    : kafka_(std::move(kafka)), venues_(std::move(venues)), heard_(std::move(heard)), thread_([this] { run(); }) {}

StopLink::~StopLink() {
  stopping_ = true;
  thread_.join();
}

bool StopLink::wait(std::chrono::milliseconds timeout) {
  return all_heard_.wait_for(timeout) == std::future_status::ready && all_heard_.get();
}

void StopLink::first_try_ends(bool all_heard) {
  if (!std::exchange(tried_, true)) first_try_.set_value(all_heard);
}

void StopLink::run() {
  while (!stopping_) {
    try {
      follow();
    } catch (const std::exception& error) {
      spdlog::warn("host_stops_unheard detail=\"{}\": asked again", error.what());
    }
    first_try_ends(false);
    for (int turn = 0; turn < kTurnsBetweenTries && !stopping_; ++turn) std::this_thread::sleep_for(kTurn);
  }
}

// A stop that began before this process may still last.
void StopLink::follow() {
  std::vector<publish::TopicTail::Start> starts;
  for (const std::string& venue : venues_) {
    starts.push_back({publish::ops_topic(venue, "status"), wall_clock() - publish::kLongestHostStop});
  }
  publish::TopicTail tail(kafka_, starts, kTailTimeout);
  const auto there = tail.ends(kTailTimeout);
  while (!stopping_) {
    if (tail.reached(there)) first_try_ends(true);
    tail.poll(kTurn, [this](const publish::TailRecord& record) {
      const auto decoded = schemas::decode(schemas::MessageType::kStreamStatus, record.value);
      if (!decoded) return;
      const auto& status = std::get<schemas::Decoded<schemas::StreamStatus>>(*decoded);
      if (const auto stop = publish::read_host_stop(status.meta, status.body, wall_clock())) heard_(*stop);
    });
  }
}

}  // namespace millrace::ingest
