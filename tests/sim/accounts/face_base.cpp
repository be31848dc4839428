#include "tests/sim/accounts/face_base.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <stdexcept>

#include "schemas/events/time.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim::accounts {

namespace {

constexpr int kHtml = 200;  // a "fault" of status 200 is the HTML page

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

// A form spells a space as '+'.
std::string form_decoded(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decoded(spaced);
}

bool has_key(std::string_view pairs, std::string_view key) noexcept {
  while (!pairs.empty()) {
    const auto end = pairs.find('&');
    if (pairs.substr(0, std::min(end, pairs.find('='))) == key) return true;
    if (end == std::string_view::npos) return false;
    pairs.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

Request::Request(const HttpAsk& ask) : ask_(&ask) {
  const auto mark = ask.target.find('?');
  path_ = ask.target.substr(0, mark);
  if (mark != std::string_view::npos) query_ = ask.target.substr(mark + 1);
}

std::string_view Request::header(std::string_view name) const noexcept {
  for (const Header& one : ask_->headers) {
    if (same_word(one.name, name)) return one.value;
  }
  return {};
}

bool Request::has(std::string_view key) const { return has_key(query_, key) || has_key(ask_->body, key); }

std::string Request::parameter(std::string_view key) const {
  return form_decoded(query_value(has_key(query_, key) ? query_ : ask_->body, key));
}

std::int64_t Request::number(std::string_view key, std::int64_t otherwise) const {
  const std::string text = parameter(key);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

FaceBase::FaceBase(std::string_view venue, const FaceOptions& options, LedgerRules rules)
    : venue_(venue),
      keys_(options.keys),
      seed_(options.seed),
      knobs_(options.knobs),
      ledger_(std::move(rules), options.start_ns),
      generator_(ledger_, mixed(options.seed + 1)),
      random_(mixed(options.seed + 2)),
      now_(options.start_ns) {
  if (keys_.empty()) throw std::runtime_error("an account needs a key");
}

int FaceBase::key_index(std::string_view api_key) const noexcept {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].api_key != api_key || api_key.empty()) continue;
    const bool revoked = (knobs_.key_revoked >> i & 1) != 0;
    return revoked ? -1 : static_cast<int>(i);
  }
  return -1;
}

void FaceBase::set_now(std::int64_t now) { now_ = now + knobs_.clock_skew_ns; }

// The account lives until now, and the stream hears of what is new.
void FaceBase::live() {
  generator_.live_until(now_, {knobs_.rate, knobs_.bust, knobs_.burst, knobs_.only_fills > 0});
  const auto& events = ledger_.events();
  for (; told_ < events.size(); ++told_) {
    if (random_.chance(knobs_.lose)) {
      ++counts_.lost;
    } else {
      publish(events[told_]);
    }
  }
  flush();
}

void FaceBase::tick(std::int64_t now) {
  set_now(now);
  live();
  on_tick();
  for (auto& [id, conn] : conns_) {
    if (conn.held.empty() || now_ - conn.held_since < kSecond) continue;
    for (Outgoing& late : std::exchange(conn.held, {})) send(std::move(late));
  }
}

void FaceBase::open(ConnId conn, std::string_view target, std::int64_t now) {
  set_now(now);
  live();
  conns_[conn].last_sent = now_;
  on_open(conn, target);
}

void FaceBase::message(ConnId conn, std::string_view text, std::int64_t now) {
  set_now(now);
  live();
  if (is_open(conn) && knobs_.silent == 0) on_message(conn, text);
}

void FaceBase::closed(ConnId conn, std::int64_t now) {
  set_now(now);
  conns_.erase(conn);
  on_closed(conn);
}

void FaceBase::cut(std::int64_t now) {
  set_now(now);
  for (const auto& [id, conn] : std::exchange(conns_, {})) {
    outgoing_.push_back({id, Outgoing::Kind::kReset, {}, 0});
  }
}

void FaceBase::send(Outgoing message) {
  const auto found = conns_.find(message.conn);
  if (found == conns_.end()) return;
  found->second.last_sent = now_;
  outgoing_.push_back(std::move(message));
}

void FaceBase::say(ConnId conn, std::string text, Outgoing::Kind kind) {
  if (knobs_.silent == 0) send({conn, kind, std::move(text), 0});
}

void FaceBase::stream(ConnId conn, std::string text, Outgoing::Kind kind) {
  const auto found = conns_.find(conn);
  if (found == conns_.end()) return;
  if (knobs_.silent > 0) {
    ++counts_.lost;
    return;
  }
  ++counts_.messages;
  if (random_.chance(knobs_.drop)) {
    ++counts_.dropped;
    return;
  }
  if (random_.chance(knobs_.cut)) {
    ++counts_.cuts;
    outgoing_.push_back({conn, Outgoing::Kind::kReset, std::move(text), 0});
    conns_.erase(found);
    return;
  }
  if (found->second.held.empty() && random_.chance(knobs_.reorder)) {
    ++counts_.reordered;
    found->second.held.push_back({conn, kind, std::move(text), 0});
    found->second.held_since = now_;
    return;
  }
  const bool twice = random_.chance(knobs_.duplicate);
  if (twice) {
    ++counts_.duplicated;
    send({conn, kind, text, 0});
  }
  send({conn, kind, std::move(text), 0});
  for (Outgoing& late : std::exchange(found->second.held, {})) send(std::move(late));
}

void FaceBase::close(ConnId conn, std::uint16_t code, std::string_view reason) {
  if (conns_.erase(conn) == 0) return;
  outgoing_.push_back({conn, Outgoing::Kind::kClose, std::string(reason), code});
}

bool FaceBase::quiet(ConnId conn) const {
  const auto found = conns_.find(conn);
  return found != conns_.end() && now_ - found->second.last_sent >= kSecond;
}

bool FaceBase::visible(const Fill& fill) const {
  const std::int64_t spread =
      knobs_.rest_lag_spread_ns == 0
          ? 0
          : static_cast<std::int64_t>(mixed(seed_ + static_cast<std::uint64_t>(fill.number)) >> 1U) %
                (knobs_.rest_lag_spread_ns + 1);
  return fill.time_ns + knobs_.rest_lag_ns + spread <= now_;
}

std::size_t FaceBase::page_rows(std::int64_t usual) const noexcept {
  return static_cast<std::size_t>(knobs_.page_size > 0 ? knobs_.page_size : usual);
}

// The status that this request is refused with, without a reason; 0 = it is served.
int FaceBase::rest_fault() {
  const std::pair<double, int> faults[] = {{knobs_.status_401, 401}, {knobs_.status_403, 403},
                                           {knobs_.status_429, 429}, {knobs_.status_500, 500},
                                           {knobs_.status_503, 503}, {knobs_.html_200, kHtml}};
  for (const auto& [chance, status] : faults) {
    if (!random_.chance(chance)) continue;
    ++counts_.rest_faults;
    return status;
  }
  return 0;
}

// What happens to a good answer on its way.
void FaceBase::harm(HttpReply& reply) {
  if (random_.chance(knobs_.cut_page)) {
    ++counts_.rest_faults;
    reply.cut = true;
  } else if (random_.chance(knobs_.torn_page)) {
    ++counts_.rest_faults;
    reply.body.resize(reply.body.size() / 2);
  }
}

HttpReply FaceBase::rest(const HttpAsk& ask, std::int64_t now) {
  set_now(now);
  live();
  ++counts_.requests;
  if (const int fault = rest_fault(); fault == kHtml) {
    return {200,
            "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>",
            "text/html",
            {},
            false};
  } else if (fault != 0) {
    HttpReply reply = refusal(fault);
    return reply;
  }
  page_served_ = false;
  HttpReply reply = answer(Request(ask));
  harm(reply);
  if (page_served_ && random_.chance(knobs_.between_pages)) {
    generator_.make_fill(now_);
    live();
  }
  return reply;
}

}  // namespace millrace::sim::accounts
