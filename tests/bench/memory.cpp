// In-memory benchmarks: what each stage costs, and the share of bare parsing that the whole path from bytes to encoded
// records reaches. Prints one JSON object; tests/bench/run makes the table.
//
// Numerator and denominator run in turn on the same bytes and medians are compared, because the machine is noisy.

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <string>

#include "ingest/record/capture_reader.h"
#include "normalize/book/book.h"
#include "normalize/json/decimal_scan.h"
#include "normalize/venue_adapter.h"
#include "normalize/venues/kraken/checksum.h"
#include "schemas/codec/encode.h"
#include "tests/bench/allocations.h"
#include "tests/bench/extraction.h"
#include "tests/bench/mix.h"
#include "tests/bench/pipeline.h"

namespace millrace::bench {
namespace {

using schemas::Level;

constexpr int kRounds = 9;
volatile std::uint64_t kept;  // results go here, so that no work is optimized away

// CPU time of this thread: what others do on the machine's cores does not count as ours.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double seconds_of(const std::function<void()>& work) {
  const double begin = cpu_seconds();
  work();
  return cpu_seconds() - begin;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// A source of frames with what must be loaded before them.
struct Input {
  std::string venue;
  std::function<void(Pipeline&)> prepare;
  std::vector<std::string_view> frames;
};

struct Comparison {
  double parse_ns = 0, extract_ns = 0, pipeline_ns = 0, allocations = 0;
  Output output;
  std::uint64_t failures = 0;
  double share() const { return parse_ns / pipeline_ns; }
};

Comparison compare(const Input& input, int rounds = kRounds) {
  Extraction parse(true);
  Extraction extract(false);
  std::vector<double> parse_s, extract_s, pipeline_s;
  Comparison result;
  for (int round = 0; round < rounds; ++round) {
    Pipeline pipeline(input.venue);
    input.prepare(pipeline);
    parse_s.push_back(seconds_of([&] { kept = parse.run(input.frames); }));
    extract_s.push_back(seconds_of([&] { kept = extract.run(input.frames); }));
    // The first tenth warms buffers up; the steady state is what is counted.
    const std::span<const std::string_view> all(input.frames);
    const auto warm = all.size() / 10;
    const Output before_warm = pipeline.output();
    double seconds = seconds_of([&] { pipeline.run(all.first(warm)); });
    const std::uint64_t before = allocations();
    seconds += seconds_of([&] { pipeline.run(all.subspan(warm)); });
    result.allocations = static_cast<double>(allocations() - before) / static_cast<double>(all.size() - warm);
    pipeline_s.push_back(seconds);
    result.output = pipeline.output();
    result.output.records -= before_warm.records;
    result.output.bytes -= before_warm.bytes;
    result.failures = pipeline.failures();
  }
  const double scale = 1e9 / static_cast<double>(input.frames.size());
  result.parse_ns = median(parse_s) * scale;
  result.extract_ns = median(extract_s) * scale;
  result.pipeline_ns = median(pipeline_s) * scale;
  return result;
}

Input input_of(const Mix& mix) {
  const auto prepare = [&mix](Pipeline& pipeline) {
    pipeline.reference("/api/v3/exchangeInfo", mix.exchange_info);
    for (std::size_t i = 0; i < mix.symbols.size(); ++i) {
      pipeline.rest(fmt::format("/api/v3/depth?symbol={}&limit=1000", mix.symbols[i]), mix.snapshots[i]);
    }
  };
  return {"binance-spot", prepare, mix.messages.views()};
}

std::string json_of(const Comparison& c) {
  return fmt::format(
      R"({{"parse_ns":{:.1f},"extract_ns":{:.1f},"pipeline_ns":{:.1f},"pipeline_over_parse":{:.3f},)"
      R"("pipeline_over_extraction":{:.3f},"allocations_per_message":{:.4f},"records":{},)"
      R"("bytes_per_record":{:.1f},"failures":{}}})",
      c.parse_ns, c.extract_ns, c.pipeline_ns, c.share(), c.extract_ns / c.pipeline_ns, c.allocations, c.output.records,
      static_cast<double>(c.output.bytes) / static_cast<double>(std::max<std::uint64_t>(1, c.output.records)),
      c.failures);
}

// A recording: what lies before the snapshots prepares, the frames after the last one are timed.
struct Recording {
  std::vector<ingest::CaptureLine> lines;
  Messages frames;
  std::size_t first = 0;
};

Recording read_recording(const std::filesystem::path& file) {
  Recording recording;
  ingest::CaptureReader reader(file.string());
  ingest::CaptureLine line;
  while (reader.next(line) == ingest::CaptureReader::Status::kLine) recording.lines.push_back(line);
  for (std::size_t i = 0; i < recording.lines.size(); ++i) {
    if (recording.lines[i].via == ingest::Via::kRest) recording.first = i + 1;
  }
  for (std::size_t i = recording.first; i < recording.lines.size(); ++i)
    recording.frames.add(recording.lines[i].payload);
  recording.frames.seal();
  return recording;
}

Input input_of(const Recording& recording, std::string venue) {
  const auto prepare = [&recording](Pipeline& pipeline) {
    for (std::size_t i = 0; i < recording.first; ++i) {
      const ingest::CaptureLine& line = recording.lines[i];
      if (line.via == ingest::Via::kRest) {
        pipeline.rest(line.request->substr(line.request->find(' ') + 1), line.payload);
      } else {
        Messages one;
        one.add(line.payload);
        one.seal();
        pipeline.run(one.views());
      }
    }
  };
  return {std::move(venue), prepare, recording.frames.views()};
}

double decimal_ns() {
  const std::string padded = "61837.63000000                ";
  constexpr int kCount = 2'000'000;
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    times.push_back(seconds_of([&] {
      std::uint64_t sum = 0;
      for (int i = 0; i < kCount; ++i) {
        std::string_view text = std::string_view(padded).substr(0, 14);
        asm volatile("" : "+r"(text));
        std::int64_t mantissa = 0;
        normalize::scan_decimal(text, 8, mantissa);
        sum += static_cast<std::uint64_t>(mantissa);
      }
      kept = sum;
    }));
  }
  return median(times) * 1e9 / kCount;
}

// Level updates near the top of 200 books of 1,000 levels, none of them in cache for long.
double book_ns() {
  constexpr std::size_t kBooks = 200;
  constexpr int kCount = 1'000'000;
  std::vector<normalize::LadderSide> sides(kBooks, normalize::LadderSide(normalize::LadderSide::Kind::kAsk));
  for (auto& side : sides) {
    for (int i = 0; i < 1000; ++i) side.set(6'000'000 + i, 100 + i);
  }
  std::vector<double> times;
  std::uint64_t random = 1;
  for (int round = 0; round < kRounds; ++round) {
    times.push_back(seconds_of([&] {
      for (int i = 0; i < kCount; ++i) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        const auto price = 6'000'000 + static_cast<std::int64_t>((random >> 33) % 1000);
        sides[(random >> 50) % kBooks].set(price, (random >> 20) % 4 == 0 ? 0 : 7);
      }
    }));
  }
  return median(times) * 1e9 / kCount;
}

// One update of Kraken's book: its one row lies among the ten levels that the checksum covers, as most do.
constexpr std::int64_t kKrakenBid = 618'376;
std::string kraken_update(std::int64_t price, std::int64_t quantity) {
  return fmt::format(
      R"({{"channel":"book","type":"update","data":[{{"symbol":"BTC/USD","bids":[{{"price":{}.{},)"
      R"("qty":{}.{:08}}}],"asks":[],"checksum":2439117997,"timestamp":"2023-10-06T17:35:55.440295Z"}}]}})",
      price / 10, price % 10, quantity / 100'000'000, quantity % 100'000'000);
}

struct KrakenCost {
  double parse_ns = 0, checksum_ns = 0;
};

KrakenCost kraken_cost() {
  constexpr int kCount = 200'000;
  normalize::Book book;
  book.price_exponent = -1;
  book.quantity_exponent = -8;
  for (int i = 0; i < 100; ++i) {
    book.bids.set(kKrakenBid - i, 154'698'000 + i);
    book.asks.set(kKrakenBid + 1 + i, 154'698'000 + i);
  }
  normalize::kraken::BookChecksum checksum;
  kept = checksum.of(book);
  Messages updates;
  std::vector<Level> rows;
  for (int i = 0; i < kCount; ++i) {
    rows.push_back({kKrakenBid - i % 10, 154'698'000 + i});
    updates.add(kraken_update(rows.back().price, rows.back().quantity));
  }
  updates.seal();
  Extraction parse(true);
  std::vector<double> parse_s, checksum_s;
  for (int round = 0; round < kRounds; ++round) {
    parse_s.push_back(seconds_of([&] { kept = parse.run_kraken(updates.views()); }));
    checksum_s.push_back(seconds_of([&] {
      std::uint64_t sum = 0;
      for (const Level& row : rows) {
        book.bids.set(row.price, row.quantity);
        sum += checksum.of(book, std::span(&row, 1), {});
      }
      kept = sum;
    }));
  }
  return {median(parse_s) * 1e9 / kCount, median(checksum_s) * 1e9 / kCount};
}

template <class Body>
double encode_ns(const Body& body) {
  constexpr int kCount = 300'000;
  const schemas::StreamIdentity identity = schemas::make_stream_identity("binance-spot", "BTCUSDT", "BTC-USDT");
  schemas::Meta meta;
  meta.stream = &identity;
  meta.epoch = 17;
  meta.seq = 123456;
  meta.venue_seq = 50093239202;
  meta.venue_time = meta.receive_time = 1723161255308000000;
  meta.publish_time = meta.receive_time + 9000;
  meta.origin = schemas::Origin::kLive;
  std::vector<std::byte> buffer(schemas::encoded_bound(meta, body));
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    times.push_back(seconds_of([&] {
      std::uint64_t sum = 0;
      for (int i = 0; i < kCount; ++i) {
        ++meta.seq;
        sum += schemas::encode(meta, body, buffer);
        asm volatile("" ::: "memory");
      }
      kept = sum;
    }));
  }
  return median(times) * 1e9 / kCount;
}

std::string stages() {
  std::vector<Level> levels;
  for (int i = 0; i < 20; ++i) levels.push_back({6'183'763 + i * 7, 154'698'000 + i * 1000});
  schemas::Book book;
  book.kind = schemas::BookKind::kDelta;
  book.price_exponent = -2;
  book.quantity_exponent = -5;
  book.bids = book.asks = levels;
  book.venue_seq_first = 50093239189;
  schemas::Bbo bbo;
  bbo.price_exponent = -2;
  bbo.quantity_exponent = -5;
  bbo.bid = levels[0];
  bbo.ask = levels[1];
  const KrakenCost kraken = kraken_cost();
  return fmt::format(R"({{"decimal_ns":{:.2f},"book_update_ns":{:.2f},"encode_bbo_ns":{:.1f},"encode_delta_ns":{:.1f},)"
                     R"("kraken_parse_ns":{:.1f},"kraken_update_and_checksum_ns":{:.1f}}})",
                     decimal_ns(), book_ns(), encode_ns(bbo), encode_ns(book), kraken.parse_ns, kraken.checksum_ns);
}

std::string scaling() {
  std::string text = "[";
  for (const std::size_t instruments : {10U, 100U, 1000U, 10000U}) {
    const Mix mix = make_mix(instruments, 100'000, 100, 5);
    const Comparison c = compare(input_of(mix), 3);
    text += fmt::format(R"({}{{"instruments":{},"parse_ns":{:.1f},"pipeline_ns":{:.1f}}})", text.size() > 1 ? "," : "",
                        instruments, c.parse_ns, c.pipeline_ns);
  }
  return text + "]";
}

// A live worker has read the reference data before the first frame, so it knows the decimals.
struct Recorded {
  const char* file;
  const char* venue;
  const char* info_target;
  const char* info;
};
constexpr Recorded kRecorded[] = {
    {"binance/hftbacktest-2024-08-08-btcusdt", "binance-spot", "/api/v3/exchangeInfo",
     R"({"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","filters":[)"
     R"({"filterType":"PRICE_FILTER","tickSize":"0.01000000"},{"filterType":"LOT_SIZE","stepSize":"0.00001000"}]}]})"},
    {"binance_usdm/hftbacktest-2024-08-08-btcusdt", "binance-usdm", "/fapi/v1/exchangeInfo",
     R"({"symbols":[{"symbol":"BTCUSDT","contractType":"PERPETUAL","status":"TRADING","baseAsset":"BTC",)"
     R"("quoteAsset":"USDT","marginAsset":"USDT","filters":[{"filterType":"PRICE_FILTER","tickSize":"0.10"},)"
     R"({"filterType":"LOT_SIZE","stepSize":"0.001"}]}]})"},
};

std::string recordings(const std::filesystem::path& captures) {
  std::string text = "{";
  for (const auto& [file, venue, info_target, info] : kRecorded) {
    const auto path = captures / fmt::format("{}.capture.jsonl", file);
    if (!std::filesystem::exists(path)) continue;
    const Recording recording = read_recording(path);
    Input input = input_of(recording, venue);
    input.prepare = [&, prepare = input.prepare](Pipeline& pipeline) {
      pipeline.reference(info_target, info);
      prepare(pipeline);
    };
    const Comparison c = compare(input, 61);
    fmt::format_to(std::back_inserter(text), R"({}"{}":{})", text.size() > 1 ? "," : "", file, json_of(c));
  }
  return text + "}";
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  using namespace millrace::bench;
  const std::filesystem::path captures = argc > 1 ? argv[1] : "../shared/captures";
  const Mix mix = make_mix(200, 200'000, 1000, 1);
  const Comparison c = compare(input_of(mix));
  fmt::print(R"({{"mix":{},"mix_counts":{{"bookTicker":{},"depth":{},"trade":{},"bytes_per_message":{:.0f}}},)",
             json_of(c), mix.tickers, mix.depths, mix.trades,
             static_cast<double>(mix.messages.bytes()) / static_cast<double>(mix.messages.views().size()));
  fmt::print(R"("recordings":{},"stages":{},"scaling":{}}})", recordings(captures), stages(), scaling());
  fmt::print("\n");
}
