#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "normalize/account/account_adapter.h"

namespace millrace::fills::test {

inline constexpr std::int64_t kMs = 1'000'000;
inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::int64_t kDay = 24 * kHour;

// A fill of the venue's ledger; REST shows it from `shown_at` on, by the venue's clock.
struct LedgerFill {
  std::string trade_id, symbol, order_id;
  schemas::UnixNanos time = 0;
  schemas::UnixNanos shown_at = 0;
  std::string quantity = "1", price = "100", fee = "0.1";
  schemas::ExecutionKind kind = schemas::ExecutionKind::kTrade;
};
normalize::FoundFill found(const LedgerFill& fill);

// A venue that fits on a page: rows ascend by time and then by id, pages are asked for by offset. Answers are lines,
// the last of which is "END".
class SmallVenue final : public normalize::AccountVenue {
 public:
  explicit SmallVenue(bool per_symbol = false);

  std::string_view venue_name() const noexcept override { return "small"; }
  const normalize::AccountCapabilities& capabilities() const noexcept override { return capabilities_; }
  const normalize::TokenRule& token() const noexcept override { return token_; }
  const std::string& ws_url() const noexcept override { return url_; }
  const std::string& rest_url() const noexcept override { return url_; }
  std::unique_ptr<normalize::AccountAdapter> make_adapter(std::string account,
                                                          std::vector<std::string> symbols) const override;
  std::unique_ptr<normalize::FillWalk> walk_fills(std::string account, normalize::SweepRange range) const override;
  // 200 is good, 429 limited, 401 auth, 408 clock, 409 nonce, 498 token, 400 refused, all else transient. A body
  // "wait N" asks for N ns of quiet.
  normalize::Judgement judge(const normalize::PrivateAnswer& answer) const override;
  normalize::PrivateRequest time_request() const override;
  normalize::Result<schemas::UnixNanos> read_time(const normalize::PrivateAnswer& answer) const override;

  // The answer's body to a request for fills.
  std::string page(const std::string& target, const std::vector<LedgerFill>& ledger,
                   schemas::UnixNanos venue_now) const;

  std::size_t page_size = 3;

 private:
  normalize::AccountCapabilities capabilities_;
  normalize::TokenRule token_;
  const std::string url_ = "https://small.test";
};

}  // namespace millrace::fills::test
