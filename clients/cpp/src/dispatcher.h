#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "clients/cpp/src/account_state.h"
#include "clients/cpp/src/dead_letters.h"
#include "clients/cpp/src/offsets.h"
#include "clients/cpp/src/runner.h"
#include "clients/cpp/src/seen_ids.h"
#include "clients/cpp/src/source.h"
#include "clients/cpp/src/status_board.h"

namespace millrace::client {

// Decides what each record means to whom: decodes, drops what was told before, chooses the callback, and gives it to
// the runners that want it. All on the reading thread.
class Dispatcher final : public SourceSink {
 public:
  struct Settings {
    std::vector<std::string> accounts;  // empty = all
    std::size_t remembered_ids = 0;     // of each account
    std::int64_t silence = 0;           // ns; see AccountState
  };

  // All must outlive it. Runners may be added to the list until the first record.
  Dispatcher(Settings settings, RecordSource& source, const std::vector<std::shared_ptr<Runner>>& runners,
             const std::shared_ptr<Services>& services, StatusBoard& board);

  void on_assigned(const Place& place, std::int64_t from) override;
  std::optional<std::int64_t> on_revoked(const Place& place) override;
  void on_record(RecordPtr record) override;
  void on_end(const Place& place, std::int64_t next) override;
  void on_caught_up(TopicKind kind, const std::string& venue) override;

  // Now and then: deadlines, and watermarks whose fills are handed over by now.
  void tick();
  // What may be committed beyond what committed() was told; of each partition the offset where a new reader begins.
  Offsets committable() const;
  void committed(const Offsets& offsets);
  void recommit();  // a commit was refused: all again
  // Reading has ended by itself: told to everybody.
  void failed(const std::string& why);

 private:
  // The stream of one account in one partition.
  struct AccountStream {
    explicit AccountStream(std::size_t limit) : seen(limit) {}
    SeenIds seen;
    std::int64_t epoch = 0, seq = 0;  // of the last balance
  };
  struct Partition {
    std::shared_ptr<OffsetTracker> offsets;
    std::int64_t committed = -1;  // nothing, as far as is known
    std::int64_t position = 0;    // all before it is given to the runners
    bool ended = false;           // was read to its end: what comes now is new
    std::map<std::string, AccountStream> accounts;
  };
  using Calls = std::vector<EventPtr>;
  using AccountKey = std::pair<std::string, std::string>;  // venue, account

  bool is_ours(const std::string& account) const;
  AccountStream& stream_of(Partition& partition, const std::string& account) const;

  void take_event(const RecordPtr& record);
  // The calls that the record makes, perhaps none; nullopt: it cannot be read.
  std::optional<Calls> read_execution(const RecordPtr& record, Partition& partition);
  std::optional<Calls> read_balance(const RecordPtr& record, Partition& partition);
  void park_undecodable(const RecordPtr& record, Partition& partition);
  void take_status(const RecordPtr& record);
  void take_recovery(const RecordPtr& record);
  void take_heartbeat(const Record& record);
  AccountState& state_of(const AccountKey& key);

  // Gives the calls to all who want them. The record is done with when they are, and what comes back is finished by
  // `others` more; null if nobody is to finish anything.
  std::shared_ptr<Ticket> hand_over(const Record& record, Partition& partition, const Calls& calls, int others = 0);
  // State: nothing is committed of it.
  void tell(const EventPtr& event);
  void note_event(const Record& record, const Partition& partition, const Meta& meta, bool told);
  // The partition with the account's executions; null while another process is the one to tell of it.
  const Partition* partition_of(const AccountKey& key) const;
  // What there is to tell of an account's state.
  void tell_news(const AccountKey& key, AccountState& state);
  void tell_recoveries(const AccountKey& key, AccountState& state, const Partition& partition);
  void show(const Recovered& recovered);
  void show(const AccountKey& key, const AccountState& state, std::int64_t now);

  const Settings settings_;
  RecordSource& source_;
  const std::vector<std::shared_ptr<Runner>>& runners_;
  const std::shared_ptr<Services>& services_;
  StatusBoard& board_;

  std::map<Place, Partition> partitions_;  // assigned ones
  std::map<AccountKey, AccountState> states_;
  std::set<std::pair<TopicKind, std::string>> caught_up_;  // with the venue
  std::int64_t ask_again_ = 0;                             // for the end of a partition, after no answer
};

}  // namespace millrace::client
