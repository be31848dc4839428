#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/account/orders.h"
#include "normalize/account/recent_ids.h"
#include "normalize/account/told_orders.h"
#include "normalize/venues/kraken/account_messages.h"

namespace millrace::normalize::kraken {

// "kraken/account/order/exec_id": the id of a fill, the same from the stream and from TradesHistory, whose keys are the
// stream's exec_ids unless fills of a taker are merged.
std::string fill_id(std::string_view account, std::string_view order_id, std::string_view exec_id);

// "BTC-USD" of "BTC/USD"; empty if it has no slash.
std::string instrument_of(std::string_view symbol);

// What the messages of `executions` mean for one account: reports made whole, told once each, and counted.
class AccountExecutions {
 public:
  explicit AccountExecutions(std::string account) : account_(std::move(account)) {}

  // See AccountAdapter::restore.
  void restore(const ToldBefore& before);
  std::size_t open_count() const noexcept { return orders_.open_count(); }

  // Called for each fill that is told for the first time.
  using OnFill = std::function<void(const ExecutionRow& fill)>;

  struct Told {
    bool news = false;      // something that had not been told
    bool mismatch = false;  // quantities that do not add up: a fill is missing
  };
  // How the message stands to those before it. What an overtaken one says anew is told, but takes no order back.
  enum class Place : std::uint8_t {
    kNext,
    kOvertaken,  // one with a higher number came before it
    kUnknown,    // no number tells: a row is overtaken if it is behind what is known of its order
  };
  // Publishes the rows of a message, of a snapshot the fills first, by time.
  Told publish(AccountMessage& message, Place place, const OnFill& on_fill, AccountSink& out);

  // Orders that are open as far as we know, and that this snapshot does not name, in order of their ids.
  std::vector<std::string> missing_in(const AccountMessage& snapshot) const;
  // How such an order ended, by REST. One that ended or went on meanwhile is dropped.
  Told publish_found(ExecutionRow row, AccountSink& out);
  // REST does not know such an order, which may lag behind the stream. True: ask again after that lag. False: nothing
  // is to be asked, as its end is known, or was told now as unknown_end(): the second time without a word of the
  // stream.
  bool on_unknown(const std::string& order_id, AccountSink& out);

 private:
  Told publish_fill(ExecutionRow& row, bool overtaken, AccountMeta meta, AccountSink& out);
  Told publish_state(ExecutionRow& row, bool overtaken, AccountMeta meta, AccountSink& out);
  bool is_behind(const schemas::Execution& report) const;
  void keep_ahead(schemas::Execution& report) const;
  void emit(ExecutionRow& row, AccountMeta& meta, AccountSink& out);
  // Cumulative quantity known of an order before a report; null if unknown.
  const schemas::WideDecimal* known_total(const std::string& order_id) const;

  const std::string account_;
  Orders orders_{1'000};
  // Event ids. Fifty fills come again with each connect, anything with a repeated frame.
  RecentIds fills_{2'000};
  RecentIds states_{1'000};
  std::set<std::string> doubted_;  // open orders that REST did not know once
};

}  // namespace millrace::normalize::kraken
