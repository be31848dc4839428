#include "tests/bench/mix.h"

#include <fmt/format.h>

#include <iterator>
#include <random>

#include "normalize/venue_adapter.h"

namespace millrace::bench {
namespace {

constexpr std::int64_t kMid = 6'183'763;  // ticks of 0.01
constexpr int kRows = 20;
constexpr int kReach = 100;  // ticks from the best price that rows lie within, as in the simulator's mix

struct State {
  std::string symbol, lower;
  std::int64_t id = 1000;        // of the venue's last change
  std::int64_t depth_id = 1000;  // of the last one that a depth message told
  std::int64_t trade = 1;
  std::int64_t mid = kMid;
};

class Generator {
 public:
  Generator(std::size_t instruments, std::uint64_t seed) : random_(seed) {
    for (std::size_t i = 0; i < instruments; ++i) {
      states_.push_back({fmt::format("A{:05}USDT", i), fmt::format("a{:05}usdt", i)});
    }
  }

  std::vector<State>& states() { return states_; }
  State& pick() { return states_[random_() % states_.size()]; }
  unsigned percent() { return static_cast<unsigned>(random_() % 100); }

  std::string ticker(State& s) {
    ++s.id;
    return fmt::format(R"({{"stream":"{}@bookTicker","data":{{"u":{},"s":"{}","b":"{}","B":"{}","a":"{}","A":"{}"}}}})",
                       s.lower, s.id, s.symbol, price(s.mid - 1), quantity(), price(s.mid), quantity());
  }

  std::string trade(State& s) {
    return fmt::format(R"({{"stream":"{}@trade","data":{{"e":"trade","E":1723161255308,"s":"{}","t":{},"p":"{}",)"
                       R"("q":"{}","T":1723161255307,"m":{},"M":true}}}})",
                       s.lower, s.symbol, s.trade++, price(s.mid), quantity(), random_() % 2 == 0);
  }

  // Rows near the top mostly, some of them deletions, and the mid walks.
  std::string depth(State& s) {
    s.mid += static_cast<std::int64_t>(random_() % 3) - 1;
    std::string text =
        fmt::format(R"({{"stream":"{}@depth@100ms","data":{{"e":"depthUpdate","E":1723161255308,"s":"{}",)"
                    R"("U":{},"u":{},"b":[)",
                    s.lower, s.symbol, s.depth_id + 1, s.id + 5);
    s.depth_id = s.id += 5;
    rows(text, s.mid - 1, -1);
    text += R"(],"a":[)";
    rows(text, s.mid, 1);
    text += "]}}";
    return text;
  }

  std::string snapshot(const State& s, int levels) {
    std::string text = fmt::format(R"({{"lastUpdateId":{},"bids":[)", s.id);
    for (int i = 0; i < levels; ++i) row(text, i, s.mid - 1 - i, quantity());
    text += R"(],"asks":[)";
    for (int i = 0; i < levels; ++i) row(text, i, s.mid + i, quantity());
    return text + "]}";
  }

 private:
  static std::string price(std::int64_t ticks) { return fmt::format("{}.{:02}000000", ticks / 100, ticks % 100); }
  std::string quantity() { return fmt::format("{}.{:05}000", random_() % 40, random_() % 100000); }

  static void row(std::string& text, int number, std::int64_t ticks, const std::string& amount) {
    fmt::format_to(std::back_inserter(text), R"({}["{}","{}"])", number == 0 ? "" : ",", price(ticks), amount);
  }
  void rows(std::string& text, std::int64_t best, int away) {
    for (int i = 0; i < kRows; ++i) {
      const auto distance = static_cast<std::int64_t>(i == 0 ? 0 : random_() % kReach + 1);
      row(text, i, best + away * distance, i != 0 && random_() % 3 == 0 ? "0.00000000" : quantity());
    }
  }

  std::mt19937_64 random_;
  std::vector<State> states_;
};

std::string exchange_info(const std::vector<State>& states) {
  std::string text = R"({"timezone":"UTC","serverTime":1723161255308,"rateLimits":[],"symbols":[)";
  for (const State& s : states) {
    if (text.back() != '[') text += ',';
    text += fmt::format(R"({{"symbol":"{}","status":"TRADING","baseAsset":"{}","baseAssetPrecision":8,)"
                        R"("quoteAsset":"USDT","quoteAssetPrecision":8,"filters":[{{"filterType":"PRICE_FILTER",)"
                        R"("minPrice":"0.01000000","maxPrice":"1000000.00000000","tickSize":"0.01000000"}},)"
                        R"({{"filterType":"LOT_SIZE","minQty":"0.00001000","maxQty":"9000.00000000",)"
                        R"("stepSize":"0.00001000"}},{{"filterType":"NOTIONAL","minNotional":"5.00000000"}}]}})",
                        s.symbol, s.symbol.substr(0, 6));
  }
  return text + "]}";
}

}  // namespace

void Messages::add(std::string_view text) {
  places_.emplace_back(buffer_.size(), text.size());
  buffer_.append(text);
  buffer_.append(normalize::kFramePadding, ' ');
  bytes_ += text.size();
}

void Messages::seal() {
  for (const auto& [at, size] : places_) views_.emplace_back(buffer_.data() + at, size);
}

Mix make_mix(std::size_t instruments, std::size_t messages, int snapshot_levels, std::uint64_t seed) {
  Generator generator(instruments, seed);
  Mix mix;
  for (State& state : generator.states()) {
    mix.symbols.push_back(state.symbol);
    mix.snapshots.push_back(generator.snapshot(state, snapshot_levels));
  }
  mix.exchange_info = exchange_info(generator.states());
  for (std::size_t i = 0; i < messages; ++i) {
    State& state = generator.pick();
    const unsigned roll = generator.percent();
    if (roll < 70) {
      mix.messages.add(generator.ticker(state));
      ++mix.tickers;
    } else if (roll < 90) {
      mix.messages.add(generator.depth(state));
      ++mix.depths;
    } else {
      mix.messages.add(generator.trade(state));
      ++mix.trades;
    }
  }
  mix.messages.seal();
  return mix;
}

}  // namespace millrace::bench
