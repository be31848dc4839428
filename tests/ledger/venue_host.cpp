#include "tests/ledger/venue_host.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::ledger {
namespace {

using ingest::HttpAnswer;
using sim::accounts::HttpAsk;
using sim::accounts::HttpReply;
using sim::accounts::Outgoing;

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<std::int64_t> number_in(const HttpReply& reply, std::string_view header) {
  for (const auto& [name, value] : reply.headers) {
    std::int64_t number = 0;
    if (!same_word(name, header)) continue;
    if (std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc()) return number;
  }
  return std::nullopt;
}

// As HttpsConnection hands it out.
HttpAnswer answer_of(HttpReply reply, const std::string& page_header) {
  HttpAnswer answer;
  if (reply.cut) {
    answer.error = "read: the connection ended inside the body";
    return answer;
  }
  answer.end.status = reply.status;
  if (const auto wait = number_in(reply, "Retry-After")) answer.end.retry_after = std::chrono::seconds(*wait);
  answer.used_weight = number_in(reply, "X-MBX-USED-WEIGHT-1M");
  for (const auto& [name, value] : reply.headers) {
    if (!page_header.empty() && same_word(name, page_header)) answer.page = value;
  }
  answer.body = std::move(reply.body);
  answer.body.reserve(answer.body.size() + normalize::kFramePadding);
  return answer;
}

}  // namespace

sim::accounts::ConnId VenueHost::open(const std::string& target, Receive receive) {
  const auto id = ++last_conn_;
  conns_[id].receive = std::move(receive);
  face_->open(id, target, time_.now());
  deliver();
  return id;
}

void VenueHost::send(sim::accounts::ConnId id, std::string text) {
  const auto found = conns_.find(id);
  if (found == conns_.end()) return;
  UnixNanos& arrives = found->second.to_venue;
  arrives = std::max(arrives, time_.now() + latency());
  time_.at(arrives, [this, id, text = std::move(text)] {
    if (!conns_.contains(id)) return;
    face_->message(id, text, time_.now());
    deliver();
  });
}

void VenueHost::closed(sim::accounts::ConnId id) {
  if (conns_.erase(id) == 0) return;
  time_.after(latency(), [this, id] {
    face_->closed(id, time_.now());
    deliver();
  });
}

void VenueHost::rest(ingest::HttpRequest request, ingest::HttpsConnection::Done done) {
  const auto asked = std::make_shared<ingest::HttpRequest>(std::move(request));
  time_.after(latency(), [this, asked, done = std::move(done)] {
    HttpAsk ask{asked->method, asked->target.reveal(), asked->body.reveal(), {}};
    for (const auto& header : asked->headers) {
      ask.headers.push_back({std::string(header.name), std::string(header.value.reveal())});
    }
    HttpReply reply = face_->rest(ask, time_.now());
    history_.note("REST {} {} -> {} {}{}", ask.method, ask.target, reply.status, reply.body.substr(0, 120),
                  reply.cut ? " (cut)" : "");
    deliver();
    const auto answer = std::make_shared<HttpAnswer>(answer_of(std::move(reply), asked->page_header));
    time_.after(latency(), [answer, done] { done(std::move(*answer)); });
  });
}

void VenueHost::tick() {
  face_->tick(time_.now());
  deliver();
}

void VenueHost::deliver() {
  std::vector<Outgoing> all = face_->take_outgoing();
  for (Outgoing& out : all) {
    const auto found = conns_.find(out.conn);
    if (found == conns_.end()) continue;
    UnixNanos& arrives = found->second.to_client;
    arrives = std::max(arrives, time_.now() + latency());
    time_.at(arrives, [this, out = std::make_shared<Outgoing>(std::move(out))] {
      const auto conn = conns_.find(out->conn);
      if (conn == conns_.end()) return;
      const Receive receive = conn->second.receive;
      receive(*out);
    });
  }
}

}  // namespace millrace::ledger
