// What the formats write.
#include "replay/history/writer.h"

#include <gmock/gmock.h>

#include "replay/history/csv.h"
#include "schemas/codec/encode.h"
#include "schemas/codec/record_stream.h"
#include "tests/unit/replay/history/tape.h"

namespace millrace::history {
namespace {

using schemas::BookKind;
using schemas::MessageType;
using test::book;
using test::kBegin;
using test::Made;
using test::trade;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

class Formats : public testing::Test {
 protected:
  std::string written(Format format, const std::vector<Made>& made) {
    std::string out;
    StreamTable streams{Selection{}};
    const auto writer = make_stream_writer(
        format, [&](std::string_view bytes) { out += bytes; }, problems);
    for (const Made& one : made) {
      Record record;
      record.stream = streams.find(one.topic, one.key, "");
      record.bytes = one.bytes;
      EXPECT_TRUE(writer->write(record));
    }
    EXPECT_THAT(out, testing::IsEmpty());  // blocks are large
    writer->finish();
    return out;
  }

  Problems problems{{}};
};

TEST_F(Formats, JsonIsALineForEachRecord) {
  const std::string out = written(Format::kJson, {trade({.seq = 1}), trade({.seq = 2})});
  EXPECT_THAT(out, StartsWith(R"({"type":"trade","dataset":"trade","meta":{"venue":"kraken")"));
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2);
}

TEST_F(Formats, ProtoIsTheSourcesBytesBehindTheirLength) {
  const Made made = trade({.seq = 1});
  std::string expected;
  schemas::append_delimited(MessageType::kTrade, "trade", made.bytes, expected);
  EXPECT_EQ(written(Format::kProto, {made}), expected);
}

TEST_F(Formats, CsvHasNamesOnceAndALineForEachRecord) {
  EXPECT_EQ(written(Format::kCsv, {trade({.seq = 1, .flags = 5}), trade({.seq = 2, .published = 8}, 250)}),
            "dataset,venue,symbol,instrument,account,epoch,seq,venue_seq,venue_time_ns,venue_send_time_ns,"
            "receive_time_ns,publish_time_ns,staleness_ns,origin,flags,gap,trade_id,price,quantity,aggressor,"
            "first_trade_id,last_trade_id,order_type\n"
            "trade,kraken,XBTC-USD,BTC-USD,,1,1,,,,1700000000000000000,,0,LIVE,SNAPSHOT|RESET,,7,100,1,UNSPECIFIED,,,\n"
            "trade,kraken,XBTC-USD,BTC-USD,,1,2,,,,1700000000000000000,8,0,LIVE,,,7,250,1,UNSPECIFIED,,,\n");
}

TEST_F(Formats, CsvOfABookIsALineForEachLevel) {
  const std::string out = written(Format::kCsv, {book({.seq = 1}, BookKind::kDelta, {{105, 2}, {104, 0}}, {{110, 3}}),
                                                 book({.seq = 2}, BookKind::kSnapshot, {}, {})});
  std::vector<std::string> ends;
  for (std::size_t at = 0; at < out.size(); at = out.find('\n', at) + 1) {
    const std::string line = out.substr(at, out.find('\n', at) - at);
    ends.push_back(line.substr(line.find(",gap,") == line.npos ? line.find("LIVE,") + 7 : line.find(",gap,") + 5));
  }
  EXPECT_THAT(ends, ElementsAre("kind,side,price,quantity", "DELTA,bid,10.5,2", "DELTA,bid,10.4,0", "DELTA,ask,11,3",
                                "SNAPSHOT,,,"));
}

TEST_F(Formats, CsvQuotesWhatWouldEndAField) {
  schemas::Execution body;
  body.reason = "no \"funds\", sorry\n";
  const auto identity = schemas::make_stream_identity("kraken", "S", "I", "main");
  std::string bytes, out;
  schemas::Meta meta;
  meta.stream = &identity;
  schemas::encode(meta, body, bytes);
  EXPECT_TRUE(append_csv(MessageType::kExecution, "execution", bytes, out));
  EXPECT_THAT(out, HasSubstr(",\"no \"\"funds\"\", sorry\n\","));
}

TEST_F(Formats, EveryTypeWithColumnsHasAsManyValues) {
  const auto commas = [](const std::string& line) { return std::count(line.begin(), line.end(), ','); };
  for (int number = 0; number <= static_cast<int>(MessageType::kCursor); ++number) {
    const auto type = static_cast<MessageType>(number);
    std::string names, values;
    const std::string bytes{"\x0a\x02\x28\x01", 4};  // a Meta and nothing else
    EXPECT_EQ(append_csv(type, "x", bytes, values), has_csv(type));
    if (!has_csv(type)) continue;
    append_csv_header(type, names);
    EXPECT_GT(commas(names), 16);
    EXPECT_EQ(commas(names), commas(values)) << names << values;
  }
}

TEST_F(Formats, ABodyThatCannotBeReadIsAProblem) {
  const Made broken{"market.kraken.trade.v1", "BTC-USD", std::string{"\x0a\x00\x12\x01\xff", 5}};  // an id of no UTF-8
  EXPECT_EQ(written(Format::kJson, {broken}), "");
  EXPECT_EQ(written(Format::kCsv, {broken}).find("BTC-USD"), std::string::npos);
  EXPECT_THAT(problems.counts(), ElementsAre(Pair("not_a_record", 2)));
  EXPECT_NE(written(Format::kProto, {broken}), "");
}

}  // namespace
}  // namespace millrace::history
