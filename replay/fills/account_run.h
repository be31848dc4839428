#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/account/private_host.h"
#include "publish/kafka/topic_tail.h"
#include "publish/lane/account_lane.h"
#include "publish/sequence/account_writer.h"
#include "publish/sequence/host_stop.h"
#include "publish/tally.h"
#include "replay/fills/account_sidecar.h"
#include "replay/fills/cursor_store.h"

namespace millrace::fills {

// What one account's sidecar needs of its process.
struct RunWorld {
  boost::asio::io_context& context;
  publish::RecordSink& lane;                                 // of the process, entered by this account
  std::function<void(std::function<void()>)> in_background;  // runs it where blocking is allowed, one after the other
  std::function<void(std::function<void()>)> in_loop;        // back on the sidecar's thread, later; from any thread
  std::function<publish::TopicTail::Ends()> ends;            // of the topics followed, now
  std::function<UnixNanos()> now;                            // never goes back
};

// What one account's sidecar counts, readable from any thread.
struct RunStats {
  publish::Tally completed, failed, missing, missing_while_live, late;
  publish::Tally watermark_s;  // gauge: the watermark in seconds since 1970; 0 = none
};

// One account's sidecar with hands: carries out what AccountSidecar asks for. On the sidecar's thread, but for
// stats().
class AccountRun final : private SidecarPorts, private publish::AckListener {
 public:
  struct Settings {
    ingest::AccountConfig config;
    FillsSettings fills;
    std::int64_t share_percent = 30;
    std::string nonce_file;
  };

  // Throws std::runtime_error for a key or an address that cannot be used. `store` has taken the account.
  AccountRun(Settings settings, ingest::AccountKeys keys, std::shared_ptr<CursorStore> store,
             const schemas::Cursor& cursor, RunWorld world);
  ~AccountRun() override;

  UnixNanos tail_from() const { return core_->tail_from(world_.now()); }
  publish::AckListener& acks() noexcept { return *this; }
  // A record of a topic that concerns this account's venue.
  void on_record(const publish::TailRecord& record);
  // The topics were read to their end from tail_from(); sweeps begin.
  void start(UnixNanos known_from);
  // The configuration was read again: what a refused key had ended goes on, signed by these from now on (null = as
  // before).
  void renew(std::optional<ingest::AccountKeys> keys);
  bool by_hand(Wish wish) { return core_->by_hand(std::move(wish)); }
  // Each turn of the loop, after the topics were polled; `reached` tells whether these ends were.
  void turn(const std::function<bool(const publish::TopicTail::Ends&)>& reached);

  bool taken_over() const noexcept { return taken_over_; }
  bool idle() const noexcept { return core_->idle() && published_.empty(); }
  SidecarProgress progress() const { return core_->progress(); }
  std::optional<SweepEnd> take_last_end() { return std::exchange(last_end_, std::nullopt); }
  const RunStats& stats() const noexcept { return stats_; }
  const std::string& name() const noexcept { return name_; }  // "venue/account"
  const ingest::AccountConfig& config() const noexcept { return settings_.config; }
  void print_missing(std::function<void(const normalize::FoundFill&)> print) { would_publish_ = std::move(print); }

 private:
  // SidecarPorts.
  void ask(std::int64_t id, const normalize::PrivateRequest& request) override;
  void publish(std::int64_t id, const normalize::FoundFill& fill, UnixNanos received) override;
  void catch_up(std::int64_t id) override;
  void commit(std::int64_t id, const schemas::Cursor& cursor, const schemas::Recovery& recovery) override;
  void read_cursor(std::int64_t id) override;
  void renew_token(std::int64_t id) override;
  void tell(const schemas::Recovery& recovery) override;
  void venue_clock(UnixNanos venue, UnixNanos ours) override { *clock_offset_ = venue - ours; }
  void host_stopped(UnixNanos until) override;
  void would_publish(const normalize::FoundFill& fill) override;

  // AckListener: the lane's reports, kept until the loop's turn.
  void on_ack(publish::StreamSlot slot, std::int32_t partition, std::int64_t offset, std::int64_t seq) override;
  void on_lost(publish::StreamSlot, std::int64_t, std::string_view) override {}
  void on_topic_made_anew(publish::StreamSlot) override {}

  void commit_when_told();
  void write_commit(std::int64_t id, const schemas::Cursor& cursor, const schemas::Recovery& recovery);
  void on_answer(std::int64_t id, const normalize::PrivateRequest& request, ingest::HttpAnswer answer);
  void on_status(const schemas::StreamStatus& status, const schemas::Meta& meta);
  void on_heartbeat(const schemas::Heartbeat& heartbeat);
  void obey(const publish::HostStop& stop);
  void sign_life();
  void tell_end(const SweepEnd& end);
  ingest::AuthResult<std::unique_ptr<ingest::AccountSigner>> make_signer(ingest::AccountKeys keys);
  void write_status(std::string_view reason, std::string_view detail);
  // Runs `work` in the background and hands its result to `then` on our thread, if we are still there.
  template <class Result>
  void background(std::function<Result()> work, std::function<void(Result)> then);

  const Settings settings_;
  const std::string name_;
  const std::string told_as_;  // the worker's name is the same as that of the process `ingest`
  const RunWorld world_;
  const std::unique_ptr<normalize::AccountVenue> venue_;
  const std::shared_ptr<std::int64_t> clock_offset_ = std::make_shared<std::int64_t>(0);
  const std::shared_ptr<CursorStore> store_;
  ingest::PrivateHost host_;
  const schemas::StreamIdentity identity_;
  publish::AccountWriter writer_;
  RateShare share_;
  const std::shared_ptr<ingest::LazyNonces> nonces_;
  std::unique_ptr<ingest::AccountSigner> signer_;
  bool circuit_told_ = false;
  std::unique_ptr<AccountSidecar> core_;
  std::map<std::int64_t, std::int64_t> published_;  // seq -> id of the port's call
  std::vector<std::int64_t> acked_;                 // ids
  const publish::StreamSlot told_;                  // the account's Recovery records outside of transactions
  std::int64_t unacked_tells_ = 0;
  std::function<void()> held_commit_;  // until they are acknowledged
  std::deque<std::pair<std::int64_t, publish::TopicTail::Ends>> catching_up_;
  UnixNanos last_alive_ = 0;  // a status, heartbeat or record of the worker's stream
  bool live_ = false;
  std::int64_t stream_epoch_ = 0;
  int answered_with_ = 0;            // the HTTP status of the last answer
  std::int64_t retry_after_ns_ = 0;  // and its Retry-After
  UnixNanos last_sign_ = 0;
  bool signing_ = false;  // a sign of life is under way
  bool taken_over_ = false;
  std::optional<SweepEnd> last_end_;
  std::function<void(const normalize::FoundFill&)> would_publish_;
  RunStats stats_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace millrace::fills
