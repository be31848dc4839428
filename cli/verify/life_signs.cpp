#include "cli/verify/life_signs.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

namespace millrace::cli {

std::int64_t second_of(std::int64_t time_ns) noexcept { return time_ns / 1'000'000'000; }

void LifeSigns::add(std::int64_t epoch, std::int64_t time_ns) { epochs_[epoch].seconds.add(second_of(time_ns)); }

void LifeSigns::unsubscribed(std::int64_t epoch, std::int64_t time_ns) {
  epochs_[epoch].unsubscribed.add(second_of(time_ns));
}

std::vector<std::string> LifeSigns::silences(const WorkerLife& workers, JudgedSeconds judged) const {
  std::vector<std::string> out;
  for (auto one = epochs_.begin(); one != epochs_.end(); ++one) {
    const auto& [number, epoch] = *one;
    const auto worker = workers.find(number);
    if (worker == workers.end()) continue;
    // The worker of this epoch may go on with other streams when this one is another's.
    const auto later = std::next(one);
    const bool taken_over = later != epochs_.end() && !later->second.seconds.all().empty();
    const std::int64_t last =
        taken_over ? std::min(judged.last, later->second.seconds.all().begin()->first) : judged.last;
    const auto& spans = epoch.seconds.all();
    for (auto at = spans.begin(); at != spans.end(); ++at) {
      const auto next = std::next(at);
      const std::int64_t heard_again = next == spans.end() ? std::numeric_limits<std::int64_t>::max() : next->first;
      if (epoch.unsubscribed.count(at->second, heard_again) > 0) continue;
      const std::int64_t from = std::max(at->second + 1, judged.first);
      const std::int64_t to = std::min(heard_again - 1, last);
      const std::int64_t lived = from <= to ? worker->second.count(from, to) : 0;
      if (lived <= kAllowedSeconds) continue;
      out.push_back(fmt::format("epoch {}: neither record nor heartbeat in {} s after {} s, while its worker went on",
                                number, lived, at->second));
    }
  }
  return out;
}

}  // namespace millrace::cli
