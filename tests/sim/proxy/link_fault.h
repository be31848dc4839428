#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tests/sim/accounts/random.h"

namespace millrace::sim {

// All that a network, or a broken box in it, can do to the bytes of a TCP connection. The README's table says what each
// does.
enum class LinkFaultKind : std::uint8_t {
  kDelay,
  kDrop,
  kReset,
  kHalfClose,
  kDrip,
  kCorrupt,
  kDuplicate,
  kReorder,
  kPartition,
};
std::string_view name(LinkFaultKind kind) noexcept;

// kUp: from the client to the server behind the proxy.
enum class LinkDirection : std::uint8_t { kUp, kDown };

// One order to a proxy. kDelay and kPartition last until they are cleared; the others strike a chunk (what one read
// gave, at most 16 KiB) and are used up by that.
struct LinkFault {
  LinkFaultKind kind = LinkFaultKind::kDelay;
  bool up = true;    // strikes this direction ...
  bool down = true;  // ... and this one
  double rate = 0;   // chance per chunk; 0 = the first that comes
  std::uint64_t after =
      0;  // bytes of the connection, in that direction, that pass before; RST comes after exactly so many
  std::uint64_t times = 1;     // how often it strikes; 0 = until it is cleared
  std::int64_t ms = 100;       // of a delay
  std::uint64_t bytes = 1000;  // of a drip
};

// Reads {"kind":"reset","direction":"up","after":1000,"rate":0.1,"times":0,"ms":50,"bytes":10}; all but the kind may be
// left out. The error is a text for the user.
std::variant<LinkFault, std::string> parse_link_fault(std::string_view json);

// What becomes of a chunk: pieces to send in order, and how the direction ends, if it does.
struct LinkOutcome {
  struct Piece {
    std::string bytes;
    std::chrono::milliseconds wait{0};  // before it is sent, after the piece before it
  };
  std::vector<Piece> pieces;
  std::chrono::milliseconds late{0};  // the whole chunk, whatever came before it
  enum class End : std::uint8_t { kNone, kHalfClose, kReset } end = End::kNone;
};

// The faults of one proxy, and all chance in it: the same orders and chunks give the same faults. No I/O; one thread.
class LinkFaults {
 public:
  explicit LinkFaults(std::uint64_t seed) : random_(seed) {}

  void add(const LinkFault& fault) { faults_.push_back(fault); }
  void clear() { faults_.clear(); }
  bool partitioned(LinkDirection direction) const noexcept;

  // `passed`: bytes of this connection and direction before the chunk.
  LinkOutcome pass(LinkDirection direction, std::uint64_t passed, std::string chunk);
  // How often each kind has struck, as JSON: {"drop":1}.
  std::string counts() const;

 private:
  static bool concerns(const LinkFault& fault, LinkDirection direction) noexcept;
  bool strikes(LinkFault& fault, LinkDirection direction, std::uint64_t passed, std::size_t size);
  void apply(const LinkFault& fault, std::uint64_t passed, std::string& chunk, LinkOutcome& out);

  std::vector<LinkFault> faults_;
  std::vector<std::uint64_t> struck_ = std::vector<std::uint64_t>(9, 0);  // by kind
  accounts::Random random_;
};

}  // namespace millrace::sim
