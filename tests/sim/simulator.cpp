#include "tests/sim/simulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "tests/sim/accounts/account_server.h"
#include "tests/sim/accounts/keys.h"
#include "tests/sim/accounts/ledger.h"
#include "tests/sim/accounts/make_face.h"
#include "tests/sim/control.h"
#include "tests/sim/net/certificate.h"
#include "tests/sim/net/venue_server.h"
#include "tests/sim/proxy/proxy.h"
#include "tests/sim/venues/factory.h"

namespace millrace::sim {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

std::int64_t wall_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// A folder of its own that goes away with the process, unless the user named one.
class Folder {
 public:
  explicit Folder(const std::string& wanted) : path_(wanted), temporary_(wanted.empty()) {
    if (!temporary_) {
      fs::create_directories(path_);
      return;
    }
    std::string name = (fs::temp_directory_path() / "millrace-sim-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    if (temporary_) fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const fs::path& path() const noexcept { return path_; }

 private:
  fs::path path_;
  bool temporary_;
};

std::string quoted_list(const std::vector<std::string>& words) {
  std::string out = "[";
  for (const std::string& word : words) out.append(out.size() > 1 ? ",\"" : "\"").append(word).append("\"");
  return out + "]";
}

}  // namespace

// Members die in reverse: first the servers, then what they use.
class Simulator::Impl {
 public:
  explicit Impl(const SimulatorOptions& options);

  std::string description() const;
  std::string ingest_configuration() const;
  void run();
  void stop();
  std::string instruments_body() const { return servers_.front()->venue().instruments_body(); }

 private:
  std::string ws_url(const VenueServer& server) const;
  std::string rest_url(const VenueServer& server) const;
  std::string stats() const;
  void append_venue(std::string& out, const VenueServer& server) const;
  std::shared_ptr<accounts::AccountServer> make_account(const AccountOptions& wanted, std::uint16_t port);
  std::string account_description(std::size_t index) const;
  void append_account(std::string& out, std::size_t index) const;
  std::vector<std::string> account_symbols(std::size_t index) const;
  std::string account_url(std::size_t index, bool websocket) const;
  void on_accounts(const HttpRequest& request, const HttpReply& reply) const;
  void make_proxy(const std::string& wanted);
  std::uint16_t visible_port(const VenueServer& server) const;
  void on_proxy(const HttpRequest& request, const HttpReply& reply) const;

  SimulatorOptions options_;
  Folder folder_;
  ServerIdentity identity_;
  FaultBook book_;
  FaultLog log_;
  asio::io_context io_;
  asio::signal_set signals_;
  std::shared_ptr<Control> control_;
  std::vector<std::shared_ptr<VenueServer>> servers_;
  std::vector<std::shared_ptr<accounts::AccountServer>> accounts_;
  std::vector<std::string> key_prefixes_;  // of the accounts
  std::vector<std::shared_ptr<Proxy>> proxies_;
};

Simulator::Impl::Impl(const SimulatorOptions& options)
    : options_(options),
      folder_(options.folder),
      identity_(folder_.path()),
      book_(options.seed),
      log_(options.fault_log),
      io_(options.threads),
      signals_(io_, SIGINT, SIGTERM) {
  for (const Fault& fault : options_.faults) book_.add(fault);
  const auto port = [&](std::size_t i) {
    return static_cast<std::uint16_t>(options_.port_base == 0 ? 0 : options_.port_base + i);
  };
  control_ = std::make_shared<Control>(
      io_, port(0), book_, log_,
      Control::Actions{[this] { return stats(); }, [this] { stop(); },
                       [this](const HttpRequest& request, const HttpReply& reply) { on_accounts(request, reply); },
                       [this](const HttpRequest& request, const HttpReply& reply) { on_proxy(request, reply); }});
  ServerOptions server_options;
  server_options.rate = options_.rate / static_cast<double>(std::max<std::size_t>(options_.venues.size(), 1));
  server_options.client = {options_.deflate, options_.max_buffered};
  for (const std::string& name : options_.venues) {
    auto server =
        std::make_shared<VenueServer>(io_, port(servers_.size() + 1), options_.plain ? nullptr : identity_.context(),
                                      server_options, book_, log_, wall_clock);
    server->set_venue(make_venue(name, options_, wall_clock, *server));
    servers_.push_back(std::move(server));
  }
  for (const AccountOptions& wanted : options_.accounts) {
    accounts_.push_back(make_account(wanted, port(1 + servers_.size() + accounts_.size())));
  }
  for (const std::string& wanted : options_.proxies) make_proxy(wanted);
}

// A venue's name stands for its own port.
void Simulator::Impl::make_proxy(const std::string& wanted) {
  const auto equals = wanted.find('=');
  const std::string name = wanted.substr(0, equals);
  std::string target = equals == std::string::npos ? std::string{} : wanted.substr(equals + 1);
  for (const auto& server : servers_) {
    if (target.empty() && server->venue().name() == name) target = fmt::format("127.0.0.1:{}", server->port());
  }
  // Another proxy is another chance.
  proxies_.push_back(std::make_shared<Proxy>(io_, name, target, options_.seed + 1'000'003 * proxies_.size()));
}

// Where clients are sent: the proxy before a venue, if there is one.
std::uint16_t Simulator::Impl::visible_port(const VenueServer& server) const {
  for (const auto& proxy : proxies_) {
    if (proxy->name() == server.venue().name()) return proxy->port();
  }
  return server.port();
}

// /proxy/NAME goes to that proxy.
void Simulator::Impl::on_proxy(const HttpRequest& request, const HttpReply& reply) const {
  for (const auto& proxy : proxies_) {
    if (request.path != "/proxy/" + proxy->name()) continue;
    return proxy->control(std::string(request.method), std::string(request.body), reply);
  }
  reply({.status = 404, .body = R"({"error":"GET or POST /proxy/NAME"})"});
}

std::shared_ptr<accounts::AccountServer> Simulator::Impl::make_account(const AccountOptions& wanted,
                                                                       std::uint16_t port) {
  const std::string label = fmt::format("{}:{}", wanted.venue, wanted.name);
  const fs::path folder = fs::absolute(folder_.path());
  key_prefixes_.push_back(wanted.key_prefix.empty()
                              ? (folder / fmt::format("{}-{}", wanted.venue, wanted.name)).string()
                              : fs::absolute(wanted.key_prefix).string());
  accounts::FaceOptions face;
  face.venue = wanted.venue;
  face.instruments = options_.account_instruments;
  // Another account is another life.
  face.seed = options_.seed + 1'000'003 * accounts_.size();
  face.start_ns = wall_clock();
  const std::string& prefix = key_prefixes_.back();
  face.keys = {accounts::keys_in_files(prefix, wanted.venue),
               accounts::keys_in_files(prefix + "-sidecar", wanted.venue)};
  for (const AccountKnob& turned : options_.account_knobs) {
    if (!turned.account.empty() && turned.account != label) continue;
    if (accounts::set_knob(face.knobs, turned.knob, turned.value)) continue;
    throw std::runtime_error(fmt::format("there is no knob {}={}", turned.knob, turned.value));
  }
  return std::make_shared<accounts::AccountServer>(io_, port, options_.plain ? nullptr : identity_.context(),
                                                   Client::Options{false, options_.max_buffered}, book_, log_,
                                                   wall_clock, label, accounts::make_face(face));
}

std::string Simulator::Impl::ws_url(const VenueServer& server) const {
  return fmt::format("{}://127.0.0.1:{}{}", options_.plain ? "ws" : "wss", visible_port(server),
                     server.venue().name() == "kraken" ? "/v2" : "");
}

std::string Simulator::Impl::rest_url(const VenueServer& server) const {
  return fmt::format("{}://127.0.0.1:{}", options_.plain ? "http" : "https", visible_port(server));
}

std::string Simulator::Impl::description() const {
  std::string out = fmt::format(R"({{"ca_file":"{}","control":"http://127.0.0.1:{}","venues":{{)",
                                identity_.ca_file().string(), control_->port());
  for (const auto& server : servers_) {
    fmt::format_to(std::back_inserter(out), R"({}"{}":{{"ws_url":"{}","rest_url":"{}","symbols":{}}})",
                   server == servers_.front() ? "" : ",", server->venue().name(), ws_url(*server), rest_url(*server),
                   quoted_list(server->venue().symbols()));
  }
  out += '}';
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    out.append(i == 0 ? R"(,"accounts":{)" : ",").append(account_description(i));
  }
  if (!accounts_.empty()) out += '}';
  for (const auto& proxy : proxies_) {
    fmt::format_to(std::back_inserter(out), R"({}"{}":"127.0.0.1:{}")",
                   proxy == proxies_.front() ? R"(,"proxies":{)" : ",", proxy->name(), proxy->port());
  }
  return out + (proxies_.empty() ? "}" : "}}");
}

// Where the account's keys lie, never what they are.
std::string Simulator::Impl::account_description(std::size_t index) const {
  const AccountOptions& wanted = options_.accounts[index];
  const std::string& prefix = key_prefixes_[index];
  const auto keys = [](const std::string& at) {
    const std::string passphrase = at + ".passphrase";
    return fmt::format(R"({{"api_key_file":"{0}.key","secret_file":"{0}.secret"{1}}})", at,
                       fs::exists(passphrase) ? fmt::format(R"(,"passphrase_file":"{}")", passphrase) : "");
  };
  return fmt::format(
      R"("{}":{{"venue":"{}","name":"{}","ws_url":"{}","rest_url":"{}","symbols":{},"keys":{},"sidecar_keys":{}}})",
      accounts_[index]->label(), wanted.venue, wanted.name, account_url(index, true), account_url(index, false),
      quoted_list(account_symbols(index)), keys(prefix), keys(prefix + "-sidecar"));
}

// /accounts lists them; /accounts/VENUE:NAME/VERB goes to the account's server.
void Simulator::Impl::on_accounts(const HttpRequest& request, const HttpReply& reply) const {
  std::string_view rest = request.path.substr(std::string_view("/accounts").size());
  if (rest.empty() || rest == "/") {
    std::vector<std::string> labels;
    for (const auto& server : accounts_) labels.push_back(server->label());
    return reply({.body = quoted_list(labels)});
  }
  rest.remove_prefix(1);
  const auto slash = rest.find('/');
  for (const auto& server : accounts_) {
    if (slash == std::string_view::npos || server->label() != rest.substr(0, slash)) continue;
    return server->control(std::string(request.method), std::string(rest.substr(slash + 1)), std::string(request.body),
                           reply);
  }
  reply({.status = 404, .body = R"({"error":"GET /accounts, GET /accounts/VENUE:NAME/ledger"})"});
}

void Simulator::Impl::append_venue(std::string& out, const VenueServer& server) const {
  const auto to = std::back_inserter(out);
  const Venue& venue = server.venue();
  fmt::format_to(to, "  - name: {}\n    ws_url: {}\n    rest_url: {}\n    ca_file: {}\n", venue.name(), ws_url(server),
                 rest_url(server), identity_.ca_file().string());
  const Profile profile = venue.profile();
  const auto& datasets = profile.datasets.empty() ? options_.datasets : profile.datasets;
  const bool book = std::find(datasets.begin(), datasets.end(), "book") != datasets.end();
  fmt::format_to(to, "    symbols: {}\n    datasets: {}\n", quoted_list(venue.symbols()), quoted_list(datasets));
  if (book && profile.book_depth != 0) fmt::format_to(to, "    book_depth: {}\n", profile.book_depth);
  if (book && profile.snapshot_levels != 0) fmt::format_to(to, "    snapshot_levels: {}\n", profile.snapshot_levels);
  const auto lifetime = options_.limits.find("lifetime_s");
  if (lifetime != options_.limits.end()) fmt::format_to(to, "    limits:\n      lifetime_s: {}\n", lifetime->second);
}

std::string Simulator::Impl::ingest_configuration() const {
  std::string out = fmt::format(
      "worker: sim\nthreads: 1\nkafka:\n  brokers: {}\n  prefix: {}\nmetrics:\n  listen: 127.0.0.1:0\n"
      "refresh_s: 60\n",
      options_.brokers, options_.prefix);
  if (!servers_.empty()) out += "venues:\n";
  for (const auto& server : servers_) append_venue(out, *server);
  if (accounts_.empty()) return out;
  const fs::path journal = fs::absolute(folder_.path()) / "journal";
  fs::create_directories(journal);
  fmt::format_to(std::back_inserter(out), "journal:\n  dir: {}\naccounts:\n", journal.string());
  for (std::size_t i = 0; i < accounts_.size(); ++i) append_account(out, i);
  return out;
}

void Simulator::Impl::append_account(std::string& out, std::size_t index) const {
  const accounts::AccountServer& server = *accounts_[index];
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "  - name: {}\n    venue: {}\n    symbols: {}\n", options_.accounts[index].name,
                 server.face().venue(), quoted_list(account_symbols(index)));
  for (const std::string_view who : {"", "sidecar_"}) {
    const std::string prefix = key_prefixes_[index] + (who.empty() ? "" : "-sidecar");
    fmt::format_to(to, "    {0}keys:\n      api_key_file: {1}.key\n      secret_file: {1}.secret\n", who, prefix);
    if (fs::exists(prefix + ".passphrase")) fmt::format_to(to, "      passphrase_file: {}.passphrase\n", prefix);
  }
  fmt::format_to(to, "    ws_url: {}\n    rest_url: {}\n    ca_file: {}\n", account_url(index, true),
                 account_url(index, false), fs::absolute(identity_.ca_file()).string());
}

std::vector<std::string> Simulator::Impl::account_symbols(std::size_t index) const {
  std::vector<std::string> symbols;
  for (const Instrument& one : accounts_[index]->face().ledger().rules().instruments) symbols.push_back(one.symbol);
  return symbols;
}

std::string Simulator::Impl::account_url(std::size_t index, bool websocket) const {
  const accounts::AccountServer& server = *accounts_[index];
  const std::string_view scheme = websocket ? (options_.plain ? "ws" : "wss") : (options_.plain ? "http" : "https");
  return fmt::format("{}://127.0.0.1:{}{}", scheme, server.port(), websocket ? server.face().ws_path() : "");
}

std::string Simulator::Impl::stats() const {
  std::string out = "{\"venues\":{";
  for (const auto& server : servers_) {
    fmt::format_to(std::back_inserter(out), R"({}"{}":{})", server == servers_.front() ? "" : ",",
                   server->venue().name(), server->stats());
  }
  return out + fmt::format(R"(}},"faults":{}}})", log_.counts());
}

void Simulator::Impl::run() {
  signals_.async_wait([this](boost::system::error_code error, int) {
    if (!error) stop();
  });
  control_->start();
  for (const auto& server : servers_) server->start();
  for (const auto& server : accounts_) server->start();
  for (const auto& proxy : proxies_) proxy->start();
  std::vector<std::jthread> helpers;
  for (int i = 1; i < options_.threads; ++i) helpers.emplace_back([this] { io_.run(); });
  io_.run();
}

// Connections end, then nothing is left to do and run() returns. What hangs on all the same is cut off.
void Simulator::Impl::stop() {
  asio::post(io_, [this] {
    signals_.cancel();
    control_->stop();
    for (const auto& server : servers_) server->stop();
    for (const auto& server : accounts_) server->stop();
    for (const auto& proxy : proxies_) proxy->stop();
    auto deadline = std::make_shared<asio::steady_timer>(io_, std::chrono::milliseconds(100));
    deadline->async_wait([this, deadline](boost::system::error_code) { io_.stop(); });
  });
}

Simulator::Simulator(const SimulatorOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Simulator::~Simulator() = default;
std::string Simulator::description() const { return impl_->description(); }
std::string Simulator::ingest_configuration() const { return impl_->ingest_configuration(); }
void Simulator::run() { impl_->run(); }
std::string Simulator::instruments_body() const { return impl_->instruments_body(); }
void Simulator::stop() { impl_->stop(); }

}  // namespace millrace::sim
