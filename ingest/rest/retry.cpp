#include "ingest/rest/retry.h"

#include <algorithm>

namespace millrace::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kLimitedFloor{30};  // design section 6: 429 and 418 mean at least this
constexpr seconds kLimitedMost{86'400};
constexpr milliseconds kFirstWait{500};
constexpr seconds kMaxWait{30};

nanoseconds backoff(int attempt, std::uint32_t jitter) {
  const int doublings = std::clamp(attempt - 1, 0, 10);
  const nanoseconds whole = std::min<nanoseconds>(kFirstWait * (1 << doublings), kMaxWait);
  return whole / 2 + whole / 2 * static_cast<std::int64_t>(jitter) / 1000;
}

}  // namespace

Verdict judge(const HttpEnd& end, int attempt, std::uint32_t jitter) {
  if (end.status == 429 || end.status == 418) {
    return {NextStep::kStopHost, std::clamp(end.retry_after.value_or(kLimitedFloor), kLimitedFloor, kLimitedMost)};
  }
  if (end.status != 0 && end.status < 500) return {NextStep::kDeliver, nanoseconds{0}};
  const nanoseconds asked = std::min<nanoseconds>(end.retry_after.value_or(seconds{0}), kMaxWait);
  return {NextStep::kRetry, std::max(asked, backoff(attempt, jitter))};
}

}  // namespace millrace::ingest
