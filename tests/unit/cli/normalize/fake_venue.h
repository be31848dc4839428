#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/venue_adapter.h"

namespace millrace::cli::test {

using normalize::Dataset;
using normalize::EventMeta;
using normalize::EventSink;
using normalize::StreamKey;

// A venue of our own invention that keeps a log of what it is told. A frame "trade PRICE" is one trade of symbol "X/Y"
// with that integer price and quantity 2; "gap" declares a hole in its trades; "bad" is an error; all else is nothing.
class FakeVenue final : public normalize::Venue {
 public:
  class Adapter final : public normalize::VenueAdapter {
   public:
    Adapter(FakeVenue& venue, int number) : venue_{venue}, name_{"#" + std::to_string(number)} {}

    void on_open(std::span<const normalize::Subscription>, normalize::UnixNanos, EventSink&,
                 normalize::Commands& todo) override {
      venue_.log.push_back(name_ + " open");
      todo.send.push_back("subscribe");
      todo.wake_at = 1;
    }
    void change(std::span<const normalize::Subscription>, std::span<const normalize::Subscription>,
                normalize::UnixNanos, EventSink&, normalize::Commands&) override {}
    normalize::Result<void> on_frame(const normalize::Frame& frame, EventSink& out, normalize::Commands&) override {
      venue_.log.push_back(name_ + " frame " + std::string{frame.text} + " at " + std::to_string(frame.receive_time));
      if (frame.text.data()[frame.text.size() + normalize::kFramePadding - 1] != '\0') std::abort();
      if (frame.text == "bad") return normalize::Error{normalize::Errc::kBadNumber, "price"};
      const StreamKey key{venue_.table.intern("X/Y"), Dataset::kTrade};
      if (frame.text == "gap") out.on_gap(key, {schemas::GapKind::kVenue, 3, 5, 3, "sequence"});
      if (!frame.text.starts_with("trade ")) return {};
      schemas::Trade trade;
      trade.price = std::atol(std::string{frame.text.substr(6)}.c_str());
      trade.quantity = 2;
      trade.trade_id = "7";
      out.on_trade(key, EventMeta{}, trade);
      return {};
    }
    normalize::Result<void> on_rest(const normalize::RestAnswer& answer, EventSink&, normalize::Commands&) override {
      venue_.log.push_back(name_ + " rest " + std::string{answer.target} + " " + std::to_string(answer.status) + " " +
                           std::string{answer.body});
      return {};
    }
    void on_time(normalize::UnixNanos, EventSink&, normalize::Commands&) override { venue_.log.push_back("time"); }
    void on_close(normalize::UnixNanos, EventSink&) override { venue_.log.push_back(name_ + " close"); }

   private:
    FakeVenue& venue_;
    std::string name_;
  };

  std::string_view venue_name() const noexcept override { return "fake"; }
  const normalize::Capabilities& capabilities() const noexcept override { return abilities; }
  normalize::InstrumentTable& instruments() noexcept override { return table; }
  std::string_view rest_url() const noexcept override { return ""; }
  std::vector<normalize::RestRequest> reference_requests() const override {
    return {{"instruments", "/instruments?all=1", 1, 0}};
  }
  normalize::Result<void> on_reference(const normalize::RestAnswer& answer, EventSink&) override {
    log.push_back("reference " + std::string{answer.target} + " " + std::string{answer.body});
    return {};
  }
  normalize::Result<std::vector<normalize::ConnectionPlan>> plan(
      std::span<const normalize::Subscription>) const override {
    return std::vector<normalize::ConnectionPlan>{};
  }
  std::unique_ptr<normalize::VenueAdapter> connect() override { return std::make_unique<Adapter>(*this, ++adapters_); }
  bool refresh(normalize::InstrumentId, EventSink&) override { return false; }
  void set_audit(normalize::BookAudit* to) noexcept override { audit = to; }

  normalize::InstrumentTable table;
  normalize::Capabilities abilities;
  normalize::BookAudit* audit = nullptr;
  std::vector<std::string> log;

 private:
  int adapters_ = 0;
};

}  // namespace millrace::cli::test
