#include "tests/unit/schemas/golden_samples.h"

namespace millrace::schemas::testing {
namespace {

constexpr UnixNanos kVenueTime = 1'753'000'000'123'456'000;
constexpr UnixNanos kReceiveTime = kVenueTime + 12'345'678;

struct Names {
  const char *venue, *symbol, *instrument;
};
constexpr Names kKraken{"kraken", "BTC/USD", "BTC-USD"};
constexpr Names kSpot{"binance-spot", "BTCUSDT", "BTC-USDT"};
constexpr Names kPerpetual{"binance-usdm", "ETHUSDT", "ETH-USDT-PERP"};

template <class Body>
Decoded<Body> event(const Names& names, std::int64_t seq, Origin origin = Origin::kLive, std::uint32_t flags = 0) {
  Decoded<Body> out{std::make_shared<DecodedStorage>(), {}, {}};
  out.storage->identity = make_stream_identity(names.venue, names.symbol, names.instrument);
  out.meta.stream = &out.storage->identity;
  out.meta.epoch = 42;
  out.meta.seq = seq;
  out.meta.venue_time = kVenueTime;
  out.meta.receive_time = kReceiveTime;
  out.meta.publish_time = kReceiveTime + 40'000;
  out.meta.staleness_ns = 87'000'000;
  out.meta.origin = origin;
  out.meta.flags = flags;
  return out;
}

void set_gap(Decoded<Book>& record, std::vector<GapMark> gap) {
  record.storage->gap = std::move(gap);
  record.meta.gap = record.storage->gap;
}

void set_levels(Decoded<Book>& record, std::vector<Level> bids, std::vector<Level> asks) {
  record.storage->bids = std::move(bids);
  record.storage->asks = std::move(asks);
  record.body.bids = record.storage->bids;
  record.body.asks = record.storage->asks;
}

// The sheet's example of Kraken's checksum, whole.
AnyDecoded kraken_snapshot() {
  auto out = event<Book>(kKraken, 1, Origin::kSnapshot, flag::kSnapshot | flag::kReset | flag::kChecksumOk);
  set_gap(out, {{GapKind::kRestart, {}, {}, {}, "restart"}});
  set_levels(out,
             {{452835, 10000000},
              {452834, 154582015},
              {452821, 10000000},
              {452810, 10000000},
              {452803, 154592586},
              {452790, 7990000},
              {452776, 3310103},
              {452775, 30000000},
              {452773, 154602737},
              {452766, 15445238}},
             {{452852, 100000},
              {452864, 154571953},
              {452866, 154571109},
              {452896, 154560911},
              {452902, 15890660},
              {452918, 154553491},
              {452947, 4454749},
              {452961, 35380000},
              {452975, 9945542},
              {452995, 18772827}});
  out.body.kind = BookKind::kSnapshot;
  out.body.price_exponent = -1;
  out.body.quantity_exponent = -8;
  out.body.venue_checksum = 3310070434;
  out.body.price_decimals = 1;
  out.body.quantity_decimals = 8;
  out.body.proven_depth = 10;
  out.body.depth = 10;
  return out;
}

AnyDecoded binance_delta() {
  auto out = event<Book>(kPerpetual, 77);
  out.meta.venue_seq = 7'654'321'000'123;
  out.meta.venue_send_time = kVenueTime + 1'000'000;
  set_levels(out, {{345678, 0}, {345677, 12345}}, {{345690, 1}});
  out.body.kind = BookKind::kDelta;
  out.body.price_exponent = -2;
  out.body.quantity_exponent = -3;
  out.body.venue_seq_first = 7'654'321'000'100;
  out.body.venue_seq_prev = 7'654'321'000'099;
  return out;
}

AnyDecoded empty_reset() {
  auto out = event<Book>(kSpot, 1, Origin::kLive, flag::kReset);
  set_gap(out, {{GapKind::kRestart, 99, {}, {}, "restart"}, {GapKind::kVenue, 100, 120, 21, "sequence"}});
  out.body.kind = BookKind::kSnapshot;
  return out;
}

AnyDecoded both_sides() {
  auto out = event<Bbo>(kSpot, 1234);
  out.meta.venue_time.reset();
  out.meta.venue_seq = 9'876'543'210;
  out.body = {-2, -5, Level{6512345, 123456}, Level{6512346, 1}};
  return out;
}

AnyDecoded one_side() {
  auto out = event<Bbo>(kKraken, 2, Origin::kLive, flag::kStale);
  out.body = {-1, -8, std::nullopt, Level{452852, 100000}};
  return out;
}

AnyDecoded single_trade() {
  auto out = event<Trade>(kKraken, 9);
  out.storage->text[0] = "4665906";
  out.storage->text[1] = "limit";
  out.body = {out.storage->text[0], -1, -8, 452852, 6666, Side::kBuy, {}, {}, out.storage->text[1]};
  return out;
}

AnyDecoded aggregated_trade() {
  auto out = event<Trade>(kPerpetual, 10, Origin::kLive, flag::kBadVenueTime);
  out.storage->text[0] = "26129";
  out.body = {out.storage->text[0], -2, -3, 345678, 5, Side::kSell, 100, 105, {}};
  return out;
}

AnyDecoded ticker() {
  auto out = event<Ticker>(kSpot, 3);
  out.body.last = WideDecimal{{6512345, -2}, {}};
  out.body.change = WideDecimal{{-1250, -2}, {}};
  out.body.volume = WideDecimal{{}, "1234567.123456789012345678"};
  out.body.trades = 18150;
  out.body.open_time = kVenueTime - 86'400'000'000'000;
  out.body.close_time = kVenueTime;
  return out;
}

AnyDecoded candle() {
  auto out = event<Candle>(kKraken, 4);
  out.storage->text[0] = "5m";
  out.body.interval = out.storage->text[0];
  out.body.open_time = 1'752'999'900'000'000'000;
  out.body.open = out.body.low = WideDecimal{{5624, -4}, {}};
  out.body.high = out.body.close = WideDecimal{{5628, -4}, {}};
  out.body.volume = WideDecimal{{3092768066226, -8}, {}};
  out.body.trades = 12;
  out.body.closed = false;
  return out;
}

AnyDecoded instrument() {
  auto out = event<Instrument>(kSpot, 5, Origin::kSnapshot);
  out.body.kind = InstrumentKind::kSpot;
  out.body.status = InstrumentStatus::kTrading;
  out.body.status_text = "TRADING";
  out.body.base = "BTC";
  out.body.quote = "USDT";
  out.body.tick_size = WideDecimal{{1, -2}, {}};
  out.body.quantity_step = WideDecimal{{1, -5}, {}};
  out.body.min_notional = WideDecimal{{5, 0}, {}};
  out.body.price_decimals = 8;
  out.body.quantity_decimals = 8;
  return out;
}

AnyDecoded status() {
  auto out = event<StreamStatus>(kKraken, 345);
  out.body = {"book",     "book",     StreamState::kSyncing,   "checksum", "checksum 1 is not 2",
              "public-1", "worker-1", LossEvidence::kChecksum, 0,          10};
  return out;
}

AnyDecoded gap() {
  auto out = event<Gap>(kSpot, 346);
  out.body = {"book", {GapKind::kVenue, 100, 120, 21, "sequence"}, kReceiveTime, kReceiveTime + 1'000'000, "snapshot"};
  return out;
}

AnyDecoded quarantine() {
  auto out = event<Quarantine>(kSpot, 0);
  out.body = {"public-1", "bad_number", "data[0].price", std::string("{\"price\":\"\xFF\0\"}", 14), 14, 3};
  return out;
}

AnyDecoded heartbeat() {
  Heartbeat out{"kraken", "book", "worker-1", 1, kReceiveTime, {}};
  out.streams.push_back({"BTC/USD", "BTC-USD", 42, 346, 3, 1'000'000, StreamState::kLive, 990'000'000, {}});
  out.streams.push_back({"ETH/USD",
                         "ETH-USD",
                         42,
                         1,
                         0,
                         {},
                         StreamState::kSyncing,
                         5'000'000'000,
                         {{GapKind::kLocal, 5, 9, 5, "overload"}}});
  return out;
}

AnyDecoded claim() { return Claim{"worker-1", "f00dcafe", kReceiveTime, {"kraken", "binance-spot"}, 400}; }

AnyDecoded subscription() { return Subscription{"kraken", "BTC/USD", {"book", "trade"}, kReceiveTime, "ops@host-1"}; }

// Of all that the worker's configuration names.
AnyDecoded bare_subscription() { return Subscription{"binance-usdm", "ETHUSDT", {}, kReceiveTime, {}}; }

}  // namespace

std::vector<GoldenSample> golden_samples() {
  std::vector<GoldenSample> all{{"book", "kraken_snapshot", kraken_snapshot()},
                                {"book", "binance_delta", binance_delta()},
                                {"book", "empty_reset", empty_reset()},
                                {"bbo", "both_sides", both_sides()},
                                {"bbo", "one_side", one_side()},
                                {"trade", "single", single_trade()},
                                {"trade", "aggregated", aggregated_trade()},
                                {"ticker", "wide_volume", ticker()},
                                {"candle", "growing", candle()},
                                {"instrument", "spot", instrument()},
                                {"stream_status", "resync", status()},
                                {"gap", "repaired", gap()},
                                {"quarantine", "not_utf8", quarantine()},
                                {"heartbeat", "two_streams", heartbeat()},
                                {"claim", "first", claim()},
                                {"subscription", "two_datasets", subscription()},
                                {"subscription", "as_configured", bare_subscription()}};
  for (auto& sample : golden_account_samples()) all.push_back(std::move(sample));
  return all;
}

}  // namespace millrace::schemas::testing
