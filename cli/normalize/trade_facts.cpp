#include "cli/normalize/trade_facts.h"

namespace millrace::cli {
namespace {

// A venue that sends no ids has none.
boost::json::value id_or_null(const std::string& id) {
  return id.empty() ? boost::json::value(nullptr) : boost::json::value(id);
}

}  // namespace

void TradeFacts::add(const schemas::Trade& trade) {
  if (count_++ == 0) first_id_ = trade.trade_id;
  last_id_ = trade.trade_id;
  buys_ += trade.aggressor == schemas::Side::kBuy ? 1 : 0;
  sells_ += trade.aggressor == schemas::Side::kSell ? 1 : 0;
  const schemas::Decimal price{trade.price, trade.price_exponent};
  const schemas::Decimal quantity{trade.quantity, trade.quantity_exponent};
  quantity_.add(quantity);
  value_.add_product(price, quantity);
}

boost::json::object TradeFacts::json() const {
  return {{"count", count_},
          {"qty_sum", quantity_.text()},
          {"price_qty_sum", value_.text()},
          {"first_id", id_or_null(first_id_)},
          {"last_id", id_or_null(last_id_)},
          {"buys", buys_},
          {"sells", sells_}};
}

}  // namespace millrace::cli
