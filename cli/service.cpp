#include "cli/service.h"

#include <spdlog/spdlog.h>

namespace millrace::cli {

void set_up_log(const std::string& level) {
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%fZ %l %v", spdlog::pattern_time_type::utc);
  spdlog::set_level(spdlog::level::from_str(level));
}

}  // namespace millrace::cli
