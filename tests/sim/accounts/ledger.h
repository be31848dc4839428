#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/market/instrument.h"

namespace millrace::sim::accounts {

// 10^-8 of an asset, or of the quote asset for one unit of base: exact, since prices and quantities are made with no
// more than eight decimals together.
using Amount = std::int64_t;
inline constexpr int kAmountDecimals = 8;
inline constexpr Amount kOne = 100'000'000;

enum class OrderSide : std::uint8_t { kBuy, kSell };
enum class OrderType : std::uint8_t { kLimit, kMarket };
enum class OrderState : std::uint8_t {
  kOpen,  // also partly filled
  kFilled,
  kCancelled,
  kReplaced,  // goes on as another order
  kRejected,
  kExpired,
};
std::string_view name(OrderSide side) noexcept;    // "buy"
std::string_view name(OrderState state) noexcept;  // "open", "filled", ...

struct Order {
  std::int64_t number = 0;  // ours, from 1; 0 = none
  std::string id;           // the venue's
  std::string client_id;
  std::string symbol;  // as the instrument spells it
  OrderSide side = OrderSide::kBuy;
  OrderType type = OrderType::kLimit;
  Amount price = 0;  // of a limit order
  Amount quantity = 0;
  Amount filled = 0;
  Amount cost = 0;                     // quote asset: the sum over its fills
  std::map<std::string, Amount> fees;  // by asset
  OrderState state = OrderState::kOpen;
  std::string reason;  // why it was cancelled, rejected, expired
  std::int64_t created_ns = 0;
  std::int64_t updated_ns = 0;
  int fills = 0;
  bool amended = false;
  std::int64_t replaces = 0, replaced_by = 0;  // numbers

  Amount left() const noexcept { return quantity - filled; }
  bool live() const noexcept { return state == OrderState::kOpen; }
};

struct Fill {
  std::int64_t number = 0;    // ours, from 1, in order
  std::int64_t trade_id = 0;  // the venue's, per symbol: both legs of a self-trade carry the same
  std::string id;             // the venue's id of this fill
  std::int64_t order = 0;     // number
  std::string order_id;
  std::string symbol;
  OrderSide side = OrderSide::kBuy;
  Amount price = 0;
  Amount quantity = 0;
  Amount cost = 0;  // price x quantity
  Amount fee = 0;   // positive = paid
  std::string fee_asset;
  bool maker = false;
  std::int64_t other = 0;    // order number of the other leg of a self-trade; else 0
  Amount cumulative = 0;     // of the order, after this fill
  Amount cost_after = 0;     // of the order: average = cost_after / cumulative
  Amount realized = 0;       // futures: profit in the quote asset, without the fee
  Amount position = 0;       // futures: base units after it, negative = short
  Amount position_cost = 0;  // what that position cost, positive
  std::int64_t time_ns = 0;
  std::int64_t bust_ns = 0;  // made void then; 0 = stands
};

struct Balance {
  Amount total = 0;
  Amount locked = 0;  // held by open orders

  Amount available() const noexcept { return total - locked; }
  friend bool operator==(const Balance&, const Balance&) = default;
};

// One asset moved by one event. total_after = total_before + amount - fee.
struct Change {
  std::string asset;
  Amount amount = 0;  // without the fee
  Amount fee = 0;
  Balance after;
};

enum class EventKind : std::uint8_t {
  kPlaced,
  kFill,
  kDone,  // a filled order leaves: follows its last fill
  kCancelled,
  kAmended,   // same order, other price or quantity
  kReplaced,  // the order goes on as `order.replaced_by`, whose kPlaced follows
  kRejected,
  kExpired,
  kBust,       // `fill` is void: balances are put back, the order keeps its filled quantity
  kDeposit,    // negative = withdrawal
  kFunding,    // futures
  kFeeCharge,  // a fee by itself (Alpaca's daily CFEE)
};
std::string_view name(EventKind kind) noexcept;

// One thing that happened, in order: the ledger's journal, from which faces tell their streams.
struct Event {
  EventKind kind = EventKind::kPlaced;
  std::int64_t number = 0;  // from 1
  std::int64_t time_ns = 0;
  Order order = {};  // as it was after the event; number 0 = concerns none
  Fill fill = {};    // kFill, kBust
  std::vector<Change> changes = {};
  Amount price_before = 0, quantity_before = 0;  // kAmended
};

// What differs between venues.
struct LedgerRules {
  enum class FeeAsset : std::uint8_t {
    kQuote,
    kReceived,  // what the fill brings in; one in eight in BNB (Binance spot)
    kNone,      // none with the fill (Alpaca)
  };
  std::vector<Instrument> instruments;
  std::map<std::string, Amount> initial;  // balances to begin with
  FeeAsset fee_asset = FeeAsset::kQuote;
  int cost_decimals = kAmountDecimals;  // of price x quantity at most; fewer make fees exact, too
  int maker_ppm = 1'600;                // of the cost, in millionths
  int taker_ppm = 2'600;
  bool futures = false;              // positions and realized profit in the quote asset; orders lock nothing
  bool replace_makes_order = false;  // else in place
  bool replace_keeps_price = false;  // only the quantity can be made less
  bool trade_id_is_fill_id = false;  // fills have no id but the trade's
  bool busts = false;                // the venue can make a fill void
  bool rest_tells_expiry = true;     // else an order that expired is called cancelled there
  // The venue's spelling of an id: kind 'O' order, 'T' fill; numbers from 1.
  std::function<std::string(char kind, std::int64_t number)> make_id;
  std::string client_id_prefix = "sim-";
};

// The truth about one account: what a client that lost nothing knows. Pure: the same calls give the same ledger. All
// times are the venue's, ns since 1970; one that is before the last is taken as the last. Not thread-safe.
class Ledger {
 public:
  Ledger(LedgerRules rules, std::int64_t start_ns);

  struct NewOrder {
    std::string symbol;
    OrderSide side = OrderSide::kBuy;
    OrderType type = OrderType::kLimit;
    Amount price = 0;
    Amount quantity = 0;
    std::string client_id = {};  // empty = one is made
  };
  // Each returns the number of what it made, or 0 and changes nothing where that cannot be: no such order, symbol or
  // quantity, price and quantity with more than eight decimals together. An order without funds is made and rejected.
  std::int64_t place(const NewOrder& wanted, std::int64_t now);
  std::int64_t fill(std::int64_t order, Amount quantity, Amount price, bool maker, std::int64_t now);
  // Two orders of the account meet: two fills with one trade id, the maker's first. Returns the first fill.
  std::int64_t self_trade(std::string_view symbol, Amount quantity, Amount price, std::int64_t now);
  // `count` fills of one order at one time, one lot each, prices rising by a tick. Returns the order.
  std::int64_t burst(std::string_view symbol, int count, std::int64_t now);
  bool cancel(std::int64_t order, std::string_view reason, std::int64_t now);
  bool expire(std::int64_t order, std::int64_t now);
  // Returns the order that goes on: the same, or a new one where the venue makes one.
  std::int64_t replace(std::int64_t order, Amount price, Amount quantity, std::int64_t now);
  bool bust(std::int64_t fill, std::int64_t now);
  bool deposit(std::string_view asset, Amount amount, std::int64_t now);
  bool funding(std::string_view symbol, Amount amount, std::int64_t now);
  bool charge_fee(std::string_view asset, Amount amount, std::int64_t now);

  const LedgerRules& rules() const noexcept { return rules_; }
  const std::vector<Event>& events() const noexcept { return events_; }
  // By number - 1.
  const std::vector<Order>& orders() const noexcept { return orders_; }
  const std::vector<Fill>& fills() const noexcept { return fills_; }
  const std::map<std::string, Balance>& balances() const noexcept { return balances_; }
  // Futures: base units, negative = short.
  const std::map<std::string, Amount>& positions() const noexcept { return positions_; }
  // Futures: what the open position of `symbol` cost, positive; its entry price is that over its size.
  Amount position_cost(std::string_view symbol) const;
  const std::vector<std::int64_t>& live_orders() const noexcept { return live_; }
  const Order* order(std::int64_t number) const noexcept;
  const Order* order_by_id(std::string_view id) const noexcept;
  const Instrument* instrument(std::string_view symbol) const noexcept;
  std::int64_t time_ns() const noexcept { return now_; }

  // Smallest quantity and price step of an instrument, in Amounts.
  Amount lot(const Instrument& instrument) const noexcept;
  static Amount tick(const Instrument& instrument) noexcept;

  // What is wrong with the books, empty if nothing: each balance is the initial one plus its effects, computed anew
  // from the fills and from the journal; filled quantities are the sums of fills; locked is what open orders
  // need.
  std::string audit() const;

 private:
  // Lots of an open futures position, oldest first: realized profit is exact that way.
  struct Lot {
    Amount quantity = 0;  // negative = short
    Amount price = 0;
  };

  void begin(std::int64_t now);
  Event& record(EventKind kind, const Order* order);
  void move(Event& event, const std::string& asset, Amount amount, Amount fee, Amount lock);
  void lock_for(Event& event, const Order& order, int sign);
  void apply(Event& event, const Fill& fill, int sign);
  void close(Order& order, OrderState state, std::string_view reason);
  void finish(Order& order);
  std::int64_t add_fill(Order& order, Amount quantity, Amount price, bool maker, std::int64_t trade_id,
                        std::int64_t other);
  void set_fee(Fill& fill, const Instrument& instrument) const;
  Amount realize(const std::string& symbol, Amount signed_quantity, Amount price);
  bool funded(const Order& order, const Instrument& instrument) const;
  std::map<std::string, Amount> locks() const;
  std::map<std::string, Amount> totals_from_fills() const;

  LedgerRules rules_;
  std::int64_t now_ = 0;
  std::vector<Order> orders_;
  std::vector<Fill> fills_;
  std::vector<Event> events_;
  std::vector<std::int64_t> live_;
  std::map<std::string, Balance> balances_;
  std::map<std::string, Amount> positions_;
  std::map<std::string, std::vector<Lot>, std::less<>> lots_;
  std::map<std::string, std::int64_t> trade_ids_;  // by symbol: the last one
  std::map<std::string, std::int64_t, std::less<>> by_id_;
};

// price x quantity; nullopt if it is not exact or too large.
std::optional<Amount> product(Amount price, Amount quantity) noexcept;
// "1.5", "0", "-0.00000001": without trailing zeros.
std::string plain(Amount amount);
// With at least `decimals` decimals: "1.50".
std::string shown(Amount amount, int decimals);
// numerator / denominator with up to `decimals` decimals, rounded half up: averages.
std::string quotient(Amount numerator, Amount denominator, int decimals);

}  // namespace millrace::sim::accounts
