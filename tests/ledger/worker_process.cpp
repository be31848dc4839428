#include "tests/ledger/worker_process.h"

#include <stdexcept>
#include <utility>

#include "tests/sim/accounts/ledger.h"

namespace millrace::ledger {
namespace {

ingest::Secret secret(const std::string& text) { return ingest::Secret::copy_of(text); }

publish::AccountWriterOptions writer_options(const Timeline& time, const normalize::AccountVenue& venue,
                                             std::int64_t epoch) {
  publish::AccountWriterOptions options;
  options.epoch = epoch;
  options.clock = [&time] { return time.now(); };
  options.worker = "worker";
  options.evidence = venue.capabilities().evidence;
  return options;
}

}  // namespace

ingest::SigningWorld signing_world(const Timeline& time, Nonces& nonces, Random& random,
                                   std::function<std::int64_t()> offset) {
  ingest::SigningWorld world;
  world.now_ns = [&time, offset = std::move(offset)] { return time.now() + offset(); };
  world.nonce = [&nonces](std::int64_t now) -> ingest::AuthResult<std::uint64_t> { return nonces.next(now); };
  world.random = [&random](std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) bytes.push_back(static_cast<char>(random.below(256)));
    return bytes;
  };
  return world;
}

std::unique_ptr<ingest::AccountSigner> make_signer(const normalize::AccountVenue& venue,
                                                   const sim::accounts::AccountKeys& keys, ingest::SigningWorld world) {
  auto made = ingest::make_account_signer(venue.capabilities().scheme,
                                          {secret(keys.api_key), secret(keys.secret), secret(keys.passphrase)},
                                          std::move(world));
  if (!made) throw std::logic_error("the account's key is refused by its signer: " + made.error().where);
  return std::move(*made);
}

std::string rest_host(const normalize::AccountVenue& venue) {
  const std::string& url = venue.rest_url();
  const std::size_t begin = url.find("://") + 3;
  return url.substr(begin, url.find('/', begin) - begin);
}

std::vector<std::string> symbols_of(const sim::accounts::AccountFace& face) {
  std::vector<std::string> symbols;
  for (const auto& one : face.ledger().rules().instruments) symbols.push_back(one.symbol);
  return symbols;
}

WorkerProcess::WorkerProcess(World world, std::int64_t epoch) : world_(world) {
  auto venue = normalize::make_account_venue(world_.venue, {});
  if (!venue) throw std::logic_error("no accounts at " + world_.venue);
  writer_ = std::make_unique<publish::AccountWriter>(world_.venue, std::string(kAccount), world_.producer,
                                                     writer_options(world_.time, *venue, epoch));
  world_.producer.listen(*writer_);
  make_feed(std::move(venue));
  world_.time.at(world_.broker.landing(world_.time.now(), world_.random), [this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    feed_->restore(read_topic());
    feed_->start();
    started_ = true;
  });
}

normalize::ToldOrders WorkerProcess::read_topic() const {
  normalize::ToldOrders told;
  for (const ExecutionRecord& record : world_.broker.executions) {
    const auto identity =
        schemas::make_stream_identity(world_.venue, record.symbol, record.instrument, std::string(kAccount));
    schemas::Meta meta;
    meta.stream = &identity;
    meta.epoch = record.epoch;
    meta.seq = record.seq;
    meta.venue_time = record.venue_time;
    meta.receive_time = record.receive_time;
    meta.origin = record.origin;
    told.add(meta, record.execution);
  }
  return told;
}

void WorkerProcess::make_feed(std::unique_ptr<normalize::AccountVenue> venue) {
  ingest::AccountPorts ports;
  ports.make_link = [this](ingest::SessionSettings settings, ingest::SessionListener& listener) {
    auto link = std::make_unique<VenueLink>(std::move(settings), listener, world_.host, world_.time, world_.history,
                                            world_.random.next());
    link_ = link->watched();
    return link;
  };
  ports.send_request = [this](ingest::HttpRequest request, ingest::HttpsConnection::Done done) {
    world_.host.rest(std::move(request), std::move(done));
  };
  ports.now = [this] { return world_.time.now(); };
  ingest::AccountFeed::Settings settings;
  settings.session.limits = venue->capabilities().limits;
  settings.session.ping_text = venue->capabilities().ping_text;
  settings.rest.host = rest_host(*venue);
  settings.rest.weight_per_minute = venue->capabilities().limits.rest_weight_per_minute * 70 / 100;
  settings.rest.jitter_seed = world_.random.next();
  settings.symbols = symbols_of(world_.host.face());
  auto signer = make_signer(*venue, world_.keys, signing_world(world_.time, world_.nonces, world_.random, [this] {
    return feed_ ? feed_->clock_offset_ns() : 0;
  }));
  feed_ = std::make_unique<ingest::AccountFeed>(std::move(venue), std::move(signer), std::move(settings), *writer_,
                                                std::move(ports));
}

void WorkerProcess::tick() {
  if (!started_) return;
  if (const auto link = link_.lock()) link->watch();
  feed_->tick(world_.time.now());
}

bool WorkerProcess::is_live() const {
  return writer_->state(normalize::Dataset::kExecution) == schemas::StreamState::kLive &&
         writer_->state(normalize::Dataset::kBalance) == schemas::StreamState::kLive;
}

}  // namespace millrace::ledger
