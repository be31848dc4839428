#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/session/session_settings.h"
#include "ingest/session/upgrade.h"
#include "ingest/session/url.h"
#include "tests/fuzz/encoding.h"

// Any bytes as the answer to our WebSocket request: whole or in pieces, the same answers are accepted. The first byte
// says whether the answer's "ACCEPT" is replaced by the value that our key wants.
namespace {

using millrace::ingest::Upgrade;
using millrace::test::require;

struct Outcome {
  Upgrade::Verdict verdict = Upgrade::Verdict::kNeedMore;
  std::size_t used = 0;
  int status = 0;
  bool deflate = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

const std::string kNonce(16, 'n');

std::unique_ptr<Upgrade> make_upgrade() {
  static const auto url = millrace::ingest::parse_ws_url("wss://venue.test/ws");
  static const millrace::ingest::SessionSettings settings;
  return std::make_unique<Upgrade>(*url, settings, kNonce);
}

// The session hands over what the answer has not used up yet.
Outcome feed(std::string_view bytes, std::size_t piece) {
  const auto upgrade = make_upgrade();
  Outcome outcome;
  std::size_t end = 0;
  while (outcome.verdict == Upgrade::Verdict::kNeedMore && end < bytes.size()) {
    end = std::min(end + piece, bytes.size());
    std::size_t used = 0;
    outcome.verdict = upgrade->feed(bytes.substr(outcome.used, end - outcome.used), used);
    outcome.used += used;
    require(outcome.used <= end);
  }
  outcome.status = upgrade->status();
  outcome.deflate = upgrade->deflate().enabled;
  require(upgrade->retry_after().count() >= 0);
  return outcome;
}

std::string with_accept(std::string_view bytes) {
  static constexpr std::string_view kKey = "Sec-WebSocket-Key: ";
  std::string text(bytes);
  const std::string request = make_upgrade()->request();
  const std::size_t key = request.find(kKey) + kKey.size();
  const std::size_t at = text.find("ACCEPT");
  if (at != std::string::npos) text.replace(at, 6, millrace::ingest::websocket_accept(request.substr(key, 24)));
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view raw(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string bytes = (data[0] & 1) != 0 ? with_accept(raw) : std::string(raw);
  const Outcome whole = feed(bytes, std::max<std::size_t>(bytes.size(), 1));
  const Outcome pieces = feed(bytes, 7);
  if (whole.verdict == Upgrade::Verdict::kAccepted) require(whole == pieces);
  if (pieces.verdict == Upgrade::Verdict::kAccepted) require(whole == pieces);
  static_cast<void>(millrace::ingest::parse_ws_url(raw));
  require(millrace::ingest::parse_retry_after(raw, 1'700'000'000).count() >= 0);
  return 0;
}
