#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::cli {

// "{prefix}.market.kraken.book.v1" taken apart; topics of the `ctl` family have no venue.
struct TopicName {
  std::string family;   // "market", "ref", "ops", "ctl", "account"
  std::string venue;    // "kraken"; empty for ctl
  std::string dataset;  // "book"; what the topic carries in ops and ctl: "heartbeat", "claim"
  std::string version;  // "v1"
};

// Nullopt: not a topic under this prefix, or none of ours.
std::optional<TopicName> parse_topic(std::string_view prefix, std::string_view topic);

}  // namespace millrace::cli
