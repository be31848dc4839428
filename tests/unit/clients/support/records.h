#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/events/account.h"
#include "schemas/events/ops.h"

// Encoded account records, as a worker and a sidecar would write them.
namespace millrace::test {

// The part of Meta that tests vary.
struct Stamp {
  std::string account = "main";
  std::string symbol = "BTC/USD";
  std::int64_t epoch = 1;
  std::int64_t seq = 1;
  std::int64_t receive_time = 1'700'000'000'000'000'000;
  std::vector<schemas::GapMark> gap = {};
  schemas::Origin origin = schemas::Origin::kLive;
};

// A fill of 0.5 at 100.10, of which the status and the quantity left say whether it is the last.
schemas::Execution fill(std::string event_id, schemas::OrderStatus status = schemas::OrderStatus::kPartiallyFilled,
                        std::string_view leaves = {});
schemas::Execution order(std::string event_id, schemas::ExecutionKind kind, schemas::OrderStatus status,
                         std::string order_id = "O1");
schemas::Balance balance(std::string asset, std::string_view total);
schemas::StreamStatus status(std::string dataset, schemas::StreamState state, std::string reason);
schemas::Recovery recovery(std::int64_t watermark, std::vector<std::string> symbols = {});
schemas::WideDecimal decimal(std::string_view text);

// A worker's heartbeat of that account's executions, at the stamp's receive time.
std::string heartbeat(const Stamp& stamp);

template <class Body>
std::string encoded(const Stamp& stamp, const Body& body);

}  // namespace millrace::test
