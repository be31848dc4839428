#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <limits>

namespace millrace::ingest {

// Which time limit of an open connection is over. A peer that answers pings and sends nothing else looks alive, and a
// quiet instrument looks the same; only a connection that brought messages all the time and then none gives itself
// away. Busy is one that had messages in 24 of 32 intervals, each a thirtieth of the limit. Pure: monotonic times in,
// at most one verdict out per call. A limit of 0 is not watched.
class Watchdog {
 public:
  using Nanos = std::chrono::nanoseconds;
  // Each 0 = not watched.
  struct Limits {
    Nanos first_data{0};
    Nanos silence{0};       // no bytes at all
    Nanos busy_silence{0};  // no message, pongs or not, on a connection that was busy
    Nanos ping_interval{0};
    Nanos pong{0};
    Nanos stable{0};
  };
  // kPing and kStable are to be acted upon; the other four say why the connection is over.
  enum class Due : std::uint8_t { kNothing, kPing, kNoData, kSilent, kStalled, kHalfOpen, kStable };

  explicit Watchdog(const Limits& limits)
      : limits_(limits), interval_length_(std::max(Nanos(1), limits.busy_silence / kIntervals)) {}

  // All times are monotonic. opened() first; every limit counts from there.
  void opened(Nanos now) {
    heard_ = now;
    first_data_at_ = after(now, limits_.first_data);
    ping_at_ = after(now, limits_.ping_interval);
    stable_at_ = after(now, limits_.stable);
    pong_at_ = kNever;
    // What the connection before was, this one will be: it carries the same streams.
    message_ = now;
    interval_ = now;
  }
  void heard(Nanos now) { heard_ = now; }  // any bytes
  // After heard(): a message was among the bytes.
  void got_message() {
    first_data_at_ = kNever;
    message_ = heard_;
    busy_intervals_ |= 1;
    if (heard_ - interval_ < interval_length_) return;
    const std::int64_t passed = (heard_ - interval_) / interval_length_;
    busy_intervals_ = passed < 32 ? busy_intervals_ << passed | 1 : 1;
    interval_ += passed * interval_length_;
  }
  void awaits_pong(Nanos now) {  // a WebSocket ping is out
    if (pong_at_ == kNever) pong_at_ = after(now, limits_.pong);
  }
  void got_pong() { pong_at_ = kNever; }

  // What is due. kPing and kStable arm themselves anew; the others end the connection.
  Due check(Nanos now) {
    if (now >= first_data_at_) return Due::kNoData;
    if (now >= after(heard_, limits_.silence)) return Due::kSilent;
    if (now >= stalled_at()) {
      busy_intervals_ = 0;  // if the next one is as quiet, then that is what it is now
      return Due::kStalled;
    }
    if (now >= pong_at_) return Due::kHalfOpen;
    if (now >= stable_at_) {
      stable_at_ = kNever;
      return Due::kStable;
    }
    if (now < ping_at_) return Due::kNothing;
    ping_at_ = after(now, limits_.ping_interval);
    return Due::kPing;
  }

  // When to call check() next; kNever if nothing is watched.
  Nanos next() const {
    return std::min({first_data_at_, after(heard_, limits_.silence), stalled_at(), pong_at_, ping_at_, stable_at_});
  }

  static constexpr Nanos kNever = Nanos(std::numeric_limits<std::int64_t>::max());

 private:
  static constexpr int kIntervals = 30;
  static constexpr int kBusy = 24;  // of 32

  Nanos stalled_at() const {
    return std::popcount(busy_intervals_) >= kBusy ? after(message_, limits_.busy_silence) : kNever;
  }
  static Nanos after(Nanos now, Nanos limit) { return limit > Nanos::zero() ? now + limit : kNever; }

  Limits limits_;
  Nanos interval_length_;
  Nanos heard_{0};
  Nanos message_{0};                  // the last one
  Nanos interval_{0};                 // in which it came: its beginning
  std::uint32_t busy_intervals_ = 0;  // a bit for that one and each of the 31 before it: a message came
  Nanos first_data_at_ = kNever;
  Nanos pong_at_ = kNever;
  Nanos ping_at_ = kNever;
  Nanos stable_at_ = kNever;
};

}  // namespace millrace::ingest
