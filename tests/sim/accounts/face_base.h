#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sim/accounts/face.h"
#include "tests/sim/accounts/generator.h"
#include "tests/sim/accounts/ledger.h"
#include "tests/sim/accounts/make_face.h"
#include "tests/sim/accounts/random.h"

namespace millrace::sim::accounts {

// A request taken apart. Views are valid during the call of the face.
class Request {
 public:
  explicit Request(const HttpAsk& ask);

  std::string_view method() const noexcept { return ask_->method; }
  std::string_view target() const noexcept { return ask_->target; }
  std::string_view path() const noexcept { return path_; }
  std::string_view query() const noexcept { return query_; }
  std::string_view body() const noexcept { return ask_->body; }
  // Empty if absent; names in any case.
  std::string_view header(std::string_view name) const noexcept;
  // Decoded, of the query and then of a form in the body; empty if absent.
  std::string parameter(std::string_view key) const;
  bool has(std::string_view key) const;
  // `otherwise` if absent or no number.
  std::int64_t number(std::string_view key, std::int64_t otherwise) const;

 private:
  const HttpAsk* ask_;
  std::string_view path_;
  std::string_view query_;
};

// What faces share: the ledger and its life, the queue of what goes out, and the knobs that do not depend on the venue.
// A venue says how it answers, subscribes and tells of events.
class FaceBase : public AccountFace {
 public:
  std::string_view venue() const noexcept final { return venue_; }
  HttpReply rest(const HttpAsk& ask, std::int64_t now) final;
  void open(ConnId conn, std::string_view target, std::int64_t now) final;
  void message(ConnId conn, std::string_view text, std::int64_t now) final;
  void closed(ConnId conn, std::int64_t now) final;
  void tick(std::int64_t now) final;
  std::vector<Outgoing> take_outgoing() final { return std::exchange(outgoing_, {}); }
  void cut(std::int64_t now) final;
  Ledger& ledger() noexcept final { return ledger_; }
  const Ledger& ledger() const noexcept final { return ledger_; }
  Knobs& knobs() noexcept final { return knobs_; }
  const Knobs& knobs() const noexcept final { return knobs_; }
  const FaceCounts& counts() const noexcept final { return counts_; }

 protected:
  // `venue` is a literal.
  FaceBase(std::string_view venue, const FaceOptions& options, LedgerRules rules);

  // What a refused request is told: 401, 403, 429, 500 or 503 as this venue puts it.
  virtual HttpReply refusal(int status) const = 0;
  virtual HttpReply answer(const Request& request) = 0;
  virtual void on_open(ConnId conn, std::string_view target) = 0;
  virtual void on_message(ConnId conn, std::string_view text) = 0;
  virtual void on_closed(ConnId conn) = 0;
  // One thing happened: tell the stream. After the last of several, flush().
  virtual void publish(const Event& event) = 0;
  virtual void flush() {}
  virtual void on_tick() {}
  // The generator's fill between two pages counts only after an answer that was a page.
  void page_served() noexcept { page_served_ = true; }

  // The venue's clock.
  std::int64_t now_ns() const noexcept { return now_; }
  std::int64_t now_ms() const noexcept { return now_ / 1'000'000; }
  // An answer, ack or snapshot: passes all knobs but `silent`.
  void say(ConnId conn, std::string text, Outgoing::Kind kind = Outgoing::Kind::kText);
  // A message of the stream, which the knobs may harm.
  void stream(ConnId conn, std::string text, Outgoing::Kind kind = Outgoing::Kind::kText);
  void close(ConnId conn, std::uint16_t code, std::string_view reason);
  bool is_open(ConnId conn) const { return conns_.contains(conn); }
  // Nothing was sent to it for a second?
  bool quiet(ConnId conn) const;

  // Is the fill in the history yet?
  bool visible(const Fill& fill) const;
  // Visible fills for which `wanted` says yes, oldest first.
  template <class Wanted>
  std::vector<const Fill*> history(Wanted&& wanted) const {
    std::vector<const Fill*> found;
    for (const Fill& fill : ledger_.fills()) {
      if (visible(fill) && wanted(fill)) found.push_back(&fill);
    }
    return found;
  }
  // Rows of a page where the venue gives `usual` and the client must not conclude anything from fewer.
  std::size_t page_rows(std::int64_t usual) const noexcept;
  bool limits_kept() const noexcept { return knobs_.limits != 0; }
  void count_refusal(int how_many = 1) noexcept { counts_.refused += how_many; }
  // Which of the account's keys it is; -1 if none, or revoked.
  int key_index(std::string_view api_key) const noexcept;
  const AccountKeys& key(int index) const noexcept { return keys_[static_cast<std::size_t>(index)]; }
  std::uint64_t seed() const noexcept { return seed_; }

 private:
  // One open connection: what waits to be sent after its successor.
  struct Conn {
    std::vector<Outgoing> held;
    std::int64_t held_since = 0;
    std::int64_t last_sent = 0;
  };

  void set_now(std::int64_t now);
  void live();
  void send(Outgoing message);
  int rest_fault();
  void harm(HttpReply& reply);

  std::string_view venue_;
  std::vector<AccountKeys> keys_;
  std::uint64_t seed_;
  Knobs knobs_;
  FaceCounts counts_;
  Ledger ledger_;
  Generator generator_;
  Random random_;
  std::int64_t now_ = 0;
  std::size_t told_ = 0;  // events of the ledger that the stream has heard of
  std::map<ConnId, Conn> conns_;
  std::vector<Outgoing> outgoing_;
  bool page_served_ = false;
};

}  // namespace millrace::sim::accounts
