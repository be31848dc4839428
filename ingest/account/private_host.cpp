#include "ingest/account/private_host.h"

#include <openssl/rand.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "ingest/config/address.h"
#include "publish/wall_clock.h"

namespace millrace::ingest {
namespace {

using std::chrono::milliseconds;

HttpsOptions https_options(const AccountConfig& config, const Address& address) {
  HttpsOptions options;
  options.address = address;
  options.connect = milliseconds(config.timeouts.connect_ms);
  options.handshake = milliseconds(config.timeouts.handshake_ms);
  options.request = milliseconds(config.timeouts.request_ms);
  return options;
}

Address address_of(const AccountConfig& config, const std::string& rest_url) {
  const auto address = parse_address(rest_url);
  if (!address) throw std::runtime_error("account " + config.name + ": no REST address: " + rest_url);
  return *address;
}

}  // namespace

PrivateHost::PrivateHost(boost::asio::io_context& context, const AccountConfig& config, const std::string& rest_url)
    : config_(config),
      address_(address_of(config, rest_url)),
      connection_(make_https_connection(context, tls_client_context(config.ca_file), https_options(config, address_))) {
}

std::int64_t share_of_budget(const AccountConfig& config, const normalize::AccountCapabilities& capabilities,
                             std::int64_t share_percent) {
  return capabilities.rest_limit_per_key && config.sidecar_keys != KeySource{} ? 100 : share_percent;
}

PrivateHost::~PrivateHost() { connection_->close(); }

PrivateRest::Settings PrivateHost::rest_settings(const normalize::AccountCapabilities& capabilities,
                                                 std::int64_t share_percent) const {
  const auto limits = effective_limits(config_.limits, capabilities.limits);
  PrivateRest::Settings settings;
  settings.host = address_.host;
  settings.path = address_.path;
  settings.weight_per_minute =
      limits.rest_weight_per_minute * share_of_budget(config_, capabilities, share_percent) / 100;
  if (limits.rest_weight_per_minute > 0 && settings.weight_per_minute == 0) settings.weight_per_minute = 1;
  std::uint64_t seed = 1;
  RAND_bytes(reinterpret_cast<unsigned char*>(&seed), sizeof seed);
  settings.jitter_seed = seed;
  return settings;
}

// Methods become literals, as an HttpRequest keeps views.
HttpRequest http_request(SignedRequest made, const normalize::PrivateRequest& asked, std::string_view path) {
  HttpRequest out;
  for (const std::string_view method : {"GET", "POST", "PUT", "DELETE"}) {
    if (made.method == method) out.method = method;
  }
  out.target = Secret::joined({path, made.target.reveal()});
  out.body = std::move(made.body);
  if (!made.content_type.empty()) out.content_type = "application/x-www-form-urlencoded";
  out.headers = std::move(made.headers);
  out.page_header = asked.page_header;
  return out;
}

AuthResult<std::uint64_t> LazyNonces::next(std::int64_t now_ns) {
  if (!source_) {
    std::error_code ignored;  // open() says what is wrong
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
    auto opened = NonceSource::open(path_, now_ns);
    if (!opened) return opened.error();
    source_ = std::make_unique<NonceSource>(std::move(*opened));
  }
  return source_->next(now_ns);
}

SigningWorld signing_world(std::shared_ptr<LazyNonces> nonces, std::shared_ptr<const std::int64_t> offset_ns) {
  SigningWorld world;
  world.now_ns = [offset = std::move(offset_ns)] { return wall_clock() + *offset; };
  world.nonce = [nonces = std::move(nonces)](std::int64_t now) { return nonces->next(now); };
  world.random = [](std::size_t size) {
    std::string bytes(size, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) != 1) {
      throw std::runtime_error("OpenSSL has no randomness");
    }
    return bytes;
  };
  return world;
}

SessionSettings account_session_settings(const AccountConfig& config,
                                         const normalize::AccountCapabilities& capabilities) {
  SessionSettings settings;
  settings.ca_file = config.ca_file;
  settings.limits = effective_limits(config.limits, capabilities.limits);
  settings.ping_text = capabilities.ping_text;
  settings.deadlines.connect = milliseconds(config.timeouts.connect_ms);
  settings.deadlines.handshake = milliseconds(config.timeouts.handshake_ms);
  settings.deadlines.upgrade = milliseconds(config.timeouts.handshake_ms);
  settings.deadlines.first_data = milliseconds(config.timeouts.first_data_ms);
  settings.deadlines.close = milliseconds(config.timeouts.close_ms);
  return settings;
}

}  // namespace millrace::ingest
