#pragma once

#include <optional>
#include <string>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"
#include "normalize/venues/binance/account_config.h"
#include "normalize/venues/binance/account_report.h"

namespace millrace::normalize::binance {

// All fills of one symbol in a range of time (sheet, section 6). Windows of time find the first ones; from there pages
// go by trade id, each beginning with the last id of the one before: no number of fills in one millisecond can get lost
// between two pages, and both legs of a self-trade, which have one id, are read.
//
// Errors, beside those of the rows: kUnknownInstrument for a row of another symbol, kSequenceGap for a page that does
// not continue the one before, or whose ids are not ascending, or for a first page that is not the window's beginning.
class SymbolFills final : public FillWalk {
 public:
  // `page`: rows a page, at least 2 as a trade may have two; 0 = the venue's maximum.
  SymbolFills(const AccountConfig& config, std::string account, SweepRange range, int page = 0);

  PrivateRequest begin() override;
  Result<std::optional<PrivateRequest>> on_page(const PrivateAnswer& answer, std::vector<FoundFill>& fills) override;

 private:
  using Next = Result<std::optional<PrivateRequest>>;
  enum class Step : std::uint8_t {
    kWindow,  // looking for the first fill
    kProof,   // the window up to the full page's first fill: nothing may be before it
    kPages,   // by trade id
  };

  Result<std::vector<FillRow>> read_rows(std::string_view body);
  Next after_window(const std::vector<FillRow>& rows);
  Next after_proof(const std::vector<FillRow>& rows);
  Next after_page(const std::vector<FillRow>& rows);
  void keep(std::vector<FillRow>& rows, std::vector<FoundFill>& fills) const;
  PrivateRequest ask_window(std::int64_t from_ms, std::int64_t to_ms) const;
  PrivateRequest ask_page(std::int64_t from_id);
  PrivateRequest ask(std::string query) const;

  const AccountConfig& config_;
  const std::string account_;
  const SweepRange range_;
  const std::size_t page_;
  JsonParser parser_;
  Step step_ = Step::kWindow;
  std::int64_t end_ms_;
  std::int64_t window_from_ms_;
  std::int64_t window_to_ms_ = 0;
  std::int64_t first_id_ = 0;  // of the first full page
  std::int64_t last_id_ = 0;   // read so far
  bool overlap_ = true;        // the page asked for begins with last_id_
};

}  // namespace millrace::normalize::binance
