#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replay/history/source.h"
#include "replay/history/stream.h"
#include "schemas/events/market.h"

// Made-up history for tests: records as a source has them.
namespace millrace::history::test {

inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kBegin = 1'700'000'000 * kSecond;

struct Made {
  std::string topic, key, bytes;
  friend bool operator==(const Made&, const Made&) = default;
};

// What a record's Meta says; the rest is usual.
struct Told {
  std::int64_t seq = 1;
  std::int64_t at = kBegin;  // receive time, ns
  std::string instrument = "BTC-USD";
  std::int64_t epoch = 1;
  std::string venue = "kraken";
  schemas::Origin origin = schemas::Origin::kLive;
  std::uint32_t flags = 0;
  std::optional<std::int64_t> published = {};
};

Made trade(const Told& told, std::int64_t price = 100);
using Levels = std::vector<schemas::Level>;
Made book(const Told& told, schemas::BookKind kind, const Levels& bids, const Levels& asks, std::int32_t exponent = -1);
Made execution(const Told& told, const std::string& account);

// A source that has these.
class Tape final : public Source {
 public:
  explicit Tape(std::vector<Made> records) : records_{std::move(records)} {}
  bool next(SourceRecord& out) override;
  Progress progress() const override;

 private:
  std::vector<Made> records_;
  std::size_t next_ = 0;
};

std::vector<std::unique_ptr<Source>> sources(std::vector<std::vector<Made>> tapes);

}  // namespace millrace::history::test
