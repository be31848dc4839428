#include "tests/unit/schemas/golden_samples.h"

namespace millrace::schemas::testing {
namespace {

constexpr UnixNanos kVenueTime = 1'753'000'000'123'456'000;
constexpr UnixNanos kReceiveTime = kVenueTime + 12'345'678;

WideDecimal number(const char* text) { return parse_wide_decimal(text).value(); }

template <class Body>
Decoded<Body> event(const StreamIdentity& stream, std::int64_t seq, Origin origin = Origin::kLive) {
  Decoded<Body> out{std::make_shared<DecodedStorage>(), {}, {}};
  out.storage->identity = stream;
  out.meta.stream = &out.storage->identity;
  out.meta.epoch = 42;
  out.meta.seq = seq;
  out.meta.venue_time = kVenueTime;
  out.meta.receive_time = kReceiveTime;
  out.meta.publish_time = kReceiveTime + 40'000;
  out.meta.origin = origin;
  return out;
}

StreamIdentity kraken() { return make_stream_identity("kraken", "BTC/USD", "BTC-USD", "main"); }
StreamIdentity perpetual() { return make_stream_identity("binance-usdm", "ETHUSDT", "ETH-USDT-PERP", "hedge"); }
// Of no instrument: balances and sweeps.
StreamIdentity whole(const char* venue) { return make_stream_identity(venue, {}, {}, "main"); }

AnyDecoded accepted() {
  auto out = event<Execution>(kraken(), 1);
  out.meta.venue_seq = 1;
  Execution& body = out.body;
  body.kind = ExecutionKind::kNew;
  body.status = OrderStatus::kNew;
  body.event_id = "kraken|main|OK4GJX-KSTLS-7DZZO5|NEW|1753000000123456000|0";
  body.order_id = "OK4GJX-KSTLS-7DZZO5";
  body.client_order_id = "Ω-1";
  body.side = Side::kBuy;
  body.order_type = "stop-loss-limit";
  body.time_in_force = "GTC";
  body.price = number("26500.0");
  body.stop_price = number("26400.0");
  body.quantity = body.leaves_quantity = number("0.50000000");
  body.cumulative_quantity = number("0.00000000");
  return out;
}

AnyDecoded fill() {
  auto out = event<Execution>(kraken(), 2);
  out.meta.venue_seq = 2;
  Execution& body = out.body;
  body.kind = ExecutionKind::kTrade;
  body.status = OrderStatus::kPartiallyFilled;
  body.event_id = "kraken|main|OK4GJX-KSTLS-7DZZO5|TVLZ4C-ZM6WG-4KAAKF";
  body.order_id = "OK4GJX-KSTLS-7DZZO5";
  body.execution_id = "TVLZ4C-ZM6WG-4KAAKF";
  body.side = Side::kBuy;
  body.last_price = number("26500.0");
  body.last_quantity = body.cumulative_quantity = number("0.16666666");
  body.leaves_quantity = number("0.33333334");
  body.average_price = number("26500.00000000000000000000");  // 25 digits
  return out;
}

// The same fill from REST, with more in it.
AnyDecoded richer_fill() {
  auto out = event<Execution>(kraken(), 1, Origin::kReplay);
  out.body = std::get<Decoded<Execution>>(fill()).body;
  out.body.revision = 2;
  out.body.fee = number("11.48333");
  out.body.fee_asset = "USD";
  out.body.liquidity = Liquidity::kTaker;
  return out;
}

AnyDecoded busted() {
  auto out = event<Execution>(kraken(), 3);
  out.body.kind = ExecutionKind::kTradeCancel;
  out.body.event_id = "kraken|main|OK4GJX-KSTLS-7DZZO5|TVLZ4C-ZM6WG-4KAAKF";
  out.body.revision = 3;
  out.body.reason = "erroneous trade";
  return out;
}

AnyDecoded liquidation() {
  auto out = event<Execution>(perpetual(), 7);
  out.meta.venue_send_time = kVenueTime + 1'000'000;
  out.body.kind = ExecutionKind::kLiquidation;
  out.body.status = OrderStatus::kFilled;
  out.body.event_id = "binance-usdm|hedge|8886774|99001";
  out.body.client_order_id = "autoclose-1753000000123456";
  out.body.side = Side::kSell;
  out.body.last_price = number("3456.78");
  out.body.last_quantity = number("0.015");
  out.body.fee = number("0.00000000");  // said, and nothing
  out.body.liquidity = Liquidity::kMaker;
  out.body.unseen_order = true;
  return out;
}

// One record for each kind, each with a status: all words of both enums are in the files.
std::vector<GoldenSample> ladder() {
  std::vector<GoldenSample> out;
  for (int i = 0; i <= static_cast<int>(ExecutionKind::kTransfer); ++i) {
    auto record = event<Execution>(kraken(), 100 + i);
    record.body.kind = static_cast<ExecutionKind>(i);
    record.body.status = static_cast<OrderStatus>(i % (static_cast<int>(OrderStatus::kExpired) + 1));
    record.body.event_id = "e-" + std::to_string(i);
    out.push_back({"execution", "kind_" + std::string(name(record.body.kind)), record});
  }
  return out;
}

AnyDecoded wide_snapshot() {
  auto out = event<Balance>(whole("kraken"), 1, Origin::kSnapshot);
  out.meta.flags = flag::kSnapshot;
  out.body = {
      BalanceKind::kSnapshot, "BABY", "spot/main", number("1234567.123456789012345678"), {}, {}, {}, {}, {}, {}};
  return out;
}

AnyDecoded change() {
  auto out = event<Balance>(whole("binance-spot"), 2);
  out.body.kind = BalanceKind::kChange;
  out.body.asset = "USDT";
  out.body.total = number("100.00000000");
  out.body.available = number("100.00000000");
  out.body.locked = number("0");  // said, and nothing
  return out;
}

AnyDecoded delta() {
  auto out = event<Balance>(whole("kraken"), 3);
  out.body = {BalanceKind::kDelta, "USD",   "spot/main",          {}, {}, {}, number("-4416.6665"),
              number("11.48333"),  "trade", "LF7I2J-4XJ2T-QTKNM3"};
  return out;
}

AnyDecoded started() {
  auto out = event<Recovery>(whole("kraken"), 1, Origin::kReplay);
  out.body.phase = RecoveryPhase::kStarted;
  out.body.instance = 7;
  out.body.sweep = 1;
  out.body.trigger = "reconnect";
  out.body.from = kVenueTime - 600'000'000'000;
  out.body.to = kVenueTime;
  return out;
}

AnyDecoded completed() {
  auto out = event<Recovery>(whole("binance-spot"), 2, Origin::kReplay);
  out.body = {RecoveryPhase::kCompleted,
              7,
              2,
              "timer",
              {"BTCUSDT", "ETHUSDT"},
              kVenueTime - 600'000'000'000,
              kVenueTime,
              kVenueTime - 30'000'000'000,
              4,
              120,
              3,
              2,
              1,
              {}};
  return out;
}

AnyDecoded failed() {
  auto out = event<Recovery>(whole("coinbase-exchange"), 3, Origin::kReplay);
  out.body.phase = RecoveryPhase::kFailed;
  out.body.instance = 8;
  out.body.sweep = 1;
  out.body.trigger = "start";
  out.body.requests = 1;
  out.body.error = "GET /fills: 503 Service Unavailable";
  return out;
}

AnyDecoded two_scopes() {
  return Cursor{"binance-spot",
                "main",
                "fills",
                7,
                "sidecar-1",
                kReceiveTime,
                {{"BTCUSDT", kVenueTime - 30'000'000'000}, {"ETHUSDT", kVenueTime - 60'000'000'000}}};
}

AnyDecoded whole_account() { return Cursor{"kraken", "main", "fills", 1, "sidecar-1", kReceiveTime, {{}}}; }

}  // namespace

std::vector<GoldenSample> golden_account_samples() {
  std::vector<GoldenSample> all{{"execution", "accepted", accepted()},
                                {"execution", "fill", fill()},
                                {"execution", "richer_fill", richer_fill()},
                                {"execution", "busted", busted()},
                                {"execution", "liquidation", liquidation()},
                                {"balance", "wide_snapshot", wide_snapshot()},
                                {"balance", "change", change()},
                                {"balance", "delta", delta()},
                                {"recovery", "started", started()},
                                {"recovery", "completed", completed()},
                                {"recovery", "failed", failed()},
                                {"cursor", "two_scopes", two_scopes()},
                                {"cursor", "whole_account", whole_account()}};
  for (auto& one : ladder()) all.push_back(std::move(one));
  return all;
}

}  // namespace millrace::schemas::testing
