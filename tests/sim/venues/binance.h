#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/sim/market/instrument.h"
#include "tests/sim/venues/binance_messages.h"
#include "tests/sim/venues/venue.h"
#include "tests/sim/venues/weight.h"

namespace millrace::sim {

// The protocol side of Binance, spot or USD-M: addresses and routes, subscriptions, limits, REST with its weights.
// Where the data come from (generated or recorded) is for the classes that derive from it.
class BinanceVenue : public Venue {
 public:
  BinanceVenue(binance::Product product, std::vector<Instrument> instruments, Limits limits, Clock clock,
               Outbox& outbox);
  ~BinanceVenue() override;

  // What section 1 of the sheet says, as limits.
  static Limits default_limits(binance::Product product);

  std::string_view name() const noexcept override;
  const Limits& limits() const noexcept override { return limits_; }
  std::vector<std::string> symbols() const override;
  Profile profile() const override { return {.snapshot_levels = 1000}; }
  std::string instruments_body() const override;
  bool serves(std::string_view path) const override;
  void on_open(ClientId client, std::string_view path, std::string_view query) override;
  void on_text(ClientId client, std::string_view text) override;
  void on_control_frame(ClientId client) override { within_message_rate(client); }
  void on_close(ClientId client) override;
  void on_http(const HttpRequest& request, HttpReply reply) override;
  bool wanted() const override { return subscriptions_ != 0; }
  void on_second() override {}
  void on_expiring(ClientId client) override;

  // The text of exchangeInfo is taken from here instead of being made from the instruments.
  void set_exchange_info(std::string body) { exchange_info_ = std::move(body); }

 protected:
  // One stream name and who has it. Streams of unknown symbols exist, but nothing is ever sent on them.
  struct Stream {
    std::string name;            // "btcusdt@depth@100ms"
    std::size_t instrument = 0;  // kUnknown for an unknown symbol
    Channel channel = Channel::kControl;
    std::string detail;  // what follows '@': "depth@100ms", "kline_1m"
    std::vector<ClientId> clients;
  };
  static constexpr std::size_t kUnknown = static_cast<std::size_t>(-1);

  // A client has subscribed to a stream that exists.
  virtual void on_subscribed(ClientId client, const Stream& stream);
  // Answers with the book, at most `levels` a side.
  virtual void depth(std::size_t instrument, std::size_t levels, HttpAnswer base, HttpReply reply) = 0;

  // Streams of one instrument that were ever asked for; the pointers stay valid.
  std::span<Stream* const> streams_of(std::size_t instrument) const noexcept { return by_instrument_[instrument]; }
  // Sends a payload to a stream's clients, wrapped or bare as each wants it. False if nobody gets it.
  bool publish(const Stream& stream, std::string_view payload, const Tag& tag);
  std::size_t find_lower(std::string_view symbol) const noexcept;
  std::span<const Instrument> instruments() const noexcept { return instruments_; }
  binance::Product product() const noexcept { return product_; }
  binance::Source source(std::size_t instrument) const;
  std::int64_t now() const { return clock_(); }
  // Is the client's address routed to this channel? (Futures only; a wrong route is silent.)
  bool routed(ClientId client, Channel channel) const noexcept;
  // Does the client want the combined streams' wrapper?
  bool combined(ClientId client) const noexcept;
  Outbox& outbox() noexcept { return *outbox_; }

 private:
  enum class Route : std::uint8_t { kNone, kPublic, kMarket };
  struct Session {
    Route route = Route::kNone;
    bool combined = false;
    std::set<std::string> streams;
    RateWindow messages;
  };

  bool within_message_rate(ClientId client);
  bool subscribe(ClientId client, std::string_view stream_name);
  void unsubscribe(ClientId client, std::string_view stream_name);
  Stream& stream_named(std::string_view stream_name);
  void handle(ClientId client, std::string_view text);
  void change_subscriptions(ClientId client, bool add, const std::vector<std::string>& names, std::string_view id);
  std::string list(ClientId client) const;
  void rest_depth(const HttpRequest& request, HttpAnswer base, HttpReply reply);
  int weight_of(const HttpRequest& request) const;
  std::string_view rest_prefix() const noexcept;

  binance::Product product_;
  std::vector<Instrument> instruments_;
  std::unordered_map<std::string, std::size_t> by_lower_;
  Limits limits_;
  Clock clock_;
  Outbox* outbox_;
  WeightBudget budget_;
  std::unordered_map<ClientId, Session> sessions_;
  std::unordered_map<std::string, Stream> streams_;
  std::vector<std::vector<Stream*>> by_instrument_;
  std::size_t subscriptions_ = 0;
  std::string exchange_info_;
  std::string wrapped_;
};

}  // namespace millrace::sim
