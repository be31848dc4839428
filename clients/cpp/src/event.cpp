#include "clients/cpp/src/event.h"

#include <array>

namespace millrace::client {
namespace {

Scope scope(const Execution& execution) {
  Scope scope{execution.meta.venue, execution.meta.account, {}};
  if (!execution.meta.symbol.empty()) scope.symbols.emplace_back(execution.meta.symbol);
  if (!execution.meta.instrument.empty()) scope.symbols.emplace_back(execution.meta.instrument);
  return scope;
}

Scope scope(const Balance& balance) { return {balance.meta.venue, balance.meta.account, {}}; }
Scope scope(const Connection& connection) { return {connection.venue, connection.account, {}}; }
Scope scope(const AccountError& error) { return {error.venue, error.account, {}}; }

Scope scope(const Recovered& recovered) {
  return {recovered.venue, recovered.account, {recovered.symbols.begin(), recovered.symbols.end()}};
}

}  // namespace

std::string_view name(Call call) noexcept {
  static constexpr std::array<std::string_view, 11> kNames{
      "on_filled",  "on_partially_filled", "on_corrected",    "on_cancelled", "on_rejected", "on_order",
      "on_balance", "on_connected",        "on_disconnected", "on_recovered", "on_error"};
  return kNames[static_cast<std::size_t>(call)];
}

void make_call(AccountListener& listener, const Event& event) {
  switch (event.call) {
    case Call::kFilled:
      return listener.on_filled(std::get<Execution>(event.body));
    case Call::kPartiallyFilled:
      return listener.on_partially_filled(std::get<Execution>(event.body));
    case Call::kCorrected:
      return listener.on_corrected(std::get<Execution>(event.body));
    case Call::kCancelled:
      return listener.on_cancelled(std::get<Execution>(event.body));
    case Call::kRejected:
      return listener.on_rejected(std::get<Execution>(event.body));
    case Call::kOrder:
      return listener.on_order(std::get<Execution>(event.body));
    case Call::kBalance:
      return listener.on_balance(std::get<Balance>(event.body));
    case Call::kConnected:
      return listener.on_connected(std::get<Connection>(event.body));
    case Call::kDisconnected:
      return listener.on_disconnected(std::get<Connection>(event.body));
    case Call::kRecovered:
      return listener.on_recovered(std::get<Recovered>(event.body));
    case Call::kError:
      return listener.on_error(std::get<AccountError>(event.body));
  }
}

Scope scope_of(const Event& event) {
  return std::visit([](const auto& body) { return scope(body); }, event.body);
}

}  // namespace millrace::client
