#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/account/account_adapter.h"

namespace millrace::normalize {

// What REST is asked about the orders of one account, for venues whose stream has no snapshot or may miss a message
// without a sign. Rounds, one after each (re)subscription and then one a minute: a list of the open orders and one of
// the recently submitted ones, page after page, and then by its id each order that we believe open and that neither
// names. "No such order" counts the second time only, as REST may lag behind the stream. The adapter reads the answers
// and tells their rows; this class knows what is asked next, and when all is known. One thread.
class OrderQuestions {
 public:
  // How a venue spells them; `cursor` is empty for the first page. `recent`: orders submitted at or after `since`, our
  // clock, which may be generous.
  struct Spelling {
    std::string (*open)(std::string_view cursor);
    std::string (*recent)(UnixNanos since, std::string_view cursor);
    std::string (*one)(std::string_view order_id);
    std::string_view page_header;  // as PrivateRequest::page_header
  };
  enum class About : std::uint8_t { kNothing, kOpen, kRecent, kOne };

  explicit OrderQuestions(const Spelling& spelling) : spelling_(spelling) {}

  // A connection is open; nothing is known of what happened before. Asks nothing by itself.
  void open();
  void close();
  // Something was missed: all is known only after another round, which the caller begins.
  void doubt() noexcept { doubt_ = true; }

  // Begins a round. `open_ids`: the orders that are open as far as we know.
  void ask(UnixNanos now, std::vector<std::string> open_ids, AccountCommands& todo);
  // When the next round should begin; absent while one runs, before the first one and without a connection.
  const std::optional<UnixNanos>& due() const noexcept { return due_; }
  // Of the running round: what the list of recent orders must reach back to.
  UnixNanos since() const noexcept { return since_; }

  // Which question an answer is about; kNothing for those of an earlier round or connection, and of
  // somebody else.
  About about(std::string_view key) const;
  // Of kOne; empty if it is not waited for any more.
  std::string order_id(std::string_view key) const;

  // A page was told: its orders, and the cursor of the next one, empty if it was the last. A page without a new order
  // ends its list. True: both lists are complete, and ask_missing() is next.
  bool on_page(About about, const std::vector<std::string>& ids, std::string_view cursor, AccountCommands& todo);
  void ask_missing(UnixNanos now, const std::vector<std::string>& open_ids, AccountCommands& todo);
  // Asks for one order at `not_before`, as what is known of it may be wrong. Nothing waits for the answer, but without
  // one each further round asks again. At most kMostDoubtful at a time: as many orders that ended are known.
  void ask_about(const std::string& id, UnixNanos not_before, AccountCommands& todo);
  static constexpr std::size_t kMostDoubtful = 1'000;
  // The order's state was told.
  void on_told(const std::string& id, AccountCommands& todo);
  // The answer was "no such order". True: for the second time, so that it is gone.
  bool on_not_found(const std::string& id, UnixNanos now, AccountCommands& todo);
  // No answer, or one that cannot be read: the next round asks again. `id`: of kOne.
  void give_up(About about, const std::string& id, UnixNanos now, AccountCommands& todo);

  // Is all known, but for orders that REST may only know late?
  bool complete() const;
  // No round of this connection is complete yet: its rows are news whatever was known before.
  bool is_first() const noexcept { return first_; }

 private:
  std::string list_key(About about) const;
  std::string order_key() const;
  void ask_list(About about, std::string_view cursor, AccountCommands& todo) const;
  void ask_one(const std::string& id, UnixNanos not_before, AccountCommands& todo) const;
  void ask_waiting(AccountCommands& todo);

  const Spelling spelling_;
  std::int64_t connection_ = 0, round_ = 0;  // parts of keys, which tell late answers
  bool connected_ = false;
  bool first_ = true;
  bool doubt_ = true;
  bool failed_ = false;  // the running round

  std::optional<UnixNanos> due_;
  UnixNanos since_ = 0, began_ = 0;         // of the running round
  std::optional<UnixNanos> complete_from_;  // when the last complete round began
  bool open_done_ = false, recent_done_ = false;
  std::vector<std::string> were_open_;
  std::set<std::string, std::less<>> open_listed_, recent_listed_;

  std::map<std::string, int, std::less<>> asked_;  // by order: how often the answer was "no such order"
  std::deque<std::string> waiting_;                // not more than kAtOnce are asked for at a time
  std::set<std::string, std::less<>> doubtful_;    // of ask_about(), whatever becomes of connections
};

}  // namespace millrace::normalize
