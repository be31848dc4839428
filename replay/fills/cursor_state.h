#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/events/account.h"

namespace millrace::fills {

using schemas::UnixNanos;

// How far each scope (a symbol, or "" for the whole account) is complete, by the venue's clock. Holds what is in the
// cursor topic: the sidecar changes a copy, commits it, and keeps it only if the commit was confirmed.
class CursorState {
 public:
  // Nothing known yet.
  CursorState() = default;

  // What the topic says, or says by now: each scope goes on from whichever is later.
  void adopt(const schemas::Cursor& cursor);

  std::optional<UnixNanos> through(std::string_view symbol) const;
  const std::map<std::string, UnixNanos, std::less<>>& scopes() const noexcept { return scopes_; }

  // [from, through] was read whole and every fill in it is in the topic. Moves the scope only if the range joins on to
  // what is complete already, and never back: anything between would be claimed without having been read. A scope that
  // is not there yet begins here if `may_begin`. True if the scope is complete through `through` now.
  bool advance(const std::string& symbol, UnixNanos from, UnixNanos through, bool may_begin);

  // The scopes as the topic wants them; the caller fills in who writes.
  std::vector<schemas::CursorScope> to_scopes() const;

 private:
  std::map<std::string, UnixNanos, std::less<>> scopes_;
};

}  // namespace millrace::fills
