// Alpaca's trade_updates (protocols/alpaca.md section 5).
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/accounts/alpaca_account.h"
#include "tests/sim/accounts/crypto.h"
#include "tests/sim/accounts/ids.h"
#include "tests/sim/accounts/json_in.h"
#include "tests/sim/accounts/times.h"

namespace millrace::sim::accounts {

namespace {
constexpr auto kBinary = Outgoing::Kind::kBinary;
}

bool AlpacaAccount::serves(std::string_view target) const { return target.substr(0, target.find('?')) == "/stream"; }

// Nothing is said before the client has shown its key.
void AlpacaAccount::on_open(ConnId conn, std::string_view) { conns_[conn] = {}; }

void AlpacaAccount::on_message(ConnId id, std::string_view text) {
  Conn& conn = conns_[id];
  const JsonIn message(text);
  const std::string action = message.text("/action");
  if (action == "auth") return authorize(id, conn, message.text("/key"), message.text("/secret"));
  if (action == "authenticate") {
    return authorize(id, conn, message.text("/data/key_id"), message.text("/data/secret_key"));
  }
  if (action != "listen") {
    return say(id, R"({"action":"error","data":{"error_message":"invalid action"}})", kBinary);
  }
  if (!conn.authorized) {
    return say(id, R"({"stream":"authorization","data":{"status":"unauthorized","action":"listen"}})", kBinary);
  }
  const auto streams = message.texts("/data/streams");
  conn.listening = std::find(streams.begin(), streams.end(), "trade_updates") != streams.end();
  say(id,
      fmt::format(R"({{"stream":"listening","data":{{"streams":[{}]}}}})", conn.listening ? R"("trade_updates")" : ""),
      kBinary);
}

// One socket an account: whoever comes while another is there is sent away with 406, also while that one is only
// dying.
void AlpacaAccount::authorize(ConnId id, Conn& conn, std::string_view key_id, std::string_view secret) {
  const int key_number = key_index(key_id);
  const bool good = key_number >= 0 && same_proof(secret, key(key_number).secret) && knobs().address_refused == 0;
  if (!good) {
    count_refusal();
    return say(id,
               R"({"stream":"authorization","data":{"action":"authenticate",)"
               R"("message":"access key verification failed","status":"unauthorized"}})",
               kBinary);
  }
  for (const auto& [other, state] : conns_) {
    if (other == id || !state.authorized) continue;
    count_refusal();
    say(id, R"({"action":"error","data":{"error_message":"connection limit exceeded","code":406}})", kBinary);
    return close(id, 1008, "connection limit exceeded");
  }
  conn.authorized = true;
  say(id, R"({"stream":"authorization","data":{"status":"authorized","action":"authenticate"}})", kBinary);
}

void AlpacaAccount::tell(const Event& event, std::string_view word, const std::string& more) {
  const std::string text =
      fmt::format(R"({{"stream":"trade_updates","data":{{"event":"{}",{}"order":{},"timestamp":"{}"}}}})", word, more,
                  order_row(event.order), rfc3339(event.time_ns, 9));
  for (auto& [id, conn] : conns_) {
    if (conn.listening) stream(id, text, kBinary);
  }
}

void AlpacaAccount::publish(const Event& event) {
  const std::string own_id = fmt::format(R"("execution_id":"{}",)", uuid('V', seed(), event.number));
  switch (event.kind) {
    case EventKind::kPlaced:
      tell(event, "pending_new", R"("execution_id":null,)");
      return tell(event, "new", own_id);
    case EventKind::kFill: {
      const Fill& fill = event.fill;
      const std::string& base = ledger().instrument(fill.symbol)->base;
      Amount position = 0;
      for (const Change& change : event.changes) {
        if (change.asset == base) position = change.after.total;
      }
      return tell(event, event.order.left() == 0 ? "fill" : "partial_fill",
                  fmt::format(R"("execution_id":"{}","price":"{}","qty":"{}","position_qty":"{}",)", fill.id,
                              plain(fill.price), plain(fill.quantity), plain(position)));
    }
    case EventKind::kBust:
      return tell(event, "trade_bust",
                  fmt::format(R"("execution_id":"{}","price":"{}","qty":"{}",)", event.fill.id, plain(event.fill.price),
                              plain(event.fill.quantity)));
    case EventKind::kCancelled:
      return tell(event, "canceled", own_id);
    case EventKind::kExpired:
      return tell(event, "expired", own_id);
    case EventKind::kReplaced:
      return tell(event, "replaced", own_id);
    case EventKind::kRejected:
      return tell(event, "rejected", own_id);
    default:
      return;  // balances are asked for; a filled order was told with its last fill
  }
}

}  // namespace millrace::sim::accounts
