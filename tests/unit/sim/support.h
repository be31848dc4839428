#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sim/market/book.h"
#include "tests/sim/venues/venue.h"

// Verbs that the simulator's tests share.
namespace millrace::sim {

// An outbox that keeps what it is given, and a clock that stands still until it is moved.
class Inbox : public Outbox {
 public:
  struct Message {
    ClientId to = 0;
    std::string text;
    Tag tag;
  };

  void send(ClientId to, std::string_view text, const Tag& tag) override {
    messages.push_back({to, std::string(text), tag});
  }
  void close(ClientId client, std::uint16_t code, std::string_view) override { closed[client] = code; }
  // Takes the frame's header off.
  void send_framed(ClientId to, std::string_view frame) override;
  bool crowded() const override { return full; }

  // Texts for one client since the last call.
  std::vector<std::string> take(ClientId client);
  Clock clock() {
    return [this] { return now_ns; };
  }

  std::vector<Message> messages;
  std::map<ClientId, std::uint16_t> closed;
  std::int64_t now_ns = 1'700'000'000'000'000'000;
  bool full = false;
};

// What a REST request gets; status 0 = no answer yet.
HttpAnswer ask(Venue& venue, std::string_view target);

// A book as a client keeps it: sets rows of {"price":..,"qty":..} (Kraken) or ["..",".."] (Binance). Numbers are read
// as text, exactly.
class ClientBook {
 public:
  ClientBook(int price_decimals, int quantity_decimals) : price_(price_decimals), quantity_(quantity_decimals) {}

  void set_kraken(std::string_view message);
  // `bids` and `asks` are the keys of the arrays.
  void set_binance(std::string_view message, std::string_view bids, std::string_view asks);
  void truncate(std::size_t depth);
  const Book& book() const noexcept { return book_; }
  // Are the `levels` best of both sides, or all there are, the same?
  bool same_as(const Book& other, std::size_t levels) const;

 private:
  void set_rows(Side side, std::string_view rows, bool kraken);

  int price_;
  int quantity_;
  Book book_;
};

// The integer after `"key":`; -1 if it is not there.
std::int64_t number_after(std::string_view text, std::string_view key);
// The string after `"key":"`.
std::string_view text_after(std::string_view text, std::string_view key);

}  // namespace millrace::sim
