#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/accounts/knobs.h"

// What the private side of one account at one venue is to the rest: requests and texts come in, answers and texts go
// out. No socket, clock or thread, so that the TLS server and a property test with a clock of its own use the same.
namespace millrace::sim::accounts {

class Ledger;

// One WebSocket connection; numbered by the caller, never used twice.
using ConnId = std::uint32_t;

struct Header {
  std::string name;  // any case
  std::string value;
};

struct HttpAsk {
  std::string_view method = "GET";
  std::string_view target;  // path and query as sent: "/api/v3/time?x=1"
  std::string_view body = {};
  std::vector<Header> headers = {};
};

struct HttpReply {
  int status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  std::vector<Header> headers = {};
  // The connection ends inside the body: only so much of it arrives, and the client has no answer.
  bool cut = false;
};

// What the venue does on its own account with a connection.
struct Outgoing {
  enum class Kind : std::uint8_t {
    kText,
    kBinary,  // Alpaca's paper accounts
    kClose,   // closing handshake with `code`
    kReset,   // the transport is gone, perhaps with half of `data` as the last, unfinished frame
  };
  ConnId conn = 0;
  Kind kind = Kind::kText;
  std::string data;        // the message; of kClose the reason
  std::uint16_t code = 0;  // of kClose
};

// What a face did to its clients: a test that turns a knob looks here whether it struck.
struct FaceCounts {
  std::int64_t messages = 0, dropped = 0, lost = 0, duplicated = 0, reordered = 0, cuts = 0;
  std::int64_t requests = 0, rest_faults = 0, refused = 0;  // refused: signature, key, token, nonce or time wrong
};

// One account of one venue. `now` is the true time, ns since 1970, and never goes back between calls; the venue's own
// clock is `now` plus Knobs::clock_skew_ns. After any call, take_outgoing() has what to send, in order.
class AccountFace {
 public:
  virtual ~AccountFace() = default;

  // "kraken", "binance-spot", "binance-usdm", "coinbase-exchange", "coinbase-advanced", "alpaca".
  virtual std::string_view venue() const noexcept = 0;

  // Public and private REST of the account's host.
  virtual HttpReply rest(const HttpAsk& ask, std::int64_t now) = 0;

  // What a client's configuration puts behind the host of the WebSocket; may be empty.
  virtual std::string_view ws_path() const noexcept = 0;

  // Is there a WebSocket at this target? To be asked before open().
  virtual bool serves(std::string_view target) const = 0;
  // A connection is up; `target` is path and query of its upgrade.
  virtual void open(ConnId conn, std::string_view target, std::int64_t now) = 0;
  virtual void message(ConnId conn, std::string_view text, std::int64_t now) = 0;
  // It has ended, whoever ended it: also after kClose and kReset, which the caller carries out first. Nothing is sent
  // to it from kClose or kReset on.
  virtual void closed(ConnId conn, std::int64_t now) = 0;

  // Lets the account live until `now` and tells the stream; also what is due by time: heartbeats, expiries. Call it
  // every now and then, and after each command to the ledger.
  virtual void tick(std::int64_t now) = 0;
  virtual std::vector<Outgoing> take_outgoing() = 0;

  // Ends every connection (kReset).
  virtual void cut(std::int64_t now) = 0;

  // The truth, for commands and for comparison. Commands take the venue's time: now + clock_skew_ns.
  virtual Ledger& ledger() noexcept = 0;
  virtual const Ledger& ledger() const noexcept = 0;
  virtual Knobs& knobs() noexcept = 0;
  virtual const Knobs& knobs() const noexcept = 0;
  virtual const FaceCounts& counts() const noexcept = 0;
};

}  // namespace millrace::sim::accounts
