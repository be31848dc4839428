#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/account/account_feed.h"
#include "tests/unit/ingest/worker/feed_harness.h"

namespace millrace::ingest::test {

struct SentRequest {
  std::string method;
  std::string target;
  std::string body;
  std::string key;  // Kraken's header
  HttpsConnection::Done done;
};

// One account's feed with a scripted network, the venue's real adapter and a clock that the test moves.
class AccountFixture {
 public:
  explicit AccountFixture(std::string_view venue, std::string_view secret = "c2VjcmV0");

  // Answers the request that is under way.
  void answer(std::string body, int status = 200);
  // Ticks each second until `to`.
  void tick(UnixNanos to);
  FakeLink& link() { return *links.back(); }
  // Of the last record about the executions' state: "LIVE snapshot".
  std::string state() const;
  std::string detail() const;
  std::unique_ptr<AccountSigner> make_signer(std::string_view api_key);
  // "EPOCH/SEQ KIND ORDER" of each execution.
  std::vector<std::string> executions() const;

  UnixNanos now = kStart;
  bool lane_full = false;
  KeepingSink sink;
  std::vector<FakeLink*> links;  // the last one is alive
  std::vector<UnixNanos> host_stops;
  std::deque<SentRequest> requests;  // all that were sent; those before the last are answered
  std::unique_ptr<publish::AccountWriter> writer;
  std::unique_ptr<AccountFeed> feed;

 private:
  const schemas::StreamStatus* last_status() const;

  const std::string secret_;
  normalize::AuthScheme scheme_{};
  std::uint64_t nonce_ = 0;
};

}  // namespace millrace::ingest::test
