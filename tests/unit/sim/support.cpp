#include "tests/unit/sim/support.h"

#include <charconv>
#include <stdexcept>

#include "tests/sim/market/number.h"

namespace millrace::sim {

void Inbox::send_framed(ClientId to, std::string_view frame) {
  const auto length = static_cast<unsigned char>(frame[1]);
  const std::size_t header = length < 126 ? 2 : (length == 126 ? 4 : 10);
  messages.push_back({to, std::string(frame.substr(header)), {}});
}

std::vector<std::string> Inbox::take(ClientId client) {
  std::vector<std::string> texts;
  std::vector<Message> others;
  for (Message& message : messages) {
    if (message.to == client) {
      texts.push_back(std::move(message.text));
    } else {
      others.push_back(std::move(message));
    }
  }
  messages = std::move(others);
  return texts;
}

HttpAnswer ask(Venue& venue, std::string_view target) {
  const auto mark = target.find('?');
  // Shared, since the answer may come when this call is long over.
  const auto answer = std::make_shared<HttpAnswer>();
  answer->status = 0;
  venue.on_http({"GET", target.substr(0, mark), mark == std::string_view::npos ? "" : target.substr(mark + 1)},
                [answer](HttpAnswer reply) { *answer = std::move(reply); });
  return *answer;
}

namespace {

// The array after `"key":`, brackets included.
std::string_view array_after(std::string_view text, std::string_view key) {
  const std::string quoted = "\"" + std::string(key) + "\":[";
  const auto at = text.find(quoted);
  if (at == std::string_view::npos) throw std::runtime_error("no array " + quoted);
  const auto begin = at + quoted.size() - 1;
  int depth = 0;
  for (auto end = begin; end < text.size(); ++end) {
    if (text[end] == '[') ++depth;
    if (text[end] == ']' && --depth == 0) return text.substr(begin, end - begin + 1);
  }
  throw std::runtime_error("unclosed array");
}

std::string_view digits_at(std::string_view text, std::size_t at) {
  const auto end = text.find_first_not_of("0123456789.-", at);
  return text.substr(at, end - at);
}

}  // namespace

void ClientBook::set_rows(Side side, std::string_view rows, bool kraken) {
  const std::string_view price_key = kraken ? "\"price\":" : "[\"";
  const std::string_view quantity_key = kraken ? "\"qty\":" : "\",\"";
  for (auto at = rows.find(price_key); at != std::string_view::npos; at = rows.find(price_key, at)) {
    at += price_key.size();
    const auto price = parse_fixed(digits_at(rows, at), price_);
    at = rows.find(quantity_key, at) + quantity_key.size();
    const auto quantity = parse_fixed(digits_at(rows, at), quantity_);
    if (!price || !quantity) throw std::runtime_error("a number does not fit its decimals");
    book_.set(side, *price, *quantity);
  }
}

void ClientBook::set_kraken(std::string_view message) {
  set_rows(Side::kBid, array_after(message, "bids"), true);
  set_rows(Side::kAsk, array_after(message, "asks"), true);
}

void ClientBook::set_binance(std::string_view message, std::string_view bids, std::string_view asks) {
  set_rows(Side::kBid, array_after(message, bids), false);
  set_rows(Side::kAsk, array_after(message, asks), false);
}

void ClientBook::truncate(std::size_t depth) {
  for (const Side side : {Side::kBid, Side::kAsk}) {
    Ladder& ladder = book_.side(side);
    while (ladder.size() > depth) ladder.set(ladder.at(ladder.size() - 1).price, 0);
  }
}

bool ClientBook::same_as(const Book& other, std::size_t levels) const {
  for (const Side side : {Side::kBid, Side::kAsk}) {
    const Ladder& mine = book_.side(side);
    const Ladder& theirs = other.side(side);
    for (std::size_t i = 0; i < levels; ++i) {
      if (i >= mine.size() && i >= theirs.size()) break;
      if (i >= mine.size() || i >= theirs.size() || mine.at(i) != theirs.at(i)) return false;
    }
  }
  return true;
}

std::int64_t number_after(std::string_view text, std::string_view key) {
  const std::string quoted = "\"" + std::string(key) + "\":";
  const auto at = text.find(quoted);
  std::int64_t number = -1;
  if (at == std::string_view::npos) return number;
  std::from_chars(text.data() + at + quoted.size(), text.data() + text.size(), number);
  return number;
}

std::string_view text_after(std::string_view text, std::string_view key) {
  const std::string quoted = "\"" + std::string(key) + "\":\"";
  const auto at = text.find(quoted);
  if (at == std::string_view::npos) return {};
  const auto begin = at + quoted.size();
  return text.substr(begin, text.find('"', begin) - begin);
}

}  // namespace millrace::sim
