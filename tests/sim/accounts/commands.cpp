#include "tests/sim/accounts/commands.h"

#include <fmt/format.h>

#include <iterator>
#include <optional>

#include "tests/sim/accounts/json_in.h"
#include "tests/sim/accounts/ledger.h"
#include "tests/sim/market/number.h"

namespace millrace::sim::accounts {

namespace {

std::string order_json(const Order& order) {
  return fmt::format(
      R"({{"number":{},"id":"{}","client_id":{},"symbol":"{}","side":"{}","type":"{}","price":"{}","quantity":"{}",)"
      R"("filled":"{}","cost":"{}","state":"{}","reason":{},"created_ns":{},"updated_ns":{},"fills":{},)"
      R"("replaces":{},"replaced_by":{}}})",
      order.number, order.id, quoted(order.client_id), order.symbol, name(order.side),
      order.type == OrderType::kLimit ? "limit" : "market", plain(order.price), plain(order.quantity),
      plain(order.filled), plain(order.cost), name(order.state), quoted(order.reason), order.created_ns,
      order.updated_ns, order.fills, order.replaces, order.replaced_by);
}

std::string fill_json(const Fill& fill) {
  return fmt::format(
      R"({{"number":{},"id":"{}","trade_id":{},"order":{},"order_id":"{}","symbol":"{}","side":"{}","price":"{}",)"
      R"("quantity":"{}","cost":"{}","fee":"{}","fee_asset":"{}","maker":{},"cumulative":"{}","realized":"{}",)"
      R"("self_trade":{},"time_ns":{},"bust_ns":{}}})",
      fill.number, fill.id, fill.trade_id, fill.order, fill.order_id, fill.symbol, name(fill.side), plain(fill.price),
      plain(fill.quantity), plain(fill.cost), plain(fill.fee), fill.fee_asset, fill.maker, plain(fill.cumulative),
      plain(fill.realized), fill.other != 0, fill.time_ns, fill.bust_ns);
}

std::string money_json(const Event& event) {
  const Change& change = event.changes.front();
  return fmt::format(R"({{"event":{},"kind":"{}","asset":"{}","amount":"{}","fee":"{}","time_ns":{}}})", event.number,
                     name(event.kind), change.asset, plain(change.amount), plain(change.fee), event.time_ns);
}

template <class Rows, class Text>
std::string list(const Rows& rows, Text&& text) {
  std::string out = "[";
  for (const auto& row : rows) {
    const std::string one = text(row);
    if (!one.empty()) out.append(out.size() > 1 ? "," : "").append(one);
  }
  return out + "]";
}

std::string counts_json(const FaceCounts& counts) {
  return fmt::format(R"({{"messages":{},"dropped":{},"lost":{},"duplicated":{},"reordered":{},"cuts":{},"requests":{},)"
                     R"("rest_faults":{},"refused":{}}})",
                     counts.messages, counts.dropped, counts.lost, counts.duplicated, counts.reordered, counts.cuts,
                     counts.requests, counts.rest_faults, counts.refused);
}

// A decimal given as text or as a number; nullopt if it is absent or has more than eight decimals.
std::optional<Amount> amount(const JsonIn& from, std::string_view pointer) {
  if (!from.has(pointer)) return std::nullopt;
  const std::string text = from.text(pointer);
  return parse_fixed(text.empty() ? from.raw(pointer) : text, kAmountDecimals);
}

// By our number or by the venue's id; 0 = there is none.
std::int64_t order_number(const Ledger& ledger, const JsonIn& from) {
  if (const auto number = from.whole("/order")) return *number;
  const Order* const order = ledger.order_by_id(from.text("/order"));
  return order == nullptr ? 0 : order->number;
}

std::string symbol_in(const Ledger& ledger, const JsonIn& from) {
  return from.has("/symbol") ? from.text("/symbol") : ledger.rules().instruments.front().symbol;
}

std::int64_t place(Ledger& ledger, const JsonIn& from, std::int64_t now) {
  Ledger::NewOrder wanted;
  wanted.symbol = symbol_in(ledger, from);
  wanted.side = from.text("/side") == "sell" ? OrderSide::kSell : OrderSide::kBuy;
  wanted.type = from.text("/type") == "market" ? OrderType::kMarket : OrderType::kLimit;
  wanted.price = amount(from, "/price").value_or(0);
  wanted.quantity = amount(from, "/quantity").value_or(0);
  wanted.client_id = from.text("/client_id");
  return ledger.place(wanted, now);
}

// Fills `order`, or without one a market order made for it. All that is left and the order's own price unless said.
std::int64_t fill(Ledger& ledger, const JsonIn& from, std::int64_t now) {
  const Instrument* const traded = ledger.instrument(symbol_in(ledger, from));
  if (traded == nullptr) return 0;
  std::int64_t number = order_number(ledger, from);
  if (!from.has("/order")) {
    const OrderSide side = from.text("/side") == "sell" ? OrderSide::kSell : OrderSide::kBuy;
    number = ledger.place(
        {traded->symbol, side, OrderType::kMarket, 0, amount(from, "/quantity").value_or(ledger.lot(*traded) * 1'000)},
        now);
  }
  const Order* const order = ledger.order(number);
  if (order == nullptr) return 0;
  const Instrument& instrument = *ledger.instrument(order->symbol);
  const Amount own = order->price > 0 ? order->price : Ledger::tick(instrument) * instrument.start_price;
  return ledger.fill(number, amount(from, "/quantity").value_or(order->left()), amount(from, "/price").value_or(own),
                     from.flag("/maker", order->type == OrderType::kLimit), now);
}

std::int64_t self_trade(Ledger& ledger, const JsonIn& from, std::int64_t now) {
  const Instrument* const traded = ledger.instrument(symbol_in(ledger, from));
  if (traded == nullptr) return 0;
  return ledger.self_trade(traded->symbol, amount(from, "/quantity").value_or(ledger.lot(*traded) * 1'000),
                           amount(from, "/price").value_or(Ledger::tick(*traded) * traded->start_price), now);
}

std::int64_t deposit(Ledger& ledger, const JsonIn& from, std::int64_t now) {
  return ledger.deposit(from.text("/asset"), amount(from, "/amount").value_or(0), now) ? 1 : 0;
}

// The number of what was made, 1 where nothing has a number, 0 if it could not be; nullopt for an unknown verb.
std::optional<std::int64_t> carry_out(AccountFace& face, std::string_view verb, const JsonIn& from, std::int64_t now) {
  Ledger& ledger = face.ledger();
  const std::int64_t order = order_number(ledger, from);
  if (verb == "place") return place(ledger, from, now);
  if (verb == "fill") return fill(ledger, from, now);
  if (verb == "cancel") return ledger.cancel(order, from.has("/reason") ? from.text("/reason") : "user requested", now);
  if (verb == "expire") return ledger.expire(order, now);
  if (verb == "replace") {
    return ledger.replace(order, amount(from, "/price").value_or(0), amount(from, "/quantity").value_or(0), now);
  }
  if (verb == "burst") {
    return ledger.burst(symbol_in(ledger, from), static_cast<int>(from.whole("/count").value_or(300)), now);
  }
  if (verb == "self_trade") return self_trade(ledger, from, now);
  if (verb == "bust") return ledger.bust(from.whole("/fill").value_or(0), now);
  if (verb == "deposit") return deposit(ledger, from, now);
  if (verb == "funding") {
    return ledger.funding(symbol_in(ledger, from), amount(from, "/amount").value_or(0), now);
  }
  if (verb == "fee") return ledger.charge_fee(from.text("/asset"), amount(from, "/amount").value_or(0), now);
  if (verb == "cut") {
    face.cut(now);
    return 1;
  }
  return std::nullopt;
}

HttpReply refuse(std::string_view why) { return {400, fmt::format(R"({{"error":{}}})", quoted(why))}; }

HttpReply turn_knobs(AccountFace& face, const JsonIn& from) {
  Knobs changed = face.knobs();
  for (const std::string& name : from.names("")) {
    const auto value = from.number("/" + name);
    if (!value || !set_knob(changed, name, *value)) {
      return refuse(fmt::format("\"{}\" is no knob, or not with this value", name));
    }
  }
  face.knobs() = changed;
  return {200, to_json(changed)};
}

}  // namespace

std::string ledger_json(const AccountFace& face) {
  const Ledger& ledger = face.ledger();
  const auto balance = [](const auto& one) {
    return fmt::format(R"({{"asset":"{}","total":"{}","available":"{}","locked":"{}"}})", one.first,
                       plain(one.second.total), plain(one.second.available()), plain(one.second.locked));
  };
  const auto position = [](const auto& one) {
    return fmt::format(R"({{"symbol":"{}","quantity":"{}"}})", one.first, plain(one.second));
  };
  const auto money = [](const Event& event) {
    const bool moved =
        event.kind == EventKind::kDeposit || event.kind == EventKind::kFunding || event.kind == EventKind::kFeeCharge;
    return moved ? money_json(event) : std::string();
  };
  return fmt::format(
      R"({{"venue":"{}","time_ns":{},"audit":{},"orders":{},"fills":{},"balances":{},"positions":{},"money":{},)"
      R"("knobs":{},"counts":{}}})",
      face.venue(), ledger.time_ns(), quoted(ledger.audit()), list(ledger.orders(), order_json),
      list(ledger.fills(), fill_json), list(ledger.balances(), balance), list(ledger.positions(), position),
      list(ledger.events(), money), to_json(face.knobs()), counts_json(face.counts()));
}

HttpReply command(AccountFace& face, std::string_view verb, std::string_view body, std::int64_t now) {
  const JsonIn from(body.empty() ? "{}" : body);
  if (!from.is_object()) return refuse("the body is no JSON object");
  if (verb == "knobs") return turn_knobs(face, from);
  face.tick(now);
  const auto number = carry_out(face, verb, from, now + face.knobs().clock_skew_ns);
  if (!number) {
    return refuse(
        "POST place, fill, cancel, expire, replace, burst, self_trade, bust, deposit, funding, fee, cut, knobs");
  }
  if (*number == 0) return refuse(fmt::format("{}: not possible with these arguments", verb));
  face.tick(now);
  return {200, fmt::format(R"({{"ok":true,"number":{}}})", *number)};
}

}  // namespace millrace::sim::accounts
