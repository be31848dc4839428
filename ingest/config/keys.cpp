#include "ingest/config/keys.h"

namespace millrace::ingest {
namespace {

// Shorthand for the table: a captureless lambda as a function pointer of the right type.
template <class Section, class Value>
constexpr AnyMember<Section> to(Member<Section, Value> member) {
  return member;
}

constexpr std::int64_t kMaxMillis = 3'600'000;
constexpr std::int64_t kMaxCount = 1'000'000;

using C = Config;
using V = VenueConfig;
using A = AccountConfig;
using Text = std::string;
using Number = std::int64_t;
using Texts = std::vector<std::string>;
using Map = std::map<std::string, std::string>;

// clang-format off
const Key<C> kWorkerKeys[] = {
    {"worker", to<C, Text>([](C& c) -> Text& { return c.worker; }), "",
     "Name of this worker: names its claim, heartbeats and metrics. One running process per name.", true, Form::kName},
    {"group", to<C, Text>([](C& c) -> Text& { return c.group; }), "",
     "Workers of one group share the instruments of the topic `ctl.subscription` (`millrace subscribe`) and take over "
     "from each other; venues then have no `symbols`. All of a group have the same venues and datasets.", false,
     Form::kName},
    {"threads", to<C, Number>([](C& c) -> Number& { return c.threads; }), "threads",
     "Ingest threads; each holds its own sockets, books and producer. The streams of an instrument share one thread.",
     false, Form::kAny, 1, 64},
    {"kafka.brokers", to<C, Text>([](C& c) -> Text& { return c.kafka.brokers; }), "",
     "Bootstrap addresses, `host:port`, comma separated. Left out: there is no broker, records go to `journal.dir`.", false,
     Form::kBrokers},
    {"kafka.prefix", to<C, Text>([](C& c) -> Text& { return c.kafka.prefix; }), "",
     "First part of every topic name.", false, Form::kName},
    {"kafka.properties", to<C, Map>([](C& c) -> Map& { return c.kafka.properties; }), "",
     "Any librdkafka property (TLS, SASL). Those that a promise rests on cannot be changed: `acks`, "
     "`enable.idempotence`, `message.timeout.ms`, retries."},
    {"kafka.secret_files", to<C, Map>([](C& c) -> Map& { return c.kafka.secret_files; }), "",
     "Properties whose value is a file's content, such as `sasl.password: /etc/millrace/kafka.password`. The file is for "
     "its owner alone (0600). From the environment: `properties: {sasl.password: ${NAME}}`."},
    {"kafka.memory_limit_mb", to<C, Number>([](C& c) -> Number& { return c.kafka.memory_limit_mb; }), "MiB",
     "Bytes of records not yet acknowledged, over all threads. What becomes of more says `overload`.", false, Form::kAny, 8, 65'536},
    {"kafka.linger_ms", to<C, Number>([](C& c) -> Number& { return c.kafka.linger_us; }), "ms",
     "How long a batch waits for more records; up to three decimals.", false, Form::kDecimalMillis, 0, 1'000'000},
    {"metrics.listen", to<C, Text>([](C& c) -> Text& { return c.metrics_listen; }), "",
     "Address of `/metrics`, `/livez` and `/readyz`, `host:port`; port 0 takes any free one.", false, Form::kListen},
    {"record.dir", to<C, Text>([](C& c) -> Text& { return c.record_dir; }), "",
     "Folder for capture files of everything sent and received; empty = none."},
    {"refresh_s", to<C, Number>([](C& c) -> Number& { return c.refresh_s; }), "s",
     "Each live book is published whole this often, at a moment of its own. A late consumer seeks back by that much.",
     false, Form::kAny, 1, 86'400},
    {"heartbeat_ms", to<C, Number>([](C& c) -> Number& { return c.heartbeat_ms; }), "ms",
     "How often quiet streams are named alive. Consumers take 3 s without record and heartbeat for no feed.",
     false, Form::kAny, 100, 2'000},
    {"shutdown_ms", to<C, Number>([](C& c) -> Number& { return c.shutdown_ms; }), "ms",
     "At the end: how long to wait for the broker's last acknowledgements.", false, Form::kAny, 100, 600'000},
    {"journal.dir", to<C, Text>([](C& c) -> Text& { return c.journal.dir; }), "",
     "Folder on a local disk, of this worker alone: what memory cannot hold while the broker is away, nonces, and without "
     "a broker all records. Required with `accounts`."},
    {"journal.limit_mb", to<C, Number>([](C& c) -> Number& { return c.journal.limit_mb; }), "MiB",
     "What may wait there for the broker, of accounts and of market data each. Full: market data is dropped, counted and "
     "declared; account sessions close (HALTED) and the sidecar's sweep repairs.", false, Form::kAny, 1, 1'048'576},
    {"journal.archive", to<C, bool>([](C& c) -> bool& { return c.journal.archive; }), "",
     "Also write every record to the journal, for `millrace replay --journal`."},
    {"journal.archive_mb", to<C, Number>([](C& c) -> Number& { return c.journal.archive_mb; }), "MiB",
     "What the records of an archive, or of a worker without a broker, may take, compressed; the oldest go first.", false,
     Form::kAny, 16, 1'073'741'824},
    {"journal.archive_age_h", to<C, Number>([](C& c) -> Number& { return c.journal.archive_age_h; }), "h",
     "Such records go when they are older; 0 = never for their age.", false, Form::kAny, 0, 876'000},
    {"journal.sync_ms", to<C, Number>([](C& c) -> Number& { return c.journal.sync_ms; }), "ms",
     "How often such records are synced: what a power cut may take. Those of accounts are synced before they count as "
     "written.", false, Form::kAny, 10, 60'000},
    {"overload", to<C, Map>([](C& c) -> Map& { return c.overload; }), "",
     "What becomes of a dataset's records that memory has no room for, `dataset: policy`. `spill`: they wait in "
     "`journal.dir` and follow in order (the default where that is set). `conflate`: books follow as one snapshot, quotes "
     "as the latest one, all else is dropped. What is left out is counted and declared as a LOCAL gap."},
    {"sidecar.listen", to<C, Text>([](C& c) -> Text& { return c.sidecar_listen; }), "",
     "As `metrics.listen`, of `millrace sidecar`.", false, Form::kListen},
    {"sidecar.rest_share_percent", to<C, Number>([](C& c) -> Number& { return c.sidecar_share_percent; }), "%",
     "The sidecar's part of a venue's REST budget; the worker keeps the rest. Kraken counts each key by itself: with "
     "`sidecar_keys` each has the whole.", false, Form::kAny, 1, 99},
    {"log.level", to<C, Text>([](C& c) -> Text& { return c.log_level; }), "",
     "`trace`, `debug`, `info`, `warn` or `error`.", false, Form::kLevel},
};

const Key<V> kVenueKeys[] = {
    {"name", to<V, Text>([](V& v) -> Text& { return v.name; }), "",
     "The venue, one of `millrace capabilities`.", true},
    {"ws_url", to<V, Text>([](V& v) -> Text& { return v.ws_url; }), "",
     "WebSocket address, `wss://host[:port][/path]`; empty = the venue's own. Any server that speaks the venue's wire "
     "format can stand in for it.", false, Form::kWssUrl},
    {"rest_url", to<V, Text>([](V& v) -> Text& { return v.rest_url; }), "",
     "REST address, `https://host[:port]`; empty = the venue's own.", false, Form::kHttpsUrl},
    {"ca_file", to<V, Text>([](V& v) -> Text& { return v.ca_file; }), "",
     "PEM file of the authorities to trust; empty = the system's. TLS is always verified.", false, Form::kFile},
    {"symbols", to<V, Texts>([](V& v) -> Texts& { return v.symbols; }), "",
     "The venue's spelling, as in its payloads (`BTC/USD`, `BTCUSDT`). Required, unless the worker has a `group`."},
    {"datasets", to<V, Texts>([](V& v) -> Texts& { return v.dataset_names; }), "",
     "What to publish of each symbol: `book`, `bbo`, `trade` ... as the venue's row in `millrace capabilities` has it.",
     true},
    {"book_depth", to<V, Number>([](V& v) -> Number& { return v.book_depth; }), "levels",
     "Levels a side to subscribe to; 0 = the venue's default.", false, Form::kAny, 0, kMaxCount},
    {"book_speed", to<V, Text>([](V& v) -> Text& { return v.book_speed; }), "",
     "Update speed of the book where the venue has a choice (`100ms`); empty = its default."},
    {"snapshot_levels", to<V, Number>([](V& v) -> Number& { return v.snapshot_levels; }), "levels",
     "Levels a side of a REST snapshot; more cost more request weight. 0 = the venue's default.", false, Form::kAny, 0,
     kMaxCount},
    {"max_levels", to<V, Number>([](V& v) -> Number& { return v.max_levels; }), "levels",
     "A live book keeps at most this many levels a side (flag DEPTH_LIMITED), so a refresh has a known largest size.",
     false, Form::kAny, 10, 100'000},
    {"bbo_from_book", to<V, bool>([](V& v) -> bool& { return v.bbo_from_book; }), "",
     "Also publish dataset `bbo-book`, the best levels of the book on change."},
    {"hot_standby", to<V, bool>([](V& v) -> bool& { return v.hot_standby; }), "",
     "Each connection has a second one beside it with the same streams: what one of them leaves out the other one brings, "
     "and when one ends nothing is missing. For venues whose updates are numbered (Binance): the numbers say what came "
     "twice, and what not yet. Twice the connections and traffic."},
    {"book_audit_s", to<V, Number>([](V& v) -> Number& { return v.book_audit_s; }), "s",
     "Where a checksum covers only the best levels of a book (Kraken): each book is subscribed anew this often, which "
     "proves all its levels. 0 = never; no effect elsewhere.", false, Form::kAny, 0, 86'400},
    {"limits.streams_per_connection", to<V, Number>([](V& v) -> Number& { return v.limits.streams_per_connection; }),
     "streams", "Streams on one connection; 0 = as the venue documents (so for all limits).", false, Form::kAny, 0,
     kMaxCount},
    {"limits.messages_per_second", to<V, Number>([](V& v) -> Number& { return v.limits.messages_per_second; }),
     "messages/s", "Messages to the venue on one connection.", false, Form::kAny, 0, kMaxCount},
    {"limits.connects_per_window", to<V, Number>([](V& v) -> Number& { return v.limits.connects_per_window; }),
     "connects", "Connection attempts per window.", false, Form::kAny, 0, kMaxCount},
    {"limits.connect_window_s", to<V, Number>([](V& v) -> Number& { return v.limits.connect_window_s; }), "s",
     "That window.", false, Form::kAny, 0, 86'400},
    {"limits.rest_weight_per_minute", to<V, Number>([](V& v) -> Number& { return v.limits.rest_weight_per_minute; }),
     "weight/min", "Request weight to the venue's host in any 60 s, over all threads.", false, Form::kAny, 0,
     kMaxCount},
    {"limits.lifetime_s", to<V, Number>([](V& v) -> Number& { return v.limits.lifetime_s; }), "s",
     "Age at which the venue closes a connection; a second one is opened before.", false, Form::kAny, 0, 8'640'000},
    {"limits.silence_ms", to<V, Number>([](V& v) -> Number& { return v.limits.silence_ms; }), "ms",
     "A connection without any frame for so long is dead.", false, Form::kAny, 0, kMaxMillis},
    {"limits.busy_silence_ms", to<V, Number>([](V& v) -> Number& { return v.limits.busy_silence_ms; }), "ms",
     "A connection that brought messages all the time and then none for so long is dead, even if it answers pings.",
     false, Form::kAny, 0, kMaxMillis},
    {"limits.ping_interval_ms", to<V, Number>([](V& v) -> Number& { return v.limits.ping_interval_ms; }), "ms",
     "How often to send a ping.", false, Form::kAny, 0, kMaxMillis},
    {"timeouts.connect_ms", to<V, Number>([](V& v) -> Number& { return v.timeouts.connect_ms; }), "ms",
     "For the TCP connection.", false, Form::kAny, 1, kMaxMillis},
    {"timeouts.handshake_ms", to<V, Number>([](V& v) -> Number& { return v.timeouts.handshake_ms; }), "ms",
     "For TLS and the WebSocket upgrade.", false, Form::kAny, 1, kMaxMillis},
    {"timeouts.first_data_ms", to<V, Number>([](V& v) -> Number& { return v.timeouts.first_data_ms; }), "ms",
     "From a subscription to its first data; then resubscribe, then reconnect.", false, Form::kAny, 1, kMaxMillis},
    {"timeouts.request_ms", to<V, Number>([](V& v) -> Number& { return v.timeouts.request_ms; }), "ms",
     "For a whole REST request.", false, Form::kAny, 1, kMaxMillis},
    {"timeouts.close_ms", to<V, Number>([](V& v) -> Number& { return v.timeouts.close_ms; }), "ms",
     "For the venue's answer to our close.", false, Form::kAny, 1, kMaxMillis},
};

const Key<A> kAccountKeys[] = {
    {"name", to<A, Text>([](A& a) -> Text& { return a.name; }), "",
     "Our name of the account: in records, status and event ids. Never reuse one for another account.", true,
     Form::kName},
    {"venue", to<A, Text>([](A& a) -> Text& { return a.venue; }), "",
     "The venue, one of `millrace capabilities --accounts`.", true},
    {"symbols", to<A, Texts>([](A& a) -> Texts& { return a.symbols; }), "",
     "Instruments to ask REST about where the venue wants one by one (Binance, Coinbase Exchange); symbols seen in the "
     "account's own events are added."},
    {"keys.api_key_file", to<A, Text>([](A& a) -> Text& { return a.keys.api_key_file; }), "",
     "The API key of `millrace ingest`: file with its public half, readable by this user alone.", false, Form::kFile},
    {"keys.api_key_env", to<A, Text>([](A& a) -> Text& { return a.keys.api_key_env; }), "",
     "Or the name of the environment variable that holds it.", false, Form::kName},
    {"keys.secret_file", to<A, Text>([](A& a) -> Text& { return a.keys.secret_file; }), "",
     "The API key of `millrace ingest`: file with its secret, readable by this user alone.", false, Form::kFile},
    {"keys.secret_env", to<A, Text>([](A& a) -> Text& { return a.keys.secret_env; }), "",
     "Or the name of the environment variable that holds it.", false, Form::kName},
    {"keys.passphrase_file", to<A, Text>([](A& a) -> Text& { return a.keys.passphrase_file; }), "",
     "The API key of `millrace ingest`: file with its passphrase, where the venue has one, readable by this user alone.", false, Form::kFile},
    {"keys.passphrase_env", to<A, Text>([](A& a) -> Text& { return a.keys.passphrase_env; }), "",
     "Or the name of the environment variable that holds it.", false, Form::kName},
    {"sidecar_keys.api_key_file", to<A, Text>([](A& a) -> Text& { return a.sidecar_keys.api_key_file; }), "",
     "The API key of `millrace sidecar`, another one: file with its public half, readable by this user alone.", false, Form::kFile},
    {"sidecar_keys.api_key_env", to<A, Text>([](A& a) -> Text& { return a.sidecar_keys.api_key_env; }), "",
     "Or the name of the environment variable that holds it.", false, Form::kName},
    {"sidecar_keys.secret_file", to<A, Text>([](A& a) -> Text& { return a.sidecar_keys.secret_file; }), "",
     "The API key of `millrace sidecar`, another one: file with its secret, readable by this user alone.", false, Form::kFile},
    {"sidecar_keys.secret_env", to<A, Text>([](A& a) -> Text& { return a.sidecar_keys.secret_env; }), "",
     "Or the name of the environment variable that holds it.", false, Form::kName},
    {"sidecar_keys.passphrase_file", to<A, Text>([](A& a) -> Text& { return a.sidecar_keys.passphrase_file; }), "",
     "The API key of `millrace sidecar`, another one: file with its passphrase, where the venue has one, readable by this user alone.", false, Form::kFile},
    {"sidecar_keys.passphrase_env", to<A, Text>([](A& a) -> Text& { return a.sidecar_keys.passphrase_env; }), "",
     "Or the name of the environment variable that holds it.", false, Form::kName},
    {"ws_url", to<A, Text>([](A& a) -> Text& { return a.ws_url; }), "",
     "Private WebSocket address; `${token}` in it is where the venue's token goes. Empty = the venue's own.", false,
     Form::kWssUrl},
    {"rest_url", to<A, Text>([](A& a) -> Text& { return a.rest_url; }), "",
     "REST address, `https://host[:port]`; empty = the venue's own.", false, Form::kHttpsUrl},
    {"ca_file", to<A, Text>([](A& a) -> Text& { return a.ca_file; }), "",
     "PEM file of the authorities to trust; empty = the system's. TLS is always verified.", false, Form::kFile},
    {"limits.rest_weight_per_minute", to<A, Number>([](A& a) -> Number& { return a.limits.rest_weight_per_minute; }),
     "weight/min", "Request weight in any 60 s, worker and sidecar together; 0 = as the venue documents.", false,
     Form::kAny, 0, kMaxCount},
    {"limits.silence_ms", to<A, Number>([](A& a) -> Number& { return a.limits.silence_ms; }), "ms",
     "A connection without any frame for so long is dead; 0 = as the venue documents.", false, Form::kAny, 0,
     kMaxMillis},
    {"limits.ping_interval_ms", to<A, Number>([](A& a) -> Number& { return a.limits.ping_interval_ms; }), "ms",
     "How often to send a ping; 0 = as the venue documents.", false, Form::kAny, 0, kMaxMillis},
    {"timeouts.connect_ms", to<A, Number>([](A& a) -> Number& { return a.timeouts.connect_ms; }), "ms",
     "For the TCP connection.", false, Form::kAny, 1, kMaxMillis},
    {"timeouts.handshake_ms", to<A, Number>([](A& a) -> Number& { return a.timeouts.handshake_ms; }), "ms",
     "For TLS and the WebSocket upgrade.", false, Form::kAny, 1, kMaxMillis},
    {"timeouts.first_data_ms", to<A, Number>([](A& a) -> Number& { return a.timeouts.first_data_ms; }), "ms",
     "From the connection to its first message.", false, Form::kAny, 1, kMaxMillis},
    {"timeouts.request_ms", to<A, Number>([](A& a) -> Number& { return a.timeouts.request_ms; }), "ms",
     "For a whole REST request.", false, Form::kAny, 1, kMaxMillis},
    {"poll_down_s", to<A, Number>([](A& a) -> Number& { return a.poll_down_s; }), "s",
     "The sidecar sweeps this often while the stream is down; 0 = it does not poll.", false, Form::kAny, 0, 86'400},
    {"poll_healthy_s", to<A, Number>([](A& a) -> Number& { return a.poll_healthy_s; }), "s",
     "And this often while it is well.", false, Form::kAny, 0, 86'400},
    {"safety_lag_s", to<A, Number>([](A& a) -> Number& { return a.safety_lag_s; }), "s",
     "How far the venue's REST may be behind its clock: the watermark stays that far behind. 0 = the venue's.", false,
     Form::kAny, 0, 86'400},
};
// clang-format on

}  // namespace

std::span<const Key<Config>> worker_keys() noexcept { return kWorkerKeys; }
std::span<const Key<VenueConfig>> venue_keys() noexcept { return kVenueKeys; }
std::span<const Key<AccountConfig>> account_keys() noexcept { return kAccountKeys; }

}  // namespace millrace::ingest
