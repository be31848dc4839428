#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/sim/market/instrument.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim {

// The protocol side of Kraken v2: status, subscriptions with their acks and errors, heartbeats, REST. Where the data
// come from (generated or recorded) is for the classes that derive from it.
class KrakenVenue : public Venue {
 public:
  KrakenVenue(std::vector<Instrument> instruments, Limits limits, Clock clock, Outbox& outbox);
  ~KrakenVenue() override;

  // What section 1 of the sheet says, as limits.
  static Limits default_limits();

  std::string_view name() const noexcept override { return "kraken"; }
  const Limits& limits() const noexcept override { return limits_; }
  std::vector<std::string> symbols() const override;
  Profile profile() const override { return {.book_depth = 100}; }
  std::string instruments_body() const override;
  bool serves(std::string_view path) const override { return path == "/v2"; }
  void on_open(ClientId client, std::string_view path, std::string_view query) override;
  void on_text(ClientId client, std::string_view text) override;
  void on_close(ClientId client) override;
  void on_http(const HttpRequest& request, HttpReply reply) override;
  bool wanted() const override { return subscriptions_ != 0; }
  void on_second() override;

  // The text of AssetPairs is taken from here instead of being made from the instruments.
  void set_asset_pairs(std::string body) { asset_pairs_ = std::move(body); }

 protected:
  // One stream: a channel of one instrument and its depth or interval in minutes (else 0). The ticker with trigger
  // `bbo` is Channel::kQuote, the one with `trades` Channel::kTicker.
  struct Stream {
    std::size_t instrument = 0;
    Channel channel = Channel::kControl;
    int detail = 0;

    friend auto operator<=>(const Stream&, const Stream&) = default;
  };

  // A client has subscribed and got its ack: what it is sent first. `snapshot` is the client's wish.
  virtual void on_subscribed(ClientId client, const Stream& stream, bool snapshot) = 0;
  virtual void on_unsubscribed(ClientId client, const Stream& stream);
  // The book as REST shows it, at most `count` levels a side.
  virtual std::string depth_body(std::size_t instrument, std::size_t count) = 0;
  // Depth that an ack confirms; a recording knows only its own.
  virtual int granted_depth(std::size_t instrument, int asked) const;

  using Clients = std::vector<ClientId>;
  // Streams of one instrument that have clients; sorted by channel and detail.
  const std::map<Stream, Clients>& streams() const noexcept { return streams_; }
  const Clients* clients_of(const Stream& stream) const noexcept;
  std::span<const Instrument> instruments() const noexcept { return instruments_; }
  std::size_t find(std::string_view symbol) const noexcept;  // npos if unknown
  std::int64_t now() const { return clock_(); }
  Outbox& outbox() noexcept { return *outbox_; }
  // Sends one data message to all of them.
  void broadcast(const Clients& clients, std::string_view text, const Tag& tag);
  void send(ClientId client, std::string_view text, const Tag& tag);

  static constexpr std::size_t kUnknown = static_cast<std::size_t>(-1);

 private:
  struct Session {
    std::set<Stream> streams;
    bool instrument_channel = false;
    std::int64_t last_sent_ns = 0;
  };
  struct Request;

  void subscribe(ClientId client, const Request& request);
  void subscribe_one(ClientId client, const Request& request, std::string_view symbol);
  void unsubscribe(ClientId client, const Request& request);
  void subscribe_instruments(ClientId client, const Request& request);
  bool remove(ClientId client, const Stream& stream);
  void acknowledge(ClientId client, const Request& request, const Stream& stream, std::string_view symbol);
  void refuse(ClientId client, const Request& request, std::string_view error, std::string_view symbol);
  HttpAnswer answer(const HttpRequest& request);
  HttpAnswer depth(std::string_view query);

  std::vector<Instrument> instruments_;
  std::unordered_map<std::string, std::size_t> by_symbol_;
  std::unordered_map<std::string, std::size_t> by_rest_name_;
  Limits limits_;
  Clock clock_;
  Outbox* outbox_;
  std::unordered_map<ClientId, Session> sessions_;
  std::map<Stream, Clients> streams_;
  std::size_t subscriptions_ = 0;
  std::string asset_pairs_;
};

namespace kraken {
// REST spelling of a pair: {"XXBTZUSD", "XBTUSD", "XBT/USD", "XXBT", "ZUSD"} for BTC/USD.
struct RestNames {
  std::string key, altname, wsname, base, quote;
};
RestNames rest_names(const Instrument& instrument);
std::string asset_pairs(std::span<const Instrument> instruments);
}  // namespace kraken

}  // namespace millrace::sim
