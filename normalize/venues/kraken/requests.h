#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "normalize/symbols/dataset.h"

namespace millrace::normalize::kraken {

// The venue's channel for a dataset ("book", "ohlc" ...); empty if it has none. kBboBook has none either: it is made
// from the book. Static life.
std::string_view channel_of(Dataset dataset) noexcept;

// Minutes of a candle dataset that the venue offers, and back.
std::optional<std::int64_t> minutes_of(Dataset dataset) noexcept;
std::optional<Dataset> candle_of(std::int64_t minutes) noexcept;

// Which requests of a connection would be answered by frames that cannot be told apart, or refused: two with the same
// channel and symbol, but another event_trigger or interval.
bool share_a_key(Dataset a, Dataset b) noexcept;

// What one request asks for.
struct Request {
  bool subscribe = true;  // else unsubscribe, which must repeat depth, trigger or interval
  Dataset dataset = Dataset::kBook;
  std::span<const std::string_view> symbols;  // empty for the instrument channel
  int depth = 0;                              // book only
  std::int64_t req_id = 0;
};
// The JSON to send, without a newline. `symbols` are escaped, the rest is ours.
std::string text_of(const Request& request);

// Our request ids. The venue's ticker frames and acks do not name the trigger, so the id echoed in the ack says whether
// it was "bbo": a recording explains itself.
std::int64_t request_id(std::int64_t count, Dataset dataset) noexcept;
bool is_bbo_request(std::int64_t req_id) noexcept;

}  // namespace millrace::normalize::kraken
