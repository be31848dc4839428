#include "normalize/venues/kraken/kraken.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "normalize/venues/kraken/adapter.h"
#include "normalize/venues/kraken/reference.h"
#include "normalize/venues/kraken/requests.h"
#include "normalize/venues/registry.h"

namespace millrace::normalize::kraken {

namespace {

constexpr std::string_view kWsUrl = "wss://ws.kraken.com/v2";
constexpr std::string_view kRestUrl = "https://api.kraken.com";
constexpr std::string_view kAssetPairs = "/0/public/AssetPairs";

// Which datasets each symbol has on one connection.
using Carried = std::map<std::string, std::set<Dataset>, std::less<>>;

bool conflicts(const Carried& carried, const Subscription& one) {
  const auto found = carried.find(one.symbol);
  if (found == carried.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [&one](Dataset other) { return share_a_key(other, one.dataset); });
}

// Puts a subscription on the first connection where it does not get in another's way.
// First fit: the number of connections is the largest number of subscriptions of one symbol that exclude each other,
// commonly one or two.
void place(const Subscription& one, const std::string& url, std::vector<ConnectionPlan>& plans,
           std::vector<Carried>& carried) {
  std::size_t at = 0;
  while (at < plans.size() && conflicts(carried[at], one)) ++at;
  if (at == plans.size()) {
    plans.push_back({url, {}});
    carried.emplace_back();
  }
  if (carried[at][one.symbol].insert(one.dataset).second) plans[at].subscriptions.push_back(one);
}

}  // namespace

KrakenVenue::KrakenVenue(const VenueOptions& options) : state_(options), books_(state_), rows_(state_) {}

std::string_view KrakenVenue::rest_url() const noexcept {
  return state_.options.rest_url.empty() ? kRestUrl : std::string_view(state_.options.rest_url);
}

std::vector<RestRequest> KrakenVenue::reference_requests() const {
  return {{.key = "reference", .target = std::string(kAssetPairs), .weight = 1, .not_before = 0}};
}

// Told apart by the one word that every frame has and no REST answer.
Result<void> KrakenVenue::on_reference(const RestAnswer& answer, EventSink& out) {
  if (answer.status != 0 && answer.status != 200) {
    return Error{Errc::kRefused, fmt::format("{} status {}", answer.target, answer.status)};
  }
  const bool is_frame = answer.body.find("\"channel\"") != std::string_view::npos;
  auto read = is_frame ? reader_.read(answer.body, message_) : reader_.read_asset_pairs(answer.body, message_);
  if (!read) return read;
  if (message_.kind != MessageKind::kInstrument) return Error{Errc::kMissingField, "pairs"};
  apply_reference(message_, state_, out);
  return {};
}

// As few connections as the conflicts allow: the venue documents no limit of subscriptions on one, but counts connects.
Result<std::vector<ConnectionPlan>> KrakenVenue::plan(std::span<const Subscription> wanted) const {
  const int depth = state_.options.book_depth;
  if (depth != 0 && !is_offered_depth(depth)) {
    return Error{Errc::kRefused, fmt::format("book_depth {}: kraken has 10, 25, 100, 500, 1000", depth)};
  }
  const std::string url = state_.options.ws_url.empty() ? std::string(kWsUrl) : state_.options.ws_url;
  std::vector<ConnectionPlan> plans;
  std::vector<Carried> carried;
  for (const Subscription& one : wanted) {
    const bool derived = one.dataset == Dataset::kBboBook;
    if (one.symbol.empty() || (!derived && channel_of(one.dataset).empty())) {
      return Error{Errc::kRefused, fmt::format("kraken has no {} of \"{}\"", name(one.dataset), one.symbol)};
    }
    // What is derived from the book needs it.
    if (derived) place({one.symbol, Dataset::kBook}, url, plans, carried);
    place(one, url, plans, carried);
  }
  return plans;
}

std::unique_ptr<VenueAdapter> KrakenVenue::connect() { return std::make_unique<KrakenAdapter>(state_, books_, rows_); }

}  // namespace millrace::normalize::kraken

namespace millrace::normalize {

std::span<const VenueEntry> kraken_venues() noexcept {
  static constexpr std::array<VenueEntry, 1> kVenues = {
      {{"kraken", [](const VenueOptions& options) -> std::unique_ptr<Venue> {
          return std::make_unique<kraken::KrakenVenue>(options);
        }}}};
  return kVenues;
}

}  // namespace millrace::normalize
