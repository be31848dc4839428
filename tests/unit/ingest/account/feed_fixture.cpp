#include "tests/unit/ingest/account/feed_fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace millrace::ingest::test {

AccountFixture::AccountFixture(std::string_view venue_name, std::string_view secret) {
  auto venue = normalize::make_account_venue(venue_name, {});
  publish::AccountWriterOptions options;
  options.epoch = 7;
  options.clock = [this] { return now; };
  writer = std::make_unique<publish::AccountWriter>(std::string(venue_name), "main", sink, std::move(options));
  SigningWorld world;
  world.now_ns = [this] { return now; };
  world.nonce = [nonce = std::uint64_t{0}](std::int64_t) mutable -> AuthResult<std::uint64_t> { return ++nonce; };
  AccountKeys keys;
  keys.api_key = Secret::copy_of("key");
  keys.secret = Secret::copy_of(secret);
  auto signer = make_account_signer(venue->capabilities().scheme, std::move(keys), std::move(world)).value();
  AccountPorts ports;
  ports.make_link = [this](SessionSettings with, SessionListener& listener) {
    auto made = std::make_unique<FakeLink>(std::move(with), listener);
    links.push_back(made.get());
    return made;
  };
  ports.send_request = [this](HttpRequest request, HttpsConnection::Done done) {
    requests.push_back({std::string(request.method), std::string(request.target.reveal()),
                        std::string(request.body.reveal()), std::move(done)});
  };
  ports.now = [this] { return now; };
  ports.lane_full = [this] { return lane_full; };
  feed = std::make_unique<AccountFeed>(std::move(venue), std::move(signer), AccountFeed::Settings{}, *writer,
                                       std::move(ports));
}

void AccountFixture::answer(std::string body, int status) {
  ASSERT_FALSE(requests.empty());
  ASSERT_TRUE(requests.back().done) << "nothing is under way";
  HttpAnswer made;
  made.end.status = status;
  made.body = std::move(body);
  std::exchange(requests.back().done, nullptr)(std::move(made));
}

void AccountFixture::tick(UnixNanos to) {
  while (now < to) {
    now = std::min(now + kSecond, to);
    feed->tick(now);
  }
}

std::string AccountFixture::state() const {
  std::string last;
  for (const Record& record : sink.records) {
    const auto* status = std::get_if<schemas::Decoded<schemas::StreamStatus>>(&record.body);
    if (status == nullptr || status->body.dataset != "execution") continue;
    last = fmt::format("{} {}", schemas::name(status->body.state), status->body.reason);
  }
  return last;
}

std::vector<std::string> AccountFixture::executions() const {
  std::vector<std::string> lines;
  for (const Record& record : sink.records) {
    const auto* report = std::get_if<schemas::Decoded<schemas::Execution>>(&record.body);
    if (report == nullptr) continue;
    lines.push_back(fmt::format("{}/{} {} {}", report->meta.epoch, report->meta.seq, schemas::name(report->body.kind),
                                report->body.order_id));
  }
  return lines;
}

}  // namespace millrace::ingest::test
