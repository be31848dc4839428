#include "tests/unit/sim/accounts_support.h"

#include <fmt/format.h>

namespace millrace::sim::accounts {

FaceTest::FaceTest(const std::string& venue, const Knobs& knobs, bool ed25519)
    : keys_{make_keys(venue, 11, ed25519), make_keys(venue, 12, ed25519)} {
  FaceOptions options;
  options.venue = venue;
  options.seed = 5;
  options.start_ns = kStart;
  options.keys = keys_;
  options.knobs = knobs;
  face_ = make_face(options);
}

void FaceTest::pass(std::int64_t ns) {
  now += ns;
  face_->tick(now);
}

ConnId FaceTest::connect(const std::string& target) {
  face_->open(next_, target, now);
  return next_++;
}

std::vector<std::string> FaceTest::heard(ConnId conn) {
  for (Outgoing& one : face_->take_outgoing()) waiting_.push_back(std::move(one));
  std::vector<std::string> texts;
  std::vector<Outgoing> others;
  for (Outgoing& one : waiting_) {
    if (one.conn != conn) {
      others.push_back(std::move(one));
    } else if (one.kind == Outgoing::Kind::kClose) {
      texts.push_back(fmt::format("close:{}:{}", one.code, one.data));
      face_->closed(conn, now);
    } else if (one.kind == Outgoing::Kind::kReset) {
      texts.emplace_back("reset");
      face_->closed(conn, now);
    } else {
      texts.push_back(std::move(one.data));
    }
  }
  waiting_ = std::move(others);
  return texts;
}

std::vector<std::string> values_of(std::string_view text, std::string_view key) {
  const std::string wanted = fmt::format("\"{}\":", key);
  std::vector<std::string> found;
  for (auto at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at)) {
    at += wanted.size();
    const bool quoted = text[at] == '"';
    const auto begin = at + (quoted ? 1 : 0);
    const auto end = text.find_first_of(quoted ? "\"" : ",}]", begin);
    found.emplace_back(text.substr(begin, end - begin));
  }
  return found;
}

}  // namespace millrace::sim::accounts
