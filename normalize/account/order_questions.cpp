#include "normalize/account/order_questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "schemas/events/time.h"

namespace millrace::normalize {
namespace {

constexpr UnixNanos kEvery = 60 * kSecond;
constexpr UnixNanos kOverlap = 600 * kSecond;  // of lists of recent orders: clocks, and connections that died unseen
constexpr UnixNanos kRestLag = 30 * kSecond;
constexpr std::size_t kAtOnce = 50;

}  // namespace

// Of the running round.
std::string OrderQuestions::list_key(About about) const {
  return fmt::format("{}/{}", about == About::kOpen ? "orders" : "recent", round_);
}

std::string OrderQuestions::order_key() const { return fmt::format("order/{}/", connection_); }

void OrderQuestions::open() {
  ++connection_;
  ++round_;
  connected_ = true;
  first_ = doubt_ = true;
  due_.reset();
  asked_.clear();
  waiting_.clear();
}

void OrderQuestions::close() {
  connected_ = false;
  due_.reset();
}

void OrderQuestions::ask(UnixNanos now, std::vector<std::string> open_ids, AccountCommands& todo) {
  due_.reset();
  ++round_;
  began_ = now;
  since_ = std::max<UnixNanos>(complete_from_.value_or(now) - kOverlap, 0);
  open_done_ = recent_done_ = failed_ = false;
  were_open_ = std::move(open_ids);
  open_listed_.clear();
  recent_listed_.clear();
  ask_list(About::kOpen, {}, todo);
  ask_list(About::kRecent, {}, todo);
}

void OrderQuestions::ask_list(About about, std::string_view cursor, AccountCommands& todo) const {
  PrivateRequest request;
  request.key = list_key(about);
  request.target = about == About::kOpen ? spelling_.open(cursor) : spelling_.recent(since_, cursor);
  request.page_header = spelling_.page_header;
  todo.rest.push_back(std::move(request));
}

void OrderQuestions::ask_one(const std::string& id, UnixNanos not_before, AccountCommands& todo) const {
  PrivateRequest request;
  request.key = order_key() + id;
  request.target = spelling_.one(id);
  request.not_before = not_before;
  todo.rest.push_back(std::move(request));
}

OrderQuestions::About OrderQuestions::about(std::string_view key) const {
  if (!connected_) return About::kNothing;
  if (key == list_key(About::kOpen)) return About::kOpen;
  if (key == list_key(About::kRecent)) return About::kRecent;
  return key.starts_with(order_key()) ? About::kOne : About::kNothing;
}

std::string OrderQuestions::order_id(std::string_view key) const {
  const std::string_view id = key.substr(std::min(order_key().size(), key.size()));
  return asked_.contains(id) ? std::string(id) : std::string();
}

bool OrderQuestions::on_page(About about, const std::vector<std::string>& ids, std::string_view cursor,
                             AccountCommands& todo) {
  auto& listed = about == About::kOpen ? open_listed_ : recent_listed_;
  const std::size_t before = listed.size();
  listed.insert(ids.begin(), ids.end());
  if (!cursor.empty() && listed.size() > before) {
    ask_list(about, cursor, todo);
    return false;
  }
  (about == About::kOpen ? open_done_ : recent_done_) = true;
  return open_done_ && recent_done_ && !failed_;
}

void OrderQuestions::ask_missing(UnixNanos now, const std::vector<std::string>& open_ids, AccountCommands& todo) {
  due_ = now + kEvery;
  first_ = doubt_ = false;
  complete_from_ = began_;
  const std::set<std::string_view> still(open_ids.begin(), open_ids.end());
  for (std::string& id : were_open_) {
    if (!still.contains(id) || open_listed_.contains(id) || asked_.contains(id)) continue;
    if (std::find(waiting_.begin(), waiting_.end(), id) == waiting_.end()) waiting_.push_back(std::move(id));
  }
  were_open_.clear();
  ask_waiting(todo);
  for (const std::string& id : doubtful_) {
    if (asked_.size() < kAtOnce && asked_.emplace(id, 1).second) ask_one(id, 0, todo);
  }
}

void OrderQuestions::ask_waiting(AccountCommands& todo) {
  while (!waiting_.empty() && asked_.size() < kAtOnce) {
    ask_one(waiting_.front(), 0, todo);
    asked_.emplace(std::move(waiting_.front()), 0);
    waiting_.pop_front();
  }
}

void OrderQuestions::ask_about(const std::string& id, UnixNanos not_before, AccountCommands& todo) {
  if (doubtful_.size() < kMostDoubtful) doubtful_.insert(id);
  if (asked_.size() < kAtOnce && asked_.emplace(id, 1).second) ask_one(id, not_before, todo);
}

void OrderQuestions::on_told(const std::string& id, AccountCommands& todo) {
  asked_.erase(id);
  doubtful_.erase(id);
  ask_waiting(todo);
}

bool OrderQuestions::on_not_found(const std::string& id, UnixNanos now, AccountCommands& todo) {
  const auto asked = asked_.find(id);
  if (asked == asked_.end()) return false;
  if (++asked->second == 1) {
    ask_one(id, now + kRestLag, todo);
    return false;
  }
  on_told(id, todo);
  return true;
}

void OrderQuestions::give_up(About about, const std::string& id, UnixNanos now, AccountCommands& todo) {
  failed_ = doubt_ = true;
  due_ = now + kEvery;
  if (about == About::kOne) {
    asked_.erase(id);
    ask_waiting(todo);
  }
}

bool OrderQuestions::complete() const {
  const bool asks = std::any_of(asked_.begin(), asked_.end(), [](const auto& asked) { return asked.second == 0; });
  return connected_ && !doubt_ && !asks && waiting_.empty();
}

}  // namespace millrace::normalize
