#include "replay/fills/cursor_state.h"

#include <algorithm>

namespace millrace::fills {

void CursorState::adopt(const schemas::Cursor& cursor) {
  for (const schemas::CursorScope& scope : cursor.scopes) {
    UnixNanos& through = scopes_[scope.symbol];
    through = std::max(through, scope.complete_through);
  }
}

std::optional<UnixNanos> CursorState::through(std::string_view symbol) const {
  const auto place = scopes_.find(symbol);
  return place == scopes_.end() ? std::nullopt : std::optional(place->second);
}

bool CursorState::advance(const std::string& symbol, UnixNanos from, UnixNanos through, bool may_begin) {
  const auto place = scopes_.find(symbol);
  if (place == scopes_.end()) {
    if (!may_begin || through < from) return false;
    scopes_.emplace(symbol, through);
    return true;
  }
  if (from <= place->second) place->second = std::max(place->second, through);
  return place->second >= through;
}

std::vector<schemas::CursorScope> CursorState::to_scopes() const {
  std::vector<schemas::CursorScope> scopes;
  for (const auto& [symbol, through] : scopes_) scopes.push_back({symbol, through});
  return scopes;
}

}  // namespace millrace::fills
