#include "tests/unit/ingest/session/beast_server.h"

#include <boost/asio/ssl.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <mutex>
#include <sstream>
#include <thread>

namespace millrace::ingest::test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using tcp = asio::ip::tcp;

asio::ssl::context make_context(const ServerOptions& options) {
  asio::ssl::context context(asio::ssl::context::tls_server);
  if (options.certificates == nullptr) return context;
  context.use_certificate_chain_file(options.certificates->chain());
  context.use_private_key_file(options.certificates->key(), asio::ssl::context::pem);
  SSL_CTX_set_session_id_context(context.native_handle(), reinterpret_cast<const unsigned char*>("test"), 4);
  if (options.tls11_only) {
    SSL_CTX_set_cipher_list(context.native_handle(), "ALL@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_1_VERSION);
  }
  return context;
}

using TlsStream = asio::ssl::stream<tcp::socket&>;

// Stream is the socket itself or TLS on it.
template <class Stream>
class PeerOn final : public Peer {
 public:
  template <class... Arguments>
  PeerOn(tcp::socket& socket, const ServerOptions& options, Arguments&&... arguments)
      : socket_(socket), ws_(std::forward<Arguments>(arguments)...) {
    websocket::permessage_deflate deflate;
    deflate.server_enable = options.deflate;
    deflate.server_no_context_takeover = options.no_context_takeover;
    deflate.server_max_window_bits = options.window_bits;
    ws_.set_option(deflate);
    ws_.auto_fragment(false);
    ws_.read_message_max(16 << 20);
    ws_.control_callback([](websocket::frame_type, beast::string_view) {});
  }

  void accept() override {
    secure();
    ws_.accept();
  }
  std::string read_request() override {
    secure();
    beast::flat_buffer buffer;
    beast::http::request<beast::http::empty_body> request;
    beast::http::read(ws_.next_layer(), buffer, request);
    std::ostringstream text;
    text << request;
    return text.str();
  }
  void write_raw(std::string_view bytes) override { asio::write(ws_.next_layer(), asio::buffer(bytes)); }
  void send(std::string_view text) override {
    ws_.text(true);
    ws_.write(asio::buffer(text));
  }
  void send_fragments(std::string_view text, std::size_t each) override {
    ws_.text(true);
    for (; text.size() > each; text.remove_prefix(each)) ws_.write_some(false, asio::buffer(text.substr(0, each)));
    ws_.write_some(true, asio::buffer(text));
  }
  void ping(std::string_view data) override { ws_.ping(websocket::ping_data(data.data(), data.size())); }
  std::string read() override {
    beast::flat_buffer buffer;
    ws_.read(buffer);
    return beast::buffers_to_string(buffer.data());
  }
  void close(int code) override {
    boost::system::error_code ignored;  // the client may be gone right after its answer
    ws_.close(websocket::close_reason(static_cast<websocket::close_code>(code)), ignored);
  }
  void reset() override {
    socket_.set_option(asio::socket_base::linger(true, 0));
    socket_.close();
  }
  void wait_for_end() override {
    boost::system::error_code error;
    while (!error) {
      beast::flat_buffer buffer;
      ws_.read(buffer, error);
    }
  }
  int client_close_code() override { return ws_.reason().code == websocket::none ? 1006 : ws_.reason().code; }
  bool resumed() override {
    if constexpr (std::is_same_v<Stream, TlsStream>) return SSL_session_reused(ws_.next_layer().native_handle()) == 1;
    return false;
  }

 private:
  void secure() {
    if constexpr (std::is_same_v<Stream, TlsStream>) ws_.next_layer().handshake(asio::ssl::stream_base::server);
  }

  tcp::socket& socket_;
  websocket::stream<Stream> ws_;
};

}  // namespace

class BeastServer::Impl {
 public:
  Impl(const ServerOptions& options, Script script)
      : options_(options),
        script_(std::move(script)),
        tls_(make_context(options)),
        acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        port_(acceptor_.local_endpoint().port()),
        thread_([this] { serve(); }) {}

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      shutdown(acceptor_.native_handle(), SHUT_RDWR);
      if (present_ != nullptr) shutdown(present_->native_handle(), SHUT_RDWR);
    }
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

 private:
  void serve() {
    for (int number = 0;; ++number) {
      tcp::socket socket(context_);
      boost::system::error_code error;
      acceptor_.accept(socket, error);
      if (error || !begin(socket)) return;
      try {
        run(socket, number);
      } catch (const std::exception&) {
        // The client is gone or refused us; what the test expects it checks on its own side.
      }
      const std::lock_guard lock(mutex_);
      present_ = nullptr;
      socket.close(error);
    }
  }

  bool begin(tcp::socket& socket) {
    const std::lock_guard lock(mutex_);
    present_ = &socket;
    return !stopping_;
  }

  void run(tcp::socket& socket, int number) {
    if (options_.certificates != nullptr) {
      PeerOn<TlsStream> peer(socket, options_, socket, tls_);
      return script_(peer, number);
    }
    PeerOn<tcp::socket&> peer(socket, options_, socket);
    script_(peer, number);
  }

  const ServerOptions options_;
  const Script script_;
  asio::io_context context_;
  asio::ssl::context tls_;
  tcp::acceptor acceptor_;
  const std::uint16_t port_;
  std::mutex mutex_;
  tcp::socket* present_ = nullptr;  // guarded by mutex_
  bool stopping_ = false;           // guarded by mutex_
  std::thread thread_;              // last: it uses all of the above
};

BeastServer::BeastServer(const ServerOptions& options, Script script)
    : impl_(std::make_unique<Impl>(options, std::move(script))) {}
BeastServer::~BeastServer() = default;

std::uint16_t BeastServer::port() const { return impl_->port(); }

std::string BeastServer::url(const std::string& host, const std::string& target) const {
  return "wss://" + host + ":" + std::to_string(port()) + target;
}

}  // namespace millrace::ingest::test
