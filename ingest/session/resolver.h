#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace millrace::ingest {

using Addresses = std::vector<boost::asio::ip::address>;

// One question to the resolver. Destroying or cancelling it guarantees that its handler does not run afterwards and
// that its io_context is not touched. Used on that io_context's thread; must end before the context does.
class Lookup {
 public:
  // Empty: no address, or the resolver is too busy.
  using Handler = std::function<void(const Addresses&)>;

  Lookup() = default;
  ~Lookup() { cancel(); }
  Lookup(Lookup&&) noexcept = default;
  Lookup& operator=(Lookup&& other) noexcept;
  void cancel() noexcept;

 private:
  friend class Resolver;
  struct Ticket;
  std::shared_ptr<Ticket> ticket_;
};

// Host names to addresses, off the I/O threads: one thread asks, everybody shares what it found. A known name is
// answered at once, also when it is old (60 s); then it is asked again in the background, so that a reconnect never
// waits for DNS. The queue is bounded: when it is full the answer is "no address". At most 256 hosts are remembered;
// then those that nobody asks about are forgotten. Callable from any thread.
class Resolver {
 public:
  // May block.
  using Ask = std::function<Addresses(const std::string& host)>;

  // Asks getaddrinfo. One per process, never destroyed before main() ends.
  static Resolver& shared();

  explicit Resolver(Ask ask);
  ~Resolver();

  // `handler` runs on `context`, never inside this call, at most once. Dropping the Lookup takes the question back.
  [[nodiscard]] Lookup resolve(boost::asio::io_context& context, const std::string& host, Lookup::Handler handler);

  // None of the host's addresses worked: the next resolve() waits for a new answer.
  void distrust(const std::string& host);

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);
  std::shared_ptr<Shared> shared_;
};

// Addresses of `host` by getaddrinfo, empty if there are none. Blocks.
Addresses ask_system(const std::string& host);

}  // namespace millrace::ingest
