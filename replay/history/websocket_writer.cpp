#include "replay/history/websocket_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "schemas/codec/record_stream.h"

namespace millrace::history {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

// What may wait for one client.
constexpr std::size_t kQueueBytes = 4 * 1024 * 1024;
constexpr auto kClientPatience = std::chrono::seconds{60};
constexpr milliseconds kLook{100};

using Text = std::shared_ptr<const std::string>;

// What the replay's thread and the sockets' thread share.
struct Shared {
  std::mutex mutex;
  std::condition_variable changed;  // a client came, went or took something
  std::size_t joined = 0;           // ever
};

// One client. Its socket belongs to the sockets' thread; `shared.mutex` guards the rest.
class Client : public std::enable_shared_from_this<Client> {
 public:
  Client(tcp::socket socket, Shared& shared) : stream_{std::move(socket)}, shared_{shared} {}

  // --- sockets' thread ---

  void start(std::function<void(std::shared_ptr<Client>)> joined) {
    stream_.set_option(beast::websocket::stream_base::timeout::suggested(beast::role_type::server));
    stream_.text(true);
    stream_.async_accept([self = shared_from_this(), joined = std::move(joined)](error_code error) {
      if (error) return;
      joined(self);
      self->read();
    });
  }

  void send_next() {
    Text text;
    {
      const std::lock_guard lock{shared_.mutex};
      if (sending_ || gone_) return;
      if (queue_.empty()) {
        if (closing_) close();
        return;
      }
      sending_ = true;
      text = queue_.front();
    }
    stream_.async_write(asio::buffer(*text), [self = shared_from_this(), text](error_code error, std::size_t) {
      self->sent(error, text->size());
    });
  }

  // Ends the connection without a word, so that waiting operations fail.
  void cut() { beast::get_lowest_layer(stream_).close(); }

  // --- with the mutex held ---

  std::size_t waiting() const noexcept { return bytes_; }
  bool gone() const noexcept { return gone_; }
  void push(Text text) {
    bytes_ += text->size();
    queue_.push_back(std::move(text));
  }
  void end() noexcept { closing_ = true; }

 private:
  void sent(error_code error, std::size_t size) {
    {
      const std::lock_guard lock{shared_.mutex};
      sending_ = false;
      queue_.pop_front();
      bytes_ -= size;
      gone_ = gone_ || error;
    }
    shared_.changed.notify_all();
    send_next();
  }

  void read() {
    stream_.async_read(incoming_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->left();
      self->incoming_.clear();
      self->read();
    });
  }

  void left() {
    {
      const std::lock_guard lock{shared_.mutex};
      gone_ = true;
    }
    shared_.changed.notify_all();
  }

  // The mutex is held: the stream's work is only begun here. The answer ends read().
  void close() {
    if (std::exchange(closed_, true)) return;
    stream_.async_close(beast::websocket::close_code::normal, [self = shared_from_this()](error_code) {});
  }

  beast::websocket::stream<beast::tcp_stream> stream_;
  Shared& shared_;
  beast::flat_buffer incoming_;
  std::deque<Text> queue_;
  std::size_t bytes_ = 0;
  bool sending_ = false;
  bool closing_ = false;  // after the queue
  bool closed_ = false;
  bool gone_ = false;
};

class Server final : public WebSocketWriter {
 public:
  Server(std::uint16_t port, Problems& problems, std::function<bool()> stop)
      : problems_{problems}, stop_{std::move(stop)}, acceptor_{context_} {
    const tcp::endpoint here{asio::ip::address_v4::loopback(), port};
    error_code error;
    acceptor_.open(here.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(here, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) throw std::runtime_error(fmt::format("port {}: {}", port, error.message()));
    port_ = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread{[this] { context_.run(); }};
  }

  ~Server() override {
    context_.stop();
    thread_.join();
  }

  std::uint16_t port() const override { return port_; }

  bool wait_for_client(const std::function<bool()>& stop) override {
    std::unique_lock lock{shared_.mutex};
    while (shared_.joined == 0) {
      if (stop()) return false;
      shared_.changed.wait_for(lock, kLook);
    }
    return true;
  }

  bool write(const Record& record) override {
    const TopicKind& kind = *record.stream->kind;
    auto text = std::make_shared<std::string>();
    if (!schemas::append_json_line(kind.type, kind.dataset, record.bytes, *text)) {
      problems_.add("not_a_record", fmt::format("{} {} epoch {} seq {}: its body cannot be read", kind.topic,
                                                record.stream->owner, record.epoch, record.seq));
      return true;
    }
    text->pop_back();  // the newline: a frame is a line
    return deliver(std::move(text));
  }

  void flush() override {}

  // Clients get what is queued, then a normal close.
  void finish() override {
    std::unique_lock lock{shared_.mutex};
    for (const auto& client : clients_) {
      client->end();
      asio::post(context_, [client] { client->send_next(); });
    }
    const auto all_gone = [this] {
      return std::all_of(clients_.begin(), clients_.end(), [](const auto& client) { return client->gone(); });
    };
    const auto deadline = std::chrono::steady_clock::now() + kClientPatience;
    while (!all_gone() && !stop_() && std::chrono::steady_clock::now() < deadline) {
      shared_.changed.wait_for(lock, kLook);
    }
  }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) std::make_shared<Client>(std::move(socket), shared_)->start([this](auto client) { join(client); });
      accept();
    });
  }

  void join(std::shared_ptr<Client> client) {
    {
      const std::lock_guard lock{shared_.mutex};
      clients_.push_back(std::move(client));
      ++shared_.joined;
    }
    shared_.changed.notify_all();
  }

  bool deliver(Text text) {
    std::unique_lock lock{shared_.mutex};
    if (!wait_for_room(lock)) return false;
    for (const auto& client : clients_) {
      const bool idle = client->waiting() == 0;
      client->push(text);
      if (idle) asio::post(context_, [client] { client->send_next(); });
    }
    return true;
  }

  // False: nobody is left, or the replay shall end.
  bool wait_for_room(std::unique_lock<std::mutex>& lock) {
    const auto deadline = std::chrono::steady_clock::now() + kClientPatience;
    while (true) {
      std::erase_if(clients_, [](const auto& client) { return client->gone(); });
      if (clients_.empty()) return false;
      const auto slow = std::find_if(clients_.begin(), clients_.end(),
                                     [](const auto& client) { return client->waiting() >= kQueueBytes; });
      if (slow == clients_.end()) return true;
      if (stop_()) return false;
      if (std::chrono::steady_clock::now() >= deadline) {
        problems_.add("slow_client", "a client took nothing for 60 s: closed");
        asio::post(context_, [client = *slow] { client->cut(); });
        clients_.erase(slow);
        continue;
      }
      shared_.changed.wait_for(lock, kLook);
    }
  }

  Problems& problems_;
  std::function<bool()> stop_;
  Shared shared_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  std::vector<std::shared_ptr<Client>> clients_;  // guarded by shared_.mutex
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<WebSocketWriter> make_websocket_writer(std::uint16_t port, Problems& problems,
                                                       std::function<bool()> stop) {
  return std::make_unique<Server>(port, problems, std::move(stop));
}

}  // namespace millrace::history
