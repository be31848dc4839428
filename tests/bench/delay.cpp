// A TCP proxy that holds everything back for a fixed time in each direction: a broker that is some milliseconds away.
//
//   bench_delay TARGET_PORT MICROSECONDS_EACH_WAY
//
// Listens on a free loopback port, prints it, and runs until killed.

#include <boost/asio.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kHeldAtMost = 64 * 1024 * 1024;  // bytes a direction; beyond it, reading waits

// One direction of one connection.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(std::shared_ptr<tcp::socket> from, std::shared_ptr<tcp::socket> to, std::chrono::microseconds delay)
      : from_(std::move(from)), to_(std::move(to)), timer_(from_->get_executor()), delay_(delay) {}

  void read() {
    reading_ = held_ < kHeldAtMost;
    if (!reading_) return;
    from_->async_read_some(asio::buffer(chunk_), [self = shared_from_this()](const auto& error, std::size_t size) {
      if (error) return self->close();
      self->held_ += size;
      self->queue_.push_back(
          {Clock::now() + self->delay_, {self->chunk_.begin(), self->chunk_.begin() + static_cast<long>(size)}});
      if (self->queue_.size() == 1) self->wait();
      self->read();
    });
  }

 private:
  struct Held {
    Clock::time_point due;
    std::vector<char> bytes;
  };

  void wait() {
    timer_.expires_at(queue_.front().due);
    timer_.async_wait([self = shared_from_this()](const auto&) { self->write(); });
  }

  void write() {
    asio::async_write(*to_, asio::buffer(queue_.front().bytes),
                      [self = shared_from_this()](const auto& error, std::size_t size) {
                        if (error) return self->close();
                        self->held_ -= size;
                        self->queue_.pop_front();
                        if (!self->queue_.empty()) self->wait();
                        if (!self->reading_) self->read();
                      });
  }

  void close() {
    boost::system::error_code ignored;
    from_->close(ignored);
    to_->close(ignored);
  }

  std::shared_ptr<tcp::socket> from_, to_;
  asio::steady_timer timer_;
  std::chrono::microseconds delay_;
  std::deque<Held> queue_;
  std::vector<char> chunk_ = std::vector<char>(256 * 1024);
  std::size_t held_ = 0;
  bool reading_ = false;
};

void accept(tcp::acceptor& acceptor, tcp::endpoint target, std::chrono::microseconds delay) {
  acceptor.async_accept([&acceptor, target, delay](const auto& error, tcp::socket client) {
    if (!error) {
      auto near = std::make_shared<tcp::socket>(std::move(client));
      auto far = std::make_shared<tcp::socket>(near->get_executor());
      boost::system::error_code failed;
      far->connect(target, failed);
      if (!failed) {
        near->set_option(tcp::no_delay(true));
        far->set_option(tcp::no_delay(true));
        std::make_shared<Pipe>(near, far, delay)->read();
        std::make_shared<Pipe>(far, near, delay)->read();
      }
    }
    accept(acceptor, target, delay);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("bench_delay TARGET_PORT MICROSECONDS_EACH_WAY\n", stderr);
    return 2;
  }
  asio::io_context context(1);
  const auto loopback = asio::ip::address_v4::loopback();
  tcp::acceptor acceptor(context, tcp::endpoint(loopback, 0));
  std::printf("%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  accept(acceptor, tcp::endpoint(loopback, static_cast<std::uint16_t>(std::atoi(argv[1]))),
         std::chrono::microseconds(std::atoi(argv[2])));
  context.run();
}
