#include "normalize/venue_adapter.h"

namespace millrace::normalize {

void Commands::clear() {
  send.clear();
  rest.clear();
  wake_at.reset();
  reconnect = false;
  reason.clear();
}

}  // namespace millrace::normalize
