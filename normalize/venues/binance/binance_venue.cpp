#include "normalize/venues/binance/binance_venue.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "normalize/venues/binance/binance_adapter.h"
#include "normalize/venues/binance/reference.h"
#include "normalize/venues/binance/streams.h"
#include "normalize/venues/registry.h"

namespace millrace::normalize {
namespace binance {

BinanceVenue::BinanceVenue(const VenueConfig& config, const VenueOptions& options)
    : config_(config), options_(options) {}
BinanceVenue::~BinanceVenue() = default;

std::string_view BinanceVenue::rest_url() const noexcept {
  return options_.rest_url.empty() ? config_.rest_url : std::string_view(options_.rest_url);
}

std::vector<RestRequest> BinanceVenue::reference_requests() const {
  return {{"exchangeInfo", std::string(config_.info_path), config_.info_weight, 0}};
}

// All rows are read before the first is stored: a broken answer leaves the table as it was.
Result<void> BinanceVenue::on_reference(const RestAnswer& answer, EventSink& out) {
  auto listings = read_exchange_info(parser_, answer.body);
  if (!listings) return listings.error();
  reference_loaded_ = true;
  for (Listing& listing : *listings) {
    InstrumentId id{};
    if (!store_listing(std::move(listing), table_, id)) continue;
    EventMeta meta;
    meta.origin = schemas::Origin::kSnapshot;
    meta.flags = schemas::flag::kSnapshot;
    out.on_instrument({id, Dataset::kInstrument}, meta, table_[id].reference);
  }
  return {};
}

std::string BinanceVenue::stream_url(std::string_view route) const {
  std::string url = options_.ws_url.empty() ? std::string(config_.ws_url) : options_.ws_url;
  while (url.ends_with('/')) url.pop_back();
  return fmt::format("{}{}/stream", url, route);
}

// Why a stream cannot be had, if so. An unknown symbol would be acknowledged and stay silent for ever.
std::optional<Error> BinanceVenue::objection(const Subscription& wanted) const {
  if (!offers(config_, wanted.dataset)) {
    return Error{Errc::kRefused, fmt::format("{} has no {}", config_.name, name(wanted.dataset))};
  }
  const auto speeds = config_.depth_speeds;
  if (!options_.book_speed.empty() && std::find(speeds.begin(), speeds.end(), options_.book_speed) == speeds.end()) {
    return Error{Errc::kRefused, fmt::format("{} has no book speed {}", config_.name, options_.book_speed)};
  }
  const auto id = table_.find(wanted.symbol);
  if (reference_loaded_ && !(id && table_[*id].has_reference)) return Error{Errc::kUnknownInstrument, wanted.symbol};
  return std::nullopt;
}

// Fills one connection after the other per route: the venue counts connects, and each costs a handshake and buffers.
Result<std::vector<ConnectionPlan>> BinanceVenue::plan(std::span<const Subscription> wanted) const {
  const auto most = static_cast<std::size_t>(config_.capabilities.limits.streams_per_connection);
  std::vector<ConnectionPlan> plans;
  std::map<std::string_view, std::size_t> open;  // route -> the plan that has room
  for (const Subscription& one : wanted) {
    if (auto error = objection(one)) return *std::move(error);
    const std::string_view route = route_of(config_, one.dataset);
    const auto found = open.find(route);
    if (found == open.end() || plans[found->second].subscriptions.size() >= most) {
      open[route] = plans.size();
      plans.push_back({stream_url(route), {}});
    }
    plans[open[route]].subscriptions.push_back(one);
  }
  return plans;
}

std::unique_ptr<VenueAdapter> BinanceVenue::connect() { return std::make_unique<BinanceAdapter>(*this); }

bool BinanceVenue::refresh(InstrumentId instrument, EventSink& out) {
  if (index(instrument) >= states_.size() || !states_[index(instrument)]) return false;
  return states_[index(instrument)]->book.refresh(out);
}

InstrumentState& BinanceVenue::state(InstrumentId id) {
  if (index(id) >= states_.size()) states_.resize(index(id) + 1);
  auto& slot = states_[index(id)];
  if (!slot) slot = std::make_unique<InstrumentState>(config_, options_, id, table_[id]);
  return *slot;
}

bool BinanceVenue::fed_elsewhere(const BinanceAdapter& adapter, StreamKey stream) const noexcept {
  return std::any_of(adapters_.begin(), adapters_.end(),
                     [&](const BinanceAdapter* other) { return other != &adapter && other->carries(stream); });
}

namespace {

// One maker per configuration, because a VenueEntry holds a plain function.
template <std::size_t I>
std::unique_ptr<Venue> make(const VenueOptions& options) {
  return std::make_unique<BinanceVenue>(venue_configs()[I], options);
}

template <std::size_t... I>
std::vector<VenueEntry> entries(std::index_sequence<I...> /*indices*/) {
  return {VenueEntry{venue_configs()[I].name, &make<I>}...};
}

}  // namespace
}  // namespace binance

std::span<const VenueEntry> binance_venues() noexcept {
  static const auto all = binance::entries(std::make_index_sequence<binance::kVenueCount>());
  return all;
}

}  // namespace millrace::normalize
