#include "ingest/session/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cstring>

namespace millrace::ingest {
namespace {

constexpr std::size_t kMostQuestions = 256;
constexpr std::size_t kMostHosts = 256;  // remembered
constexpr std::chrono::seconds kFresh(60);

using Clock = std::chrono::steady_clock;

}  // namespace

// Shared by the asker and the resolver's thread. `context` is null once nobody waits.
struct Lookup::Ticket {
  std::mutex mutex;
  boost::asio::io_context* context = nullptr;  // guarded by mutex
  Handler handler;                             // touched on the context's thread only

  // The lock is held while posting: cancel() on the other side waits for it, and after that the context is not touched.
  static void answer(const std::shared_ptr<Ticket>& ticket, const Addresses& found) {
    const std::lock_guard lock(ticket->mutex);
    if (ticket->context == nullptr) return;
    boost::asio::post(*ticket->context, [ticket, found] {
      if (ticket->handler) std::exchange(ticket->handler, nullptr)(found);
    });
    ticket->context = nullptr;
  }
};

// Two steps, since the resolver's thread knows the ticket: first it must not post any more, then what was posted finds
// no handler.
void Lookup::cancel() noexcept {
  if (!ticket_) return;
  {
    const std::lock_guard lock(ticket_->mutex);
    ticket_->context = nullptr;
  }
  ticket_->handler = nullptr;
  ticket_.reset();
}

Lookup& Lookup::operator=(Lookup&& other) noexcept {
  if (this == &other) return *this;
  cancel();
  ticket_ = std::move(other.ticket_);
  return *this;
}

// Outlives the Resolver as long as its thread is inside getaddrinfo, which cannot be interrupted.
struct Resolver::Shared {
  struct Known {
    Addresses addresses;
    Clock::time_point at;
    bool asked = false;  // a question is queued or under way
    std::vector<std::shared_ptr<Lookup::Ticket>> waiting;
  };

  Ask ask;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::string> questions;  // guarded by mutex, as all below
  std::map<std::string, Known> hosts;
  bool stopping = false;

  // The entry of a host; null if there are too many and none can be forgotten.
  Known* find(const std::string& host) {
    const auto place = hosts.find(host);
    if (place != hosts.end()) return &place->second;
    if (hosts.size() >= kMostHosts) std::erase_if(hosts, [](const auto& entry) { return !entry.second.asked; });
    return hosts.size() < kMostHosts ? &hosts[host] : nullptr;
  }

  // One question per host under way, however many wait for it.
  bool question(const std::string& host, Known& known) {
    if (known.asked) return true;
    if (questions.size() >= kMostQuestions) return false;
    questions.push_back(host);
    known.asked = true;
    wake.notify_one();
    return true;
  }
};

Resolver& Resolver::shared() {
  static Resolver resolver(ask_system);
  return resolver;
}

// Detached, because getaddrinfo cannot be interrupted and no end of a process should wait for a DNS server. The thread
// holds what it needs.
Resolver::Resolver(Ask ask) : shared_(std::make_shared<Shared>()) {
  shared_->ask = std::move(ask);
  std::thread([shared = shared_] { work(shared); }).detach();
}

Resolver::~Resolver() {
  const std::lock_guard lock(shared_->mutex);
  shared_->stopping = true;
  shared_->wake.notify_one();
}

// Three answers: what is known, also while a newer one is being asked; the answer to come; or none, where there is no
// room to ask.
Lookup Resolver::resolve(boost::asio::io_context& context, const std::string& host, Lookup::Handler handler) {
  Lookup lookup;
  lookup.ticket_ = std::make_shared<Lookup::Ticket>();
  lookup.ticket_->context = &context;
  lookup.ticket_->handler = std::move(handler);

  const std::lock_guard lock(shared_->mutex);
  Shared::Known* known = shared_->find(host);
  const bool old = known != nullptr && (known->addresses.empty() || Clock::now() - known->at > kFresh);
  const bool asked = known != nullptr && (!old || shared_->question(host, *known));
  if (known != nullptr && !known->addresses.empty()) {
    Lookup::Ticket::answer(lookup.ticket_, known->addresses);
  } else if (asked && known->asked) {
    known->waiting.push_back(lookup.ticket_);
  } else {
    Lookup::Ticket::answer(lookup.ticket_, {});
  }
  return lookup;
}

void Resolver::distrust(const std::string& host) {
  const std::lock_guard lock(shared_->mutex);
  if (Shared::Known* known = shared_->find(host)) known->addresses.clear();
}

// The lock is not held while asking: everybody else is served from what is known meanwhile.
void Resolver::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  for (;;) {
    shared->wake.wait(lock, [&] { return shared->stopping || !shared->questions.empty(); });
    if (shared->stopping) return;
    const std::string host = std::move(shared->questions.front());
    shared->questions.pop_front();
    lock.unlock();
    const Addresses found = shared->ask(host);
    lock.lock();
    auto& known = shared->hosts[host];
    known.asked = false;
    // No answer is no reason to forget addresses that worked.
    if (!found.empty()) known.addresses = found;
    if (!found.empty()) known.at = Clock::now();
    for (const auto& ticket : std::exchange(known.waiting, {})) Lookup::Ticket::answer(ticket, known.addresses);
  }
}

// AI_ADDRCONFIG: no IPv6 address on a machine that has no IPv6, where each attempt would cost a deadline.
Addresses ask_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return {};
  Addresses found;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    boost::asio::ip::tcp::endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    found.push_back(endpoint.address());
  }
  freeaddrinfo(list);
  return found;
}

}  // namespace millrace::ingest
