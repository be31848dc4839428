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

#include "tests/sim/control.h"
#include "tests/sim/net/certificate.h"
#include "tests/sim/net/venue_server.h"
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

  SimulatorOptions options_;
  Folder folder_;
  ServerIdentity identity_;
  FaultBook book_;
  FaultLog log_;
  asio::io_context io_;
  asio::signal_set signals_;
  std::shared_ptr<Control> control_;
  std::vector<std::shared_ptr<VenueServer>> servers_;
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
  control_ = std::make_shared<Control>(io_, port(0), book_, log_,
                                       Control::Actions{[this] { return stats(); }, [this] { stop(); }});
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
}

std::string Simulator::Impl::ws_url(const VenueServer& server) const {
  return fmt::format("{}://127.0.0.1:{}{}", options_.plain ? "ws" : "wss", server.port(),
                     server.venue().name() == "kraken" ? "/v2" : "");
}

std::string Simulator::Impl::rest_url(const VenueServer& server) const {
  return fmt::format("{}://127.0.0.1:{}", options_.plain ? "http" : "https", server.port());
}

std::string Simulator::Impl::description() const {
  std::string out = fmt::format(R"({{"ca_file":"{}","control":"http://127.0.0.1:{}","venues":{{)",
                                identity_.ca_file().string(), control_->port());
  for (const auto& server : servers_) {
    fmt::format_to(std::back_inserter(out), R"({}"{}":{{"ws_url":"{}","rest_url":"{}","symbols":{}}})",
                   server == servers_.front() ? "" : ",", server->venue().name(), ws_url(*server), rest_url(*server),
                   quoted_list(server->venue().symbols()));
  }
  return out + "}}";
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
      "refresh_s: 60\nvenues:\n",
      options_.brokers, options_.prefix);
  for (const auto& server : servers_) append_venue(out, *server);
  return out;
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
