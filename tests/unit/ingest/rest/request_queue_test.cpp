#include "ingest/rest/request_queue.h"

#include <gtest/gtest.h>

namespace millrace::ingest {
namespace {

using namespace std::chrono_literals;
using Pushed = RequestQueue::Pushed;

normalize::RestRequest request(std::string key) { return {key, "/" + key, 1, 0}; }
RestHandler nobody() {
  return [](const normalize::RestAnswer&) { return true; };
}

TEST(RequestQueue, OfOneKeyOnlyOneRequestIsThereAndTheSecondAskerJoins) {
  RequestQueue queue(10);
  EXPECT_EQ(queue.push(request("a"), 0s, nobody()), Pushed::kQueued);
  EXPECT_EQ(queue.push(request("a"), 0s, nobody()), Pushed::kJoined);
  const std::string key = queue.begin(*queue.first_due(1s)).key;
  EXPECT_EQ(queue.push(request("a"), 0s, nobody()), Pushed::kJoined);
  EXPECT_EQ(queue.finish(key).handlers.size(), 3u);
  EXPECT_EQ(queue.push(request("a"), 0s, nobody()), Pushed::kQueued);
}

TEST(RequestQueue, RefusesWhatDoesNotFit) {
  RequestQueue queue(2);
  queue.push(request("a"), 0s, nobody());
  queue.push(request("b"), 0s, nobody());
  EXPECT_EQ(queue.push(request("c"), 0s, nobody()), Pushed::kRefused);
  EXPECT_EQ(queue.push(request("b"), 0s, nobody()), Pushed::kJoined);
}

TEST(RequestQueue, ALaterRequestThatIsDuePassesOneThatMustWait) {
  RequestQueue queue(10);
  queue.push(request("later"), 10s, nobody());
  queue.push(request("now"), 0s, nobody());
  EXPECT_EQ(queue.first_due(1s)->key, "now");
  queue.begin(*queue.first_due(1s));
  EXPECT_EQ(queue.first_due(1s), nullptr);
  EXPECT_EQ(queue.next_due(), 10s);
  EXPECT_EQ(queue.first_due(10s)->key, "later");
}

TEST(RequestQueue, ARetryCountsItsAttemptsAndKeepsItsAskers) {
  RequestQueue queue(10);
  queue.push(request("a"), 0s, nobody());
  queue.begin(*queue.first_due(0s));
  EXPECT_EQ(queue.attempt("a"), 1);
  queue.retry("a", 5s);
  EXPECT_EQ(queue.first_due(4s), nullptr);
  queue.begin(*queue.first_due(5s));
  EXPECT_EQ(queue.attempt("a"), 2);
  EXPECT_EQ(queue.finish("a").handlers.size(), 1u);
  EXPECT_EQ(queue.waiting() + queue.under_way(), 0u);
}

TEST(RequestQueue, AskersOfOneKeyAreBounded) {
  RequestQueue queue(10);
  for (int i = 0; i < 1000; ++i) queue.push(request("a"), 0s, nobody());
  queue.begin(*queue.first_due(0s));
  EXPECT_LE(queue.finish("a").handlers.size(), 8u);
}

}  // namespace
}  // namespace millrace::ingest
