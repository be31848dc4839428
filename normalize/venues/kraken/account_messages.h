#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/json/json_tree.h"
#include "schemas/events/account.h"

// The messages of ws-auth as the venue names them, before anything is known of orders or balances (sheet, 5.2 and 5.3).
namespace millrace::normalize::kraken {

using schemas::UnixNanos;

// One report about an order: an element of `executions`, or a row of QueryOrders.
struct ExecutionRow {
  std::string symbol;         // "BTC/USD"; updates that are sparse and REST rows leave it empty
  schemas::Execution report;  // what this row says; event_id is empty
  std::string exec_type;      // as sent
  std::optional<UnixNanos> time;
  std::int64_t trade_id = 0;  // of a fill: rises per pair
};

// One wallet of one asset in a snapshot of `balances`.
struct WalletRow {
  std::string asset;
  std::string wallet;  // "spot/main"; empty if the venue names none
  schemas::WideDecimal total;
};

// An entry of the account's ledger: an update of `balances`. new = old + amount - fee.
struct LedgerRow {
  std::string ledger_id;
  std::string ref_id;  // what caused it; two entries of one trade share it
  std::string type;    // "trade", "deposit", "rollover"...
  std::string asset;
  std::string wallet;
  schemas::WideDecimal amount;
  std::optional<schemas::WideDecimal> fee;
  schemas::WideDecimal balance;  // after the entry
  std::optional<UnixNanos> time;
};

// The answer to a subscribe or unsubscribe.
struct AccountReply {
  bool subscribe = false;  // else unsubscribe
  bool success = false;
  std::string channel;  // empty in a refusal
  std::string error;
  std::optional<std::int64_t> req_id;
};

enum class AccountMessageKind : std::uint8_t {
  kUnknown,  // well-formed, but not one that we know
  kHeartbeat,
  kPong,
  kStatus,
  kReply,
  kForeignReply,  // to a request that is not ours: order entry
  kExecutions,
  kBalances
};

// One decoded frame; `kind` says which members are filled.
struct AccountMessage {
  AccountMessageKind kind = AccountMessageKind::kUnknown;
  bool snapshot = false;
  std::int64_t sequence = 0;  // from the snapshot of the subscription on, +1 each
  std::vector<ExecutionRow> executions;
  std::vector<WalletRow> wallets;  // a snapshot's
  std::vector<LedgerRow> ledger;   // an update's
  std::string system;              // of a status
  AccountReply reply;
};

// Reads one whole frame (kFramePadding readable bytes behind it). Errors name the place ("data[0].exec_type"). A word
// for a kind or state of orders that we do not know is an error in an update, since it might be a fill; in a snapshot,
// where it would come again for ever, it becomes a state without a name.
Result<AccountMessage> read_account_message(JsonParser& parser, std::string_view text);

// The row of one order in the answer of QueryOrders, whose member name is its id. Its symbol stays empty: REST spells
// pairs in another way, and who asks knows the order.
Result<ExecutionRow> read_order_row(const JsonNode& row, std::string place);

}  // namespace millrace::normalize::kraken
