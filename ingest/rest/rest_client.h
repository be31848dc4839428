#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/rest/host_gate.h"
#include "ingest/rest/https_connection.h"
#include "ingest/rest/request_queue.h"
#include "publish/sequence/counters.h"
#include "publish/tally.h"

namespace millrace::ingest {

// How a client talks to its host and how much it may keep. Beside the queue at most `connections` requests are under
// way, each with one answer of at most https.body_limit bytes in memory.
struct RestOptions {
  std::string ca_file;  // empty = the system's authorities
  HttpsOptions https;
  std::size_t connections = 2;     // kept open at most
  std::size_t queue_limit = 4096;  // requests that wait; more are refused
  std::uint64_t jitter_seed = 0;   // 0 = from the system's random source
};

// Written on the client's thread, readable from any.
struct RestStats {
  publish::Tally answered;            // delivered to whoever asked
  publish::Tally refused;             // the queue was full
  publish::Tally unclaimed;           // good answers that nobody was left to take
  publish::Tally bytes;               // of bodies
  publish::ReasonCounters statuses;   // answers by status; "0" = none
  publish::Tally queue;               // requests waiting or under way
  publish::Tally used_weight;         // of the last 60 s, all threads
  publish::LatencyHistogram latency;  // request sent -> whole body
};

// Something the operator should know of a request; views are valid during the call. `target` is the request's key.
struct RestTrouble {
  std::string_view reason;  // "limited", "server_error", "no_answer", "client_error"
  std::string_view target;
  int status = 0;
  std::string_view detail;
  std::chrono::nanoseconds wait{0};  // until the next attempt; 0 = none
};

// GET requests to one host from one ingest thread, within the budget that the host's gate keeps for the process.
// Retries by judge() until an answer below 500 is there or nobody wants it any more. All calls, handlers included, on
// the io_context's thread; handlers are not called from within get(). There is no cancelling: who is gone returns false
// from its handler.
class RestClient {
 public:
  using Trouble = std::function<void(const RestTrouble&)>;

  // Throws if the CA file cannot be used. `trouble` may be empty. The context outlives the client.
  RestClient(boost::asio::io_context& context, RestOptions options, std::shared_ptr<HostGate> gate, Trouble trouble);
  ~RestClient();  // calls no handler any more
  RestClient(const RestClient&) = delete;
  RestClient& operator=(const RestClient&) = delete;

  // False: the queue is full, counted in stats().refused; the handler will not be called. True: it is called at most
  // once, possibly much later (weight, Retry-After), with a RestAnswer that is valid during the call.
  [[nodiscard]] bool get(const normalize::RestRequest& request, RestHandler handler);

  const RestStats& stats() const noexcept;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace millrace::ingest
