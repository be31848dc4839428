#include "ingest/config/load.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace millrace::ingest {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kGood = R"(worker: w1
threads: 2
kafka:
  brokers: 127.0.0.1:9092
  prefix: demo
  properties: {client.id: me}
  memory_limit_mb: 64
  linger_ms: 0.25
metrics: {listen: "127.0.0.1:0"}
refresh_s: 5
venues:
  - name: kraken
    ws_url: wss://127.0.0.1:8443/v2
    rest_url: https://127.0.0.1:8443
    symbols: [BTC/USD, ETH/USD]
    datasets: [book, bbo, trade]
    book_depth: 10
  - name: binance-spot
    symbols: [BTCUSDT]
    datasets: [book, bbo]
    limits: {lifetime_s: 20, rest_weight_per_minute: 1000}
)";

Environment environment(std::map<std::string, std::string> variables = {}) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

// "LINE:COLUMN: TEXT" of each problem.
std::vector<std::string> problems_of(std::string_view text, const Environment& with = environment()) {
  std::vector<std::string> lines;
  for (const Problem& problem : load(text, with).problems) lines.push_back(to_text("f", problem).substr(2));
  return lines;
}

// kGood with one text replaced by another.
std::string with(std::string_view old, std::string_view text) {
  std::string changed{kGood};
  const auto place = changed.find(old);
  EXPECT_NE(place, std::string::npos) << old;
  return changed.replace(place, old.size(), text);
}

// A file of the owner alone, as secrets must be.
class SecretFile {
 public:
  explicit SecretFile(const std::string& text) : path_(testing::TempDir() + "kafka.password") {
    std::ofstream(path_) << text;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  ~SecretFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Load, KafkaSecretsComeFromFiles) {
  const SecretFile secret("s3cret\n");
  const auto text =
      with("properties: {client.id: me}", fmt::format("secret_files: {{sasl.password: {}}}", secret.path()));
  const Loaded loaded = load(text, environment());
  ASSERT_THAT(problems_of(text), IsEmpty());
  EXPECT_EQ(loaded.config.kafka.properties.at("sasl.password"), "s3cret");
}

TEST(Load, AKafkaSecretThatLibrdkafkaRefusesIsNotShown) {
  const SecretFile secret("s3cret");
  const auto text =
      with("properties: {client.id: me}", fmt::format("secret_files: {{security.protocol: {}}}", secret.path()));
  EXPECT_THAT(problems_of(text),
              ElementsAre(AllOf(HasSubstr("6:18: kafka.properties.security.protocol"), Not(HasSubstr("s3cret")))));
}

TEST(Load, AKafkaSecretSetTwiceIsAProblem) {
  const SecretFile secret("s3cret");
  const auto text =
      with("properties: {client.id: me}",
           fmt::format("properties: {{sasl.password: x}}\n  secret_files: {{sasl.password: {}}}", secret.path()));
  EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("is set in kafka.properties, too")));
}

TEST(Load, ReadsEverySetting) {
  const Loaded loaded = load(kGood, environment());
  ASSERT_THAT(problems_of(kGood), IsEmpty());
  const Config& config = loaded.config;
  EXPECT_EQ(config.worker, "w1");
  EXPECT_EQ(config.threads, 2);
  EXPECT_EQ(config.kafka.linger_us, 250);
  EXPECT_EQ(config.kafka.properties.at("client.id"), "me");
  EXPECT_EQ(config.metrics_listen, "127.0.0.1:0");
  EXPECT_EQ(config.refresh_s, 5);
  ASSERT_EQ(config.venues.size(), 2u);
  EXPECT_EQ(config.venues[0].book_depth, 10);
  EXPECT_EQ(config.venues[1].limits.lifetime_s, 20);
  EXPECT_EQ(wanted_streams(config.venues[0]).size(), 6u);
}

TEST(Load, WhatIsLeftOutHasItsDefault) {
  const Config config = load(kGood, environment()).config;
  EXPECT_EQ(config.heartbeat_ms, 1000);
  EXPECT_EQ(config.venues[0].max_levels, 5000);
  EXPECT_FALSE(config.venues[0].bbo_from_book);
}

TEST(Load, TheBookAuditReachesTheAdapter) {
  const Config config = load(with("book_depth: 10", "book_audit_s: 600"), environment()).config;
  EXPECT_EQ(venue_options(config.venues[0]).book_audit_s, 600);
  EXPECT_EQ(venue_options(config.venues[1]).book_audit_s, 3600);
}

TEST(Load, TheExampleFileIsRight) {
  const LoadedFile loaded = load_file(MILLRACE_SOURCE_DIR "/deploy/example.yaml", environment());
  EXPECT_THAT(loaded.lines, IsEmpty());
}

TEST(Load, ReportsEveryErrorAtOnceInTheOrderOfTheFile) {
  constexpr std::string_view kBad = R"(worker: "a b"
threads: 0
kafka:
  broker: x
  linger_ms: fast
refresh_s: 5s
venues:
  - name: krakn
    symbols: []
    datasets: [book]
  - name: kraken
    symbols: [BTC/USD, BTC/USD]
    datasets: [book, trades, trade-agg]
    ws_url: http://x
    ca_file: /does/not/exist
    book_depth: 11
)";
  EXPECT_THAT(
      problems_of(kBad),
      ElementsAre(HasSubstr("1:1: kafka.brokers is missing; without a broker"),
                  HasSubstr("1:9: \"a b\" must be letters"), HasSubstr("2:10: 0 is out of range: 1 to 64"),
                  HasSubstr("4:3: unknown setting kafka.broker, did you"), "5:14: \"fast\" is not a number",
                  "6:12: \"5s\" is not a number", HasSubstr("8:11: unknown venue \"krakn\", did you mean \"kraken\"?"),
                  "9:14: the list of symbols is empty", "12:24: BTC/USD is listed twice",
                  HasSubstr("13:22: unknown dataset \"trades\", did you mean \"trade\"?"),
                  HasSubstr("13:30: kraken does not offer trade-agg"), HasSubstr("14:13: \"http://x\" must be"),
                  HasSubstr("15:14: \"/does/not/exist\" must be a file"),
                  HasSubstr("16:17: kraken has no depth 11; it has 10/25/100/500/1000")));
}

struct Case {
  const char* what;
  const char* old;
  const char* text;
  const char* message;
};

class LoadRefuses : public testing::TestWithParam<Case> {};

TEST_P(LoadRefuses, With) {
  EXPECT_THAT(problems_of(with(GetParam().old, GetParam().text)), ElementsAre(HasSubstr(GetParam().message)));
}

const Case kCases[] = {
    {"MissingWorker", "worker: w1", "log: {level: info}", "worker is missing"},
    {"DuplicateKey", "threads: 2", "threads: 2\nthreads: 3", "threads is set twice"},
    {"UnknownTopLevelKey", "threads: 2", "treads: 2", "unknown setting treads, did you mean \"threads\"?"},
    {"UnknownVenueKey", "book_depth: 10", "depth: 10", "unknown setting venues[0].depth"},
    {"ListForText", "worker: w1", "worker: [w1]", "must be a text"},
    {"TextForList", "symbols: [BTCUSDT]", "symbols: BTCUSDT", "must be a list"},
    {"TextForMap", "properties: {client.id: me}", "properties: me", "must be a map"},
    {"TextForFlag", "book_depth: 10", "bbo_from_book: 10", "must be true or false"},
    {"NameToListenOn", "127.0.0.1:0", "localhost:0", "\"localhost:0\" must be an IP address and a port"},
    {"TextForSection", "metrics: {listen: \"127.0.0.1:0\"}", "metrics: x", "metrics must be a map of settings"},
    {"FractionForNumber", "refresh_s: 5", "refresh_s: 5.5", "is not a number"},
    {"HugeNumber", "refresh_s: 5", "refresh_s: 99999999999999999999", "is not a number"},
    {"TooFineLinger", "linger_ms: 0.25", "linger_ms: 0.2555", "is not a number"},
    {"PromisedProperty", "client.id: me", "acks: 1", "kafka.properties.acks: cannot be changed"},
    {"MissingKafkaFile", "client.id: me", "ssl.ca.location: /nowhere/ca.pem",
     "kafka.properties.ssl.ca.location: /nowhere/ca.pem: No such file"},
    {"MissingSecretFile", "properties: {client.id: me}", "secret_files: {sasl.password: /nowhere/pw}",
     "kafka.secret_files.sasl.password: /nowhere/pw: No such file"},
    {"UnknownProperty", "client.id: me", "client.idd: me", "knows no such setting"},
    {"BadBrokers", "brokers: 127.0.0.1:9092", "brokers: 127.0.0.1", "must be host:port"},
    {"BadListen", "\"127.0.0.1:0\"", "here", "must be an IP address and a port"},
    {"BadLevel", "threads: 2", "log: {level: loud}", "must be one of"},
    {"PlainWebSocket", "wss://127.0.0.1:8443/v2", "ws://127.0.0.1:8443/v2", "must be an address wss://"},
    {"PlainHttp", "https://127.0.0.1:8443", "http://127.0.0.1:8443", "must be an address https://"},
    {"SameVenueTwice", "name: binance-spot", "name: kraken", "venue kraken is listed twice"},
    {"SameDatasetTwice", "[book, bbo]", "[book, book]", "book is listed twice"},
    {"InstrumentDataset", "[book, bbo]", "[book, instrument]", "always published"},
    {"DerivedDataset", "[book, bbo]", "[book, bbo-book]", "bbo_from_book: true"},
    {"DepthWithoutBook", "datasets: [book, bbo, trade]", "datasets: [bbo]", "book_depth has no effect"},
    {"AuditBeyondADay", "book_depth: 10", "book_audit_s: 86401", "out of range: 0 to 86400"},
    {"AuditWithoutBook", "datasets: [book, bbo, trade]\n    book_depth: 10", "datasets: [bbo]\n    book_audit_s: 60",
     "book_audit_s has no effect"},
    {"DepthOverMaximum", "book_depth: 10", "book_depth: 1000\n    max_levels: 100", "book_depth"},
    {"PingSlowerThanSilence", "{lifetime_s: 20,", "{silence_ms: 1000, ping_interval_ms: 1000,", "must be less than"},
    {"HalfAWindow", "{lifetime_s: 20,", "{connects_per_window: 5,", "belong together"},
    {"LifetimeTooShort", "lifetime_s: 20", "lifetime_s: 2", "must be at least 4"},
    {"FirstDataOverLifetime", "limits: {", "timeouts: {first_data_ms: 20000}\n    limits: {", "lifetime"},
    {"EmptySymbol", "[BTCUSDT]", "[\"\"]", "an empty symbol"},
    {"SpillWithoutAJournal", "threads: 2", "threads: 2\noverload: {book: spill}", "spill needs journal.dir"},
    {"NoSymbolsWithoutAGroup", "    symbols: [BTCUSDT]\n", "", "symbols is missing"},
    {"StandbyOfAnUnnumberedVenue", "    book_depth: 10", "    hot_standby: true", "kraken does not number its updates"},
    {"UnknownPolicy", "threads: 2", "threads: 2\noverload: {book: drop}", "drop is no policy"},
    {"UnknownOverloadDataset", "threads: 2", "threads: 2\noverload: {boook: conflate}", "boook is no dataset"},
    {"NeitherBrokerNorJournal", "  brokers: 127.0.0.1:9092\n", "", "without a broker records go to journal.dir"},
    {"UnknownSpeed", "datasets: [book, bbo]\n", "datasets: [book, bbo]\n    book_speed: 7ms\n", "7ms"},
};
INSTANTIATE_TEST_SUITE_P(Load, LoadRefuses, testing::ValuesIn(kCases),
                         [](const auto& one) { return std::string(one.param.what); });

constexpr std::string_view kAccounts = R"(worker: w1
kafka: {brokers: "127.0.0.1:9092", prefix: demo}
journal: {dir: /var/lib/millrace, limit_mb: 64}
sidecar: {rest_share_percent: 40}
accounts:
  - name: main
    venue: kraken
    keys: {api_key_env: MAIN_KEY, secret_env: MAIN_SECRET}
    sidecar_keys: {api_key_env: SIDE_KEY, secret_env: SIDE_SECRET}
    limits: {rest_weight_per_minute: 30}
    poll_healthy_s: 120
  - name: main
    venue: binance-usdm
    symbols: [BTCUSDT]
    keys: {api_key_env: OTHER_KEY, secret_env: OTHER_SECRET}
)";

TEST(Load, AGroupHasItsSymbolsFromATopicAndSoNeedsABroker) {
  EXPECT_THAT(problems_of(with("threads: 2", "threads: 2\ngroup: g")),
              ElementsAre(HasSubstr("the symbols of a group are records"), HasSubstr("the symbols of a group")));
  EXPECT_THAT(problems_of(with("threads: 2\nkafka:\n  brokers: 127.0.0.1:9092\n", "threads: 2\ngroup: g\nkafka:\n")),
              Contains(HasSubstr("group needs kafka.brokers")));
  constexpr std::string_view kGroup = R"(worker: w1
group: g
kafka: {brokers: "127.0.0.1:9092"}
venues:
  - {name: kraken, datasets: [book]}
)";
  EXPECT_THAT(problems_of(kGroup), IsEmpty());
}

TEST(Load, ReadsEverySettingOfAccounts) {
  const Loaded loaded = load(kAccounts, environment());
  ASSERT_THAT(problems_of(kAccounts), IsEmpty());
  EXPECT_EQ(loaded.config.journal.dir, "/var/lib/millrace");
  EXPECT_EQ(loaded.config.journal.limit_mb, 64);
  EXPECT_EQ(loaded.config.sidecar_share_percent, 40);
  ASSERT_EQ(loaded.config.accounts.size(), 2u);
  const AccountConfig& kraken = loaded.config.accounts[0];
  EXPECT_EQ(kraken.keys.api_key_env, "MAIN_KEY") << "the name: what it holds is read where it is used";
  EXPECT_EQ(kraken.sidecar_keys.secret_env, "SIDE_SECRET");
  EXPECT_EQ(kraken.limits.rest_weight_per_minute, 30);
  EXPECT_EQ(kraken.poll_healthy_s, 120);
  EXPECT_EQ(kraken.poll_down_s, 0) << "off by default";
  EXPECT_THAT(loaded.config.accounts[1].symbols, ElementsAre("BTCUSDT"));
}

TEST(Load, WithAJournalFolderNoBrokerIsNeeded) {
  const std::string text = with("  brokers: 127.0.0.1:9092\n", "");
  const Loaded loaded = load(text, environment(), "/var/lib/millrace");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_FALSE(has_broker(loaded.config));
  EXPECT_EQ(loaded.config.journal.dir, "/var/lib/millrace");
  EXPECT_FALSE(has_broker(load(with("threads: 2", "threads: 2"), environment(), "/var/lib/millrace").config))
      << "the flag of the command line means: without a broker";
}

class LoadRefusesAccounts : public testing::TestWithParam<Case> {};

TEST_P(LoadRefusesAccounts, With) {
  std::string changed{kAccounts};
  const auto place = changed.find(GetParam().old);
  ASSERT_NE(place, std::string::npos) << GetParam().old;
  changed.replace(place, std::string_view(GetParam().old).size(), GetParam().text);
  EXPECT_THAT(problems_of(changed), ElementsAre(HasSubstr(GetParam().message)));
}

const Case kAccountCases[] = {
    {"UnknownVenue", "venue: kraken", "venue: krakn", "7:12: accounts of venue \"krakn\" are not known, did you mean"},
    {"PublicVenueOnly", "venue: kraken", "venue: binance-coinm", "are not known"},
    {"SameAccountTwice", "venue: binance-usdm", "venue: kraken", "account main of kraken is listed twice"},
    {"NoSecret", ", secret_env: MAIN_SECRET}", "}", "keys.secret_file or keys.secret_env is missing"},
    {"NoSidecarSecret", ", secret_env: SIDE_SECRET}", "}", "sidecar_keys.secret_file or"},
    {"TwoSources", "api_key_env: MAIN_KEY,", "api_key_env: MAIN_KEY, api_key_file: /dev/null,", "exclude each other"},
    {"KeyFileIsNotThere", "api_key_env: MAIN_KEY", "api_key_file: /does/not/exist", "must be a file"},
    {"OneKeyForBoth", "api_key_env: SIDE_KEY", "api_key_env: MAIN_KEY", "the sidecar needs a key of its own"},
    {"KeyInTheFile", "{api_key_env: MAIN_KEY", "{api_key: abc, api_key_env: MAIN_KEY",
     "unknown setting accounts[0].keys.api_key"},
    {"NoFolder", "{dir: /var/lib/millrace, limit_mb: 64}", "{limit_mb: 64}", "journal.dir is missing"},
    {"NoName", "- name: main\n    venue: kraken", "- venue: kraken", "accounts[0].name is missing"},
    {"WholeBudget", "rest_share_percent: 40", "rest_share_percent: 100", "out of range: 1 to 99"},
    {"PlainWebSocket", "symbols: [BTCUSDT]", "ws_url: ws://127.0.0.1", "must be an address wss://"},
};
INSTANTIATE_TEST_SUITE_P(Load, LoadRefusesAccounts, testing::ValuesIn(kAccountCases),
                         [](const auto& one) { return std::string(one.param.what); });

TEST(Load, ATextThatIsNoYamlHasOneProblemWithItsPlace) {
  EXPECT_THAT(problems_of("worker: w1\n  threads: [1"), ElementsAre(HasSubstr("2:")));
  EXPECT_THAT(problems_of("- a\n- b\n"), Contains(HasSubstr("must be a map of settings")));
  EXPECT_THAT(problems_of(""), Not(IsEmpty()));
}

TEST(Load, EnvironmentReferencesAreReplaced) {
  const auto text = with("worker: w1", "worker: w-${HOST}");
  EXPECT_EQ(load(text, environment({{"HOST", "a"}})).config.worker, "w-a");
  EXPECT_THAT(problems_of(text), Contains(HasSubstr("1:9: environment variable HOST is not set")));
}

TEST(Load, NoMessageShowsTheValueOfAVariable) {
  const auto put = [](std::string& in, std::string_view old, std::string_view by) {
    in.replace(in.find(old), old.size(), by);
  };
  std::string text = with("worker: w1", "worker: ${SECRET}");
  put(text, "[BTCUSDT]", "[\"${SECRET}\", \"${SECRET}\"]");
  put(text, "datasets: [book, bbo]\n", "datasets: [\"${SECRET}\"]\n");
  put(text, "refresh_s: 5", "refresh_s: ${SECRET}");
  put(text, "{client.id: me}", "\n    acks: ${SECRET}\n    linger.ms: ${SECRET}");
  const auto problems = problems_of(text, environment({{"SECRET", "hunter 2"}}));
  EXPECT_GE(problems.size(), 4u);
  for (const std::string& line : problems) EXPECT_THAT(line, Not(HasSubstr("hunter")));
}

TEST(Load, AFileThatIsNotThereIsAnErrorWithItsName) {
  EXPECT_THAT(load_file("/no/such.yaml").lines,
              ElementsAre("/no/such.yaml: cannot be read: No such file or directory"));
}

// What is wrong with a file is not always that it cannot be read.
TEST(Load, AnEmptyFileAndAFolderAreToldApart) {
  const std::string path = testing::TempDir() + "/empty.yaml";
  std::ofstream{path};
  EXPECT_THAT(load_file(path).lines, Contains(HasSubstr("worker is missing")));
  EXPECT_THAT(load_file(testing::TempDir()).lines, ElementsAre(HasSubstr("cannot be read: Is a directory")));
}

// Who reads the topics connects to no venue; all other errors stay errors.
TEST(Load, AMissingCaFileIsOnlyAnErrorWhereItIsNeeded) {
  const std::string path = testing::TempDir() + "/missing_ca_file.yaml";
  const std::string text = with("symbols: [BTCUSDT]\n", "symbols: [BTCUSDT]\n    ca_file: /does/not/exist\n");
  std::ofstream(path) << text;
  EXPECT_THAT(load_file(path, environment()).lines, ElementsAre(HasSubstr("/does/not/exist")));
  EXPECT_THAT(load_file(path, environment(), NamedFiles::kMayBeAbsent).lines, IsEmpty());
  std::ofstream(path) << text << "refresh_seconds: 5\n";
  EXPECT_THAT(load_file(path, environment(), NamedFiles::kMayBeAbsent).lines,
              ElementsAre(HasSubstr("refresh_seconds")));
}

TEST(EffectiveLimits, ConfiguredOnesGoOverTheVenues) {
  VenueConfig venue;
  venue.limits.lifetime_s = 20;
  venue.limits.silence_ms = 3;
  normalize::VenueLimits documented;
  documented.lifetime_s = 86'400;
  documented.messages_per_second = 5;
  const auto limits = effective_limits(venue.limits, documented);
  EXPECT_EQ(limits.lifetime_s, 20);
  EXPECT_EQ(limits.silence_ns, 3'000'000);
  EXPECT_EQ(limits.messages_per_second, 5);
}

}  // namespace
}  // namespace millrace::ingest
