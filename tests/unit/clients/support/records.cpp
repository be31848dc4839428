#include "tests/unit/clients/support/records.h"

#include <utility>

#include "schemas/codec/encode.h"

namespace millrace::test {

schemas::WideDecimal decimal(std::string_view text) { return schemas::parse_wide_decimal(text).value(); }

schemas::Execution fill(std::string event_id, schemas::OrderStatus status, std::string_view leaves) {
  schemas::Execution body = order(std::move(event_id), schemas::ExecutionKind::kTrade, status);
  body.side = schemas::Side::kSell;
  body.last_price = decimal("100.10");
  body.last_quantity = decimal("0.5");
  if (!leaves.empty()) body.leaves_quantity = decimal(leaves);
  return body;
}

schemas::Execution order(std::string event_id, schemas::ExecutionKind kind, schemas::OrderStatus status,
                         std::string order_id) {
  schemas::Execution body;
  body.kind = kind;
  body.status = status;
  body.event_id = std::move(event_id);
  body.order_id = std::move(order_id);
  return body;
}

schemas::Balance balance(std::string asset, std::string_view total) {
  schemas::Balance body;
  body.kind = schemas::BalanceKind::kChange;
  body.asset = std::move(asset);
  body.total = decimal(total);
  return body;
}

schemas::StreamStatus status(std::string dataset, schemas::StreamState state, std::string reason) {
  schemas::StreamStatus body;
  body.dataset = std::move(dataset);
  body.state = state;
  body.reason = std::move(reason);
  return body;
}

schemas::Recovery recovery(std::int64_t watermark, std::vector<std::string> symbols) {
  schemas::Recovery body;
  body.phase = schemas::RecoveryPhase::kCompleted;
  body.trigger = "timer";
  body.symbols = std::move(symbols);
  body.watermark = watermark;
  return body;
}

std::string heartbeat(const Stamp& stamp) {
  schemas::Heartbeat body;
  body.venue = "kraken";
  body.dataset = "execution";
  body.time = stamp.receive_time;
  schemas::StreamBeat& beat = body.streams.emplace_back();
  beat.instrument = stamp.account;
  beat.epoch = stamp.epoch;
  std::string out;
  schemas::encode(body, out);
  return out;
}

template <class Body>
std::string encoded(const Stamp& stamp, const Body& body) {
  const schemas::StreamIdentity identity =
      schemas::make_stream_identity("kraken", stamp.symbol, stamp.symbol.empty() ? "" : "BTC-USD", stamp.account);
  schemas::Meta meta;
  meta.stream = &identity;
  meta.epoch = stamp.epoch;
  meta.seq = stamp.seq;
  meta.receive_time = stamp.receive_time;
  meta.origin = stamp.origin;
  meta.gap = stamp.gap;
  std::string out;
  schemas::encode(meta, body, out);
  return out;
}

template std::string encoded(const Stamp&, const schemas::Execution&);
template std::string encoded(const Stamp&, const schemas::Balance&);
template std::string encoded(const Stamp&, const schemas::StreamStatus&);
template std::string encoded(const Stamp&, const schemas::Recovery&);

}  // namespace millrace::test
