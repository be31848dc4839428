#include "tests/unit/ingest/account/feed_fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace millrace::ingest::test {

AccountFixture::AccountFixture(std::string_view venue_name, std::string_view secret) : secret_(secret) {
  auto venue = normalize::make_account_venue(venue_name, {});
  scheme_ = venue->capabilities().scheme;
  publish::AccountWriterOptions options;
  options.epoch = 7;
  options.clock = [this] { return now; };
  writer = std::make_unique<publish::AccountWriter>(std::string(venue_name), "main", sink, std::move(options));
  auto signer = make_signer("key");
  AccountPorts ports;
  ports.make_link = [this](SessionSettings with, SessionListener& listener) {
    auto made = std::make_unique<FakeLink>(std::move(with), listener);
    links.push_back(made.get());
    return made;
  };
  ports.send_request = [this](HttpRequest request, HttpsConnection::Done done) {
    std::string key;
    for (const SecretHeader& header : request.headers) {
      if (header.name == "API-Key") key = header.value.reveal();
    }
    requests.push_back({std::string(request.method), std::string(request.target.reveal()),
                        std::string(request.body.reveal()), std::move(key), std::move(done)});
  };
  ports.now = [this] { return now; };
  ports.host_stopped = [this](UnixNanos until) { host_stops.push_back(until); };
  ports.lane_full = [this] { return lane_full; };
  feed = std::make_unique<AccountFeed>(std::move(venue), std::move(signer), AccountFeed::Settings{}, *writer,
                                       std::move(ports));
}

std::unique_ptr<AccountSigner> AccountFixture::make_signer(std::string_view api_key) {
  SigningWorld world;
  world.now_ns = [this] { return now; };
  world.nonce = [this](std::int64_t) -> AuthResult<std::uint64_t> { return ++nonce_; };
  AccountKeys keys;
  keys.api_key = Secret::copy_of(api_key);
  keys.secret = Secret::copy_of(secret_);
  keys.passphrase = Secret::copy_of("passphrase");
  return make_account_signer(scheme_, std::move(keys), std::move(world)).value();
}

void AccountFixture::answer(std::string body, int status) {
  ASSERT_FALSE(requests.empty());
  ASSERT_TRUE(requests.back().done) << "nothing is under way";
  HttpAnswer made;
  made.end.status = status;
  made.body = std::move(body);
  made.body.reserve(made.body.size() + normalize::kFramePadding);  // as the connection promises
  std::exchange(requests.back().done, nullptr)(std::move(made));
}

void AccountFixture::tick(UnixNanos to) {
  while (now < to) {
    now = std::min(now + kSecond, to);
    feed->tick(now);
  }
}

const schemas::StreamStatus* AccountFixture::last_status() const {
  const schemas::StreamStatus* last = nullptr;
  for (const Record& record : sink.records) {
    const auto* status = std::get_if<schemas::Decoded<schemas::StreamStatus>>(&record.body);
    if (status != nullptr && status->body.dataset == "execution") last = &status->body;
  }
  return last;
}

std::string AccountFixture::state() const {
  const auto* status = last_status();
  return status == nullptr ? "" : fmt::format("{} {}", schemas::name(status->state), status->reason);
}

std::string AccountFixture::detail() const {
  const auto* status = last_status();
  return status == nullptr ? "" : std::string(status->detail);
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
