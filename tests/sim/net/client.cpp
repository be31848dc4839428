#include "tests/sim/net/client.h"

#include <boost/beast/websocket.hpp>
#include <chrono>
#include <deque>

#include "tests/sim/net/client_impl.h"

namespace millrace::sim {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;

namespace {

constexpr char kText = '\x01';
constexpr char kBinary = '\x02';
constexpr char kContinuation = '\x00';
constexpr char kPing = '\x09';
constexpr char kFinal = '\x80';

void append_header(std::string& out, char first, std::size_t size) {
  out += first;
  if (size < 126) {
    out += static_cast<char>(size);
    return;
  }
  const int bytes = size < 65'536 ? 2 : 8;
  out += static_cast<char>(bytes == 2 ? 126 : 127);
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>((size >> shift) & 0xFFU);
}

char with_final(char opcode) noexcept { return static_cast<char>(opcode | kFinal); }

class BeastClient final : public Client, public std::enable_shared_from_this<BeastClient> {
 public:
  BeastClient(Wire wire, ClientId id, Options options, Events events, Injector injector)
      : wire_(wire),
        stream_(std::move(wire)),
        id_(id),
        options_(options),
        events_(std::move(events)),
        injector_(std::move(injector)) {}

  void start(BeastRequest request);

  void send(std::string_view text, const Tag& tag) override { injector_.pass(text, tag, *this); }
  void send_framed(std::string_view frame) override;
  void send_binary(std::string_view bytes) override { write_frame(with_final(kBinary), bytes); }
  void close(std::uint16_t code, std::string_view reason) override { disconnect(code, reason); }
  void ping() override { write_frame(with_final(kPing), "millrace"); }
  void reset() override { wire_.state().reset(); }
  std::size_t buffered() const noexcept override { return wire_.state().buffered() + queued_; }

  void deliver(std::string_view text) override;
  void deliver_in_fragments(std::string_view text) override;
  void break_off(std::string_view text) override;
  void disconnect(std::uint16_t code, std::string_view reason) override;
  void go_dead() override { wire_.state().freeze(); }
  void go_slow(std::size_t bytes) override { wire_.state().drip(bytes); }
  void flood_with_pings(int count) override {
    for (int i = 0; i < count; ++i) ping();
  }

 private:
  void read();
  void on_read(error_code error);
  void on_control(websocket::frame_type kind);
  void write_frame(char first, std::string_view payload);
  void write_next();

  mutable Wire wire_;
  websocket::stream<Wire, true> stream_;
  ClientId id_;
  Options options_;
  Events events_;
  Injector injector_;
  BeastRequest request_;
  beast::flat_buffer inbound_;
  std::string frame_;
  std::deque<std::string> queue_;  // with deflate only: messages on their way through Beast
  std::size_t queued_ = 0;
  bool open_ = false;
  bool closing_ = false;
};

void BeastClient::start(BeastRequest request) {
  request_ = std::move(request);
  websocket::permessage_deflate deflate;
  deflate.server_enable = options_.deflate;
  deflate.compLevel = 1;
  stream_.set_option(deflate);
  stream_.read_message_max(1U << 20U);
  // The time-out is for the handshakes, at both ends; a quiet client is the venue's affair.
  stream_.set_option(websocket::stream_base::timeout{std::chrono::seconds(5), websocket::stream_base::none(), false});
  stream_.control_callback([this](websocket::frame_type kind, beast::string_view) { on_control(kind); });
  stream_.async_accept(request_, [self = shared_from_this()](error_code error) {
    if (error) return self->events_.on_close(self->id_);
    // Compression is in force only if the client asked for it, too.
    const auto extensions = self->request_[beast::http::field::sec_websocket_extensions];
    self->options_.deflate &= extensions.find("permessage-deflate") != beast::string_view::npos;
    self->open_ = true;
    self->events_.on_open(self->id_);
    self->read();
  });
}

void BeastClient::read() {
  stream_.async_read(inbound_, [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
}

void BeastClient::on_read(error_code error) {
  if (error) {
    open_ = false;
    injector_.on_close();
    wire_.state().finish();
    return events_.on_close(id_);
  }
  const auto data = inbound_.data();
  const std::string text(static_cast<const char*>(data.data()), data.size());
  inbound_.consume(inbound_.size());
  events_.on_text(id_, text);
  read();
}

void BeastClient::on_control(websocket::frame_type kind) {
  if (kind != websocket::frame_type::close) events_.on_control_frame(id_);
}

void BeastClient::write_frame(char first, std::string_view payload) {
  if (!open_ || closing_) return;
  frame_.clear();
  append_header(frame_, first, payload.size());
  frame_.append(payload);
  wire_.state().write(frame_.data(), frame_.size());
}

void BeastClient::send_framed(std::string_view frame) {
  if (open_ && !closing_) wire_.state().write(frame.data(), frame.size());
}

void BeastClient::deliver(std::string_view text) {
  if (!options_.deflate) return write_frame(with_final(kText), text);
  queue_.emplace_back(text);
  queued_ += text.size();
  if (queue_.size() == 1) write_next();
}

void BeastClient::write_next() {
  if (!open_ || closing_) return;
  stream_.text(true);
  stream_.async_write(boost::asio::buffer(queue_.front()), [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return;
    self->queued_ -= self->queue_.front().size();
    self->queue_.pop_front();
    if (!self->queue_.empty()) self->write_next();
  });
}

// Three frames; with deflate the message goes whole, since its fragments are Beast's business.
void BeastClient::deliver_in_fragments(std::string_view text) {
  if (options_.deflate || text.size() < 3) return deliver(text);
  const std::size_t part = text.size() / 3;
  write_frame(kText, text.substr(0, part));
  write_frame(with_final(kPing), "between fragments");
  write_frame(kContinuation, text.substr(part, part));
  write_frame(with_final(kContinuation), text.substr(2 * part));
}

void BeastClient::break_off(std::string_view text) {
  frame_.clear();
  append_header(frame_, with_final(kText), text.size());
  frame_.append(text.substr(0, text.size() / 2));
  wire_.state().write(frame_.data(), frame_.size());
  wire_.state().reset();
}

void BeastClient::disconnect(std::uint16_t code, std::string_view reason) {
  if (!open_ || closing_) return;
  closing_ = true;
  const websocket::close_reason why(static_cast<websocket::close_code>(code),
                                    beast::string_view(reason.data(), reason.size()));
  stream_.async_close(why, [self = shared_from_this()](error_code) { self->wire_.state().finish(); });
}

}  // namespace

void append_frame(std::string& out, std::string_view text) {
  append_header(out, with_final(kText), text.size());
  out.append(text);
}

std::shared_ptr<Client> make_client(Wire wire, BeastRequest request, ClientId id, Client::Options options,
                                    Client::Events events, Injector injector) {
  auto client = std::make_shared<BeastClient>(std::move(wire), id, options, std::move(events), std::move(injector));
  client->start(std::move(request));
  return client;
}

}  // namespace millrace::sim
