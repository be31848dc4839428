#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/ledger/broker.h"
#include "tests/sim/accounts/face.h"
#include "tests/sim/accounts/ledger.h"

namespace millrace::ledger {

// What issue and design promise of accounts, numbered as the README of this folder does.
enum class Property : std::uint8_t { kFills = 1, kStates, kContent, kWatermark, kVerify };
std::string_view name(Property property) noexcept;

struct Violation {
  Property property = Property::kFills;
  std::string what;
};

// An independent consumer of the account's topics beside the venue's truth. Watches while they grow, and compares when
// all is quiet. Knows nothing of how the records came about.
class Properties {
 public:
  // Both outlive it.
  Properties(const sim::accounts::Ledger& ledger, const Broker& broker) : ledger_(ledger), broker_(broker) {}

  // Each record as it becomes visible: no event_id has two contents under one revision.
  void on_execution(const ExecutionRecord& record);
  // Each commit as it becomes visible: every fill of its scope up to its watermark is in the topic.
  void on_commit(const schemas::Recovery& recovery);

  // The topic's fills, after dedupe, are the ledger's.
  void check_fills();
  // Orders and balances have ended in the ledger's state.
  void check_states();

  const std::vector<Violation>& violations() const noexcept { return violations_; }

 private:
  // The fields of a record that two copies must not tell differently; empty = not told.
  using Content = std::map<std::string, std::string>;
  // How far a scope was found complete.
  struct Proven {
    std::size_t next = 0;  // of the ledger's fills
    std::unordered_map<std::string, int> needed;
  };
  // What the topic says about one event_id by now.
  struct Told {
    std::int32_t revision = 0;
    std::string fill;  // its key; empty = it never was
    std::optional<schemas::WideDecimal> fee;
    std::string fee_asset;
  };

  void violated(Property property, std::string what);
  void check_content(const ExecutionRecord& record);
  void check_scope(const std::string& symbol, UnixNanos watermark, const schemas::Recovery& recovery);
  void check_fee(const std::string& event_id, const Told& told, const std::multimap<std::string, std::string>& fees);
  void check_orders();
  void check_balances();

  const sim::accounts::Ledger& ledger_;
  const Broker& broker_;
  std::unordered_map<std::string, Content> contents_;  // by event_id and revision
  std::unordered_map<std::string, Told> told_;         // by event_id
  std::unordered_map<std::string, int> in_topic_;      // event ids that were ever told, by the fill's key
  std::map<std::string, Proven> proven_;               // by symbol, "" = the account
  std::vector<Violation> violations_;
};

}  // namespace millrace::ledger
