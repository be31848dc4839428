#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "replay/fills/cursor_state.h"
#include "replay/fills/fill_batch.h"
#include "replay/fills/fills_settings.h"
#include "replay/fills/known_ids.h"
#include "replay/fills/rate_share.h"
#include "replay/fills/sidecar_ports.h"
#include "replay/fills/sweep_plan.h"
#include "replay/fills/venue_talk.h"

namespace millrace::fills {

// What one account's parts share. Outlives them; one thread.
struct AccountState {
  const normalize::AccountVenue& venue;
  SidecarPorts& ports;
  const FillsSettings settings;
  RateShare& share;
  KnownIds known;
  CursorState cursor;
  std::int64_t next_id = 1;                    // of the ports' calls
  std::optional<UnixNanos> live_since;         // our clock; empty = the stream is not live
  bool stream_tells_fills = true;              // false: it said itself that only REST knows them
  std::optional<std::int64_t> clock_offset{};  // the venue's clock minus ours, as last seen
};

// The record that says how far `cursor` is; its time is the shell's to set.
schemas::Cursor cursor_record(const AccountState& state, const CursorState& cursor);

// "" is the whole account, which is said by no symbol.
void add_symbol(const std::string& symbol, schemas::Recovery& recovery);

// How a sweep ended, and what it found.
struct SweepEnd {
  bool ok = false;  // every scope was read, all is acknowledged, the commit is confirmed
  Failure why = Failure::kNone;
  bool cursor_unknown = false;  // the commit failed, and may have taken place
  UnixNanos not_before = 0;     // kLimited
  std::set<std::string> left;   // scopes that could not be read, where that is all that failed
  bool last = false;            // the wish is done, or given up until its next try
  std::string error;            // of the sweep, or of the scopes that failed; for people
  schemas::Recovery recovery;   // as committed, else as told
  std::int64_t contradictions = 0;
  // Fills that the topic lacked and the broker acknowledged, whatever became of the sweep after that: each is counted
  // by one sweep, as the next one finds it in the topic.
  std::int64_t missing = 0;
  std::int64_t missing_while_live = 0;  // of them, those that a live stream should have told
  std::int64_t late = 0;                // of them, those below an earlier watermark
};

// One sweep: ask the venue's clock, read the pages of every scope, compare with the topic, publish what it lacks, wait
// for each acknowledgement, commit cursor and Recovery, and only then believe it. A state machine: answers come in,
// calls of the ports go out. A scope that fails does not hold up the others.
class Sweep {
 public:
  explicit Sweep(AccountState& state);

  enum class Phase : std::uint8_t { kIdle, kTime, kPages, kCatchUp, kPublish, kCommit };
  Phase phase() const noexcept { return phase_; }
  bool running() const noexcept { return phase_ != Phase::kIdle; }

  // While none is running. `number`: Recovery::sweep.
  void begin(const Wish& wish, const std::set<std::string>& scopes, const Progress& progress, std::int64_t number,
             UnixNanos now);

  // The ports' answers; those that belong to no call of the present sweep are ignored.
  void on_answer(std::int64_t id, const normalize::PrivateAnswer& answer, UnixNanos now);
  void on_token(std::int64_t id, bool renewed, UnixNanos now);
  void on_caught_up(std::int64_t id, bool done, std::string_view error);
  void on_published(std::int64_t id, bool acknowledged, std::string_view error);
  void on_committed(std::int64_t id, bool committed, std::string_view error);
  void on_time(UnixNanos now) { talk_.on_time(now); }
  std::optional<UnixNanos> wake_at() const noexcept { return talk_.wake_at(); }

  // Once, after the sweep has ended.
  std::optional<SweepEnd> take_end();
  // Of the running or the last sweep. How far the wish has come with it.
  Progress progress() const noexcept { return progress_; }
  std::int64_t fills_read() const noexcept { return batch_.read(); }
  std::size_t to_publish() const noexcept { return outgoing_.size(); }
  std::size_t acknowledged() const noexcept { return acknowledged_; }

 private:
  void step(VenueTalk::Step step, const normalize::PrivateAnswer* answer, UnixNanos now);
  void on_clock(const normalize::PrivateAnswer& answer, UnixNanos now);
  bool jumped(UnixNanos venue_time, UnixNanos received);
  bool make_plan();
  void read_part(UnixNanos now, UnixNanos not_before = 0);
  void on_page(const normalize::PrivateAnswer& answer, UnixNanos now);
  void page_failed(const std::string& error, UnixNanos now);
  void part_failed(Failure why, const std::string& error);
  void next_part(UnixNanos now);
  bool read_by_halves(UnixNanos now);
  void pages_done();
  void compare();
  void count(Outgoing& outgoing);
  void count_published(const Outgoing& outgoing);
  void publish_more();
  void commit();
  void fail(Failure why, const std::string& error, std::set<std::string> left = {});
  void finish(bool ok);
  std::optional<UnixNanos> watermark(const CursorState& cursor) const;
  // Planted bugs: planted_sweep.cpp.
  void commit_before_reading();
  std::optional<normalize::PrivateRequest> skip_ties(const std::vector<normalize::FoundFill>& rows);

  AccountState& state_;
  VenueTalk talk_;
  Phase phase_ = Phase::kIdle;
  Wish wish_;
  std::set<std::string> scopes_;
  Progress progress_;
  UnixNanos venue_now_ = 0;
  SweepPlan plan_;
  schemas::Recovery recovery_;

  // Reading.
  std::size_t part_ = 0;
  normalize::SweepRange range_;
  std::unique_ptr<normalize::FillWalk> walk_;
  int pages_ = 0, walk_tries_ = 0;
  std::vector<std::size_t> read_parts_;  // places in plan_.parts
  std::string read_errors_;              // of the others
  FillBatch batch_;

  // Publishing.
  std::vector<Outgoing> outgoing_;
  std::size_t next_out_ = 0, acknowledged_ = 0;
  std::map<std::int64_t, std::size_t> unacked_;  // publish id -> place in outgoing_
  std::string publish_error_;

  std::int64_t awaited_ = 0;  // id of catch_up or commit
  CursorState committing_;
  SweepEnd end_;
  std::optional<SweepEnd> ended_;
};

}  // namespace millrace::fills
