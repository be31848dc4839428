#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tests/sim/faults/fault_book.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim {

// What a connection can be made to do with a message, or instead of it.
class Delivery {
 public:
  virtual ~Delivery() = default;
  virtual void deliver(std::string_view text) = 0;
  virtual void deliver_in_fragments(std::string_view text) = 0;
  // Half a frame, then RST.
  virtual void break_off(std::string_view text) = 0;
  virtual void disconnect(std::uint16_t code, std::string_view reason) = 0;
  virtual void go_dead() = 0;
  virtual void go_slow(std::size_t bytes) = 0;
  virtual void flood_with_pings(int count) = 0;
};

// Stands between a venue and one connection and does to its messages what the fault book says. Belongs to the
// connection; not thread-safe.
class Injector {
 public:
  Injector(FaultBook& book, FaultLog& log, Clock clock, std::string_view venue, ClientId client)
      : book_(&book), log_(&log), clock_(std::move(clock)), venue_(venue), client_(client) {}

  void pass(std::string_view text, const Tag& tag, Delivery& to);
  // The connection is gone: gaps under way are written to the log as far as they got.
  void on_close();

 private:
  // Frames of one stream that are being left out.
  struct Gap {
    FaultRecord record;
    int left = 0;
  };

  bool held_back(std::string_view text, const Tag& tag, Delivery& to);
  bool continues_gap(const std::string& stream, const Tag& tag);
  void strike(const Fault& fault, std::string_view text, const Tag& tag, Delivery& to);
  void strike_message(const Fault& fault, std::string_view text, const Tag& tag, Delivery& to);
  void strike_connection(const Fault& fault, std::string_view text, Delivery& to);
  void note(const Fault& fault, const Tag& tag, int lost);
  bool silent(const Tag& tag);

  FaultBook* book_;
  FaultLog* log_;
  Clock clock_;
  std::string_view venue_;
  ClientId client_;
  std::map<std::string, std::string> reordered_;  // by stream: the message that waits for its successor
  std::map<std::string, Gap> gaps_;               // by stream
  bool gone_ = false;                             // half open or reset: nothing more happens here
  bool silence_ = false;
  std::string silent_symbol_;         // empty = everything
  std::int64_t silent_until_ns_ = 0;  // 0 = for ever
};

}  // namespace millrace::sim
