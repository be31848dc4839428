#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "clients/cpp/src/record.h"
#include "millrace/account_listener.h"
#include "millrace/events.h"

namespace millrace::client {

// The callbacks of AccountListener.
enum class Call : std::uint8_t {
  kFilled,
  kPartiallyFilled,
  kCorrected,
  kCancelled,
  kRejected,
  kOrder,
  kBalance,
  kConnected,
  kDisconnected,
  kRecovered,
  kError
};
std::string_view name(Call call) noexcept;  // "on_filled"

// One call, ready to be made. Never changed, so listeners share it.
struct Event {
  RecordPtr record;  // what to park if it cannot be made; null: nothing
  Call call = Call::kOrder;
  std::variant<Execution, Balance, Connection, Recovered, AccountError> body;  // what `call` takes
};
using EventPtr = std::shared_ptr<const Event>;

void make_call(AccountListener& listener, const Event& event);

// What an event is about, for subscriptions. No venue or account: it concerns all. No symbol: it concerns none.
struct Scope {
  std::string_view venue;
  std::string_view account;
  std::vector<std::string_view> symbols;  // spellings of one symbol, or the symbols of a sweep
};
Scope scope_of(const Event& event);  // views into it

}  // namespace millrace::client
