#include "tests/unit/ingest/rest/tls_server.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <fstream>
#include <set>

namespace millrace::ingest::test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Stream = beast::ssl_stream<beast::tcp_stream>;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

std::string pem(const std::function<int(BIO*)>& write) {
  BIO* memory = BIO_new(BIO_s_mem());
  write(memory);
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(memory, &data));
  std::string text(data, size);
  BIO_free(memory);
  return text;
}

// A self-signed certificate that names 127.0.0.1: its own authority.
struct Identity {
  std::string key;
  std::string certificate;

  Identity() {
    EVP_PKEY* pair = EVP_EC_gen("P-256");
    X509* cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86'400);
    X509_set_pubkey(cert, pair);
    X509_NAME* subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(cert, subject);
    add(cert, NID_basic_constraints, "critical,CA:TRUE");
    add(cert, NID_subject_alt_name, "IP:127.0.0.1");
    X509_sign(cert, pair, EVP_sha256());
    key = pem([&](BIO* out) { return PEM_write_bio_PrivateKey(out, pair, nullptr, nullptr, 0, nullptr, nullptr); });
    certificate = pem([&](BIO* out) { return PEM_write_bio_X509(out, cert); });
    X509_free(cert);
    EVP_PKEY_free(pair);
  }

  static void add(X509* cert, int nid, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
  }
};

}  // namespace

struct TlsServer::Impl {
  Impl(asio::io_context& context, TlsServer& server)
      : owner(&server), tls(asio::ssl::context::tls_server), acceptor(context, {tcp::v4(), 0}) {
    const Identity identity;
    tls.use_certificate_chain(asio::buffer(identity.certificate));
    tls.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
    char name[] = "/tmp/millrace-ca-XXXXXX";
    const int file = ::mkstemp(name);
    ::close(file);
    ca_file = name;
    std::ofstream(ca_file) << identity.certificate;
  }

  static asio::awaitable<void> accept(std::shared_ptr<Impl> self) {
    for (;;) {
      auto [error, socket] = co_await self->acceptor.async_accept(kAwait);
      if (error || self->owner == nullptr) co_return;
      ++self->owner->connections;
      asio::co_spawn(self->acceptor.get_executor(), serve(self, std::move(socket)), asio::detached);
    }
  }

  static asio::awaitable<void> serve(std::shared_ptr<Impl> self, tcp::socket socket) {
    Stream stream(beast::tcp_stream(std::move(socket)), self->tls);
    self->open.insert(&stream);
    const auto forget = [&](void*) { self->open.erase(&stream); };
    const std::unique_ptr<void, decltype(forget)> guard(&stream, forget);
    if (auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, kAwait); error) co_return;
    beast::flat_buffer buffer;
    for (;;) {
      http::request<http::string_body> request;
      if (auto [error, n] = co_await http::async_read(stream, buffer, request, kAwait); error) co_return;
      if (self->owner == nullptr) co_return;
      const Scripted next = self->next(std::string(request.target()));
      if (next.cut) co_return;
      if (next.silent) continue;
      http::response<http::string_body> response(static_cast<http::status>(next.status), 11, next.body);
      for (const auto& [name, value] : next.headers) response.set(name, value);
      response.keep_alive(next.keep_alive);
      response.prepare_payload();
      if (auto [error, n] = co_await http::async_write(stream, response, kAwait); error) co_return;
      if (!next.keep_alive) co_return;
    }
  }

  Scripted next(std::string target) {
    owner->targets.push_back(std::move(target));
    if (owner->script.empty()) return {};
    Scripted answer = owner->script.front();
    owner->script.pop_front();
    return answer;
  }

  TlsServer* owner;
  asio::ssl::context tls;
  tcp::acceptor acceptor;
  std::string ca_file;
  std::set<Stream*> open;
};

TlsServer::TlsServer(asio::io_context& context) : impl_(std::make_shared<Impl>(context, *this)) {
  asio::co_spawn(context, Impl::accept(impl_), asio::detached);
}

TlsServer::~TlsServer() {
  impl_->owner = nullptr;
  impl_->acceptor.close();
  for (Stream* stream : impl_->open) beast::get_lowest_layer(*stream).close();
  std::filesystem::remove(impl_->ca_file);
}

std::uint16_t TlsServer::port() const { return impl_->acceptor.local_endpoint().port(); }
std::string TlsServer::ca_file() const { return impl_->ca_file; }

}  // namespace millrace::ingest::test
