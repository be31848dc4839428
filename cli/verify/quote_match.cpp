#include "cli/verify/quote_match.h"

#include <fmt/format.h>

namespace millrace::cli {

void QuoteMatch::Waiting::put(std::int64_t id, const BestPrices& best) {
  if (!by_id.insert_or_assign(id, best).second) return;
  order.push_back(id);
  if (order.size() <= kWindow) return;
  by_id.erase(order.front());
  order.pop_front();
}

void QuoteMatch::compare(std::int64_t venue_seq, const BestPrices& book, const BestPrices& quote) {
  ++matched_;
  if (book == quote) return;
  ++wrong_;
  if (problems_.size() >= 5) return;
  problems_.push_back(
      fmt::format("at update {} the book has {}, the quote {}", venue_seq, text_of(book), text_of(quote)));
}

void QuoteMatch::on_book(std::int64_t venue_seq, const BestPrices& best) {
  const auto quote = quotes_.by_id.find(venue_seq);
  if (quote != quotes_.by_id.end()) compare(venue_seq, best, quote->second);
  books_.put(venue_seq, best);
}

void QuoteMatch::on_quote(std::int64_t venue_seq, const BestPrices& best) {
  const auto book = books_.by_id.find(venue_seq);
  if (book != books_.by_id.end()) compare(venue_seq, book->second, best);
  quotes_.put(venue_seq, best);
}

}  // namespace millrace::cli
