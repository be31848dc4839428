#include "ingest/rest/rest_client.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <random>
#include <utility>
#include <vector>

#include "publish/wall_clock.h"

namespace millrace::ingest {
namespace {

using Nanos = std::chrono::nanoseconds;

Nanos monotonic() { return std::chrono::steady_clock::now().time_since_epoch(); }

std::string_view word_of(const HttpEnd& end) {
  if (end.status == 0) return "no_answer";
  if (end.status == 429 || end.status == 418) return "limited";
  return end.status >= 500 ? "server_error" : "client_error";
}

}  // namespace

class RestClient::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& context, RestOptions options, std::shared_ptr<HostGate> gate, Trouble trouble)
      : context_(context),
        options_(std::move(options)),
        gate_(std::move(gate)),
        trouble_(std::move(trouble)),
        tls_(tls_client_context(options_.ca_file)),
        queue_(options_.queue_limit),
        timer_(context),
        random_(options_.jitter_seed != 0 ? options_.jitter_seed : std::random_device{}()) {
    for (std::size_t i = 0; i < options_.connections; ++i) {
      idle_.push_back(make_https_connection(context_, tls_, options_.https));
    }
    all_ = idle_;
  }

  // not_before comes in wall time, as adapters know no other; the queue lives in monotonic time, so that a step of the
  // clock moves nothing that waits.
  bool get(const normalize::RestRequest& request, RestHandler handler) {
    const Nanos delay{std::max<std::int64_t>(request.not_before == 0 ? 0 : request.not_before - wall_clock(), 0)};
    const auto pushed = queue_.push(request, monotonic() + delay, std::move(handler));
    if (pushed == RequestQueue::Pushed::kRefused) {
      stats_.refused.add();
      return false;
    }
    count_queue();
    schedule(Nanos{0});
    return true;
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    for (const auto& connection : all_) connection->close();
  }

  const RestStats& stats() const noexcept { return stats_; }

 private:
  // Runs pump() after `wait`, or now if one is not already on its way.
  // A new wait replaces the one before; pump() looks at everything anyway.
  void schedule(Nanos wait) {
    timer_.expires_after(wait);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (self && !error && !self->stopped_) self->pump();
    });
  }

  // Asks the gate before a connection is taken. While the budget is used up the first due request waits, and all behind
  // it: the order asked is the order sent.
  void pump() {
    while (!idle_.empty()) {
      const Nanos now = monotonic();
      const RequestQueue::Entry* due = queue_.first_due(now);
      if (due == nullptr) {
        if (const auto next = queue_.next_due()) schedule(std::max(*next - now, Nanos{0}));
        return;
      }
      const Nanos wait = gate_->take(now, due->weight);
      stats_.used_weight.set(static_cast<std::uint64_t>(gate_->used(now)));
      if (wait > Nanos{0}) return schedule(wait);
      send(queue_.begin(*due));
    }
  }

  // Looks its entry up by key when the answer comes: the queue may have moved it by then.
  void send(const RequestQueue::Entry& entry) {
    const auto connection = idle_.back();
    idle_.pop_back();
    connection->get(options_.https.address.path + entry.target,
                    [weak = weak_from_this(), connection, key = entry.key, begun = monotonic()](HttpAnswer answer) {
                      const auto self = weak.lock();
                      if (!self || self->stopped_) return;
                      self->idle_.push_back(connection);
                      self->on_answer(key, begun, std::move(answer));
                      self->pump();
                    });
  }

  // What the host says of our weight is believed for every answer, also a refused one: it is the moment when our own
  // count was wrong.
  void on_answer(const std::string& key, Nanos begun, HttpAnswer answer) {
    const Nanos now = monotonic();
    if (answer.end.status != 0) stats_.latency.add((now - begun).count());
    stats_.statuses.add(std::to_string(answer.end.status));
    stats_.bytes.add(answer.body.size());
    if (answer.used_weight) gate_->correct(now, *answer.used_weight);
    const int attempt = queue_.attempt(key);
    const Verdict verdict = judge(answer.end, attempt, static_cast<std::uint32_t>(random_() % 1000));
    tell(key, answer, verdict);
    if (verdict.step == NextStep::kDeliver) return deliver(queue_.finish(key), std::move(answer));
    if (verdict.step == NextStep::kStopHost) gate_->stop_until(now + verdict.wait);
    queue_.retry(key, now + verdict.wait);
  }

  void tell(const std::string& key, const HttpAnswer& answer, const Verdict& verdict) {
    const bool trouble = answer.end.status == 0 || answer.end.status >= 400;
    if (!trouble || !trouble_) return;
    trouble_({word_of(answer.end), key, answer.end.status, answer.error, verdict.wait});
  }

  // The first that still wants the answer takes it: a connection that was replaced has asked for the same key again.
  void deliver(RequestQueue::Entry entry, HttpAnswer answer) {
    count_queue();
    normalize::RestAnswer out{entry.target, answer.body, answer.end.status, wall_clock()};
    for (const RestHandler& handler : entry.handlers) {
      if (!handler(out)) continue;
      stats_.answered.add();
      return;
    }
    stats_.unclaimed.add();
  }

  void count_queue() { stats_.queue.set(queue_.waiting() + queue_.under_way()); }

  boost::asio::io_context& context_;
  const RestOptions options_;
  const std::shared_ptr<HostGate> gate_;
  const Trouble trouble_;
  const std::shared_ptr<boost::asio::ssl::context> tls_;
  RequestQueue queue_;
  boost::asio::steady_timer timer_;
  std::minstd_rand random_;
  std::vector<std::shared_ptr<HttpsConnection>> idle_;
  std::vector<std::shared_ptr<HttpsConnection>> all_;
  RestStats stats_;
  bool stopped_ = false;
};

RestClient::RestClient(boost::asio::io_context& context, RestOptions options, std::shared_ptr<HostGate> gate,
                       Trouble trouble)
    : impl_(std::make_shared<Impl>(context, std::move(options), std::move(gate), std::move(trouble))) {}

RestClient::~RestClient() { impl_->stop(); }

bool RestClient::get(const normalize::RestRequest& request, RestHandler handler) {
  return impl_->get(request, std::move(handler));
}

const RestStats& RestClient::stats() const noexcept { return impl_->stats(); }

}  // namespace millrace::ingest
