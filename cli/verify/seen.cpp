#include "cli/verify/seen.h"

#include <algorithm>

#include "cli/verify/seen_meta.h"
#include "millrace/v1/bbo.pb.h"
#include "millrace/v1/book.pb.h"
#include "millrace/v1/candle.pb.h"
#include "millrace/v1/heartbeat.pb.h"
#include "millrace/v1/instrument.pb.h"
#include "millrace/v1/stream_status.pb.h"
#include "millrace/v1/ticker.pb.h"
#include "millrace/v1/trade.pb.h"

namespace millrace::cli {
namespace {

MarkKind kind_of(v1::GapKind kind) {
  switch (kind) {
    case v1::GAP_KIND_VENUE:
      return MarkKind::kVenue;
    case v1::GAP_KIND_LOCAL:
      return MarkKind::kLocal;
    case v1::GAP_KIND_RESTART:
      return MarkKind::kRestart;
    default:
      return MarkKind::kOther;
  }
}

SeenOrigin origin_of(v1::Origin origin) {
  switch (origin) {
    case v1::ORIGIN_LIVE:
      return SeenOrigin::kLive;
    case v1::ORIGIN_SNAPSHOT:
      return SeenOrigin::kSnapshot;
    case v1::ORIGIN_REPLAY:
      return SeenOrigin::kReplay;
    case v1::ORIGIN_HISTORY:
      return SeenOrigin::kHistory;
    default:
      return SeenOrigin::kOther;
  }
}

template <class Marks>
void copy_marks(const Marks& marks, std::vector<SeenMark>& out) {
  out.clear();
  for (const v1::GapMark& mark : marks) {
    SeenMark& seen = out.emplace_back();
    seen.kind = kind_of(mark.kind());
    if (mark.has_from()) seen.from = mark.from();
    if (mark.has_to()) seen.to = mark.to();
  }
}

template <class Numbers>
bool copy_side(const Numbers& prices, const Numbers& quantities, std::vector<SeenLevel>& out) {
  out.clear();
  if (prices.size() != quantities.size()) return false;
  for (int i = 0; i < prices.size(); ++i) out.push_back({prices[i], quantities[i]});
  return true;
}

bool copy_book(const v1::Book& book, SeenBook& out) {
  if (book.kind() != v1::BOOK_KIND_SNAPSHOT && book.kind() != v1::BOOK_KIND_DELTA) return false;
  out.snapshot = book.kind() == v1::BOOK_KIND_SNAPSHOT;
  out.price_exponent = book.price_exponent();
  out.quantity_exponent = book.quantity_exponent();
  if (book.has_venue_seq_first()) out.venue_seq_first = book.venue_seq_first();
  if (book.has_venue_seq_prev()) out.venue_seq_prev = book.venue_seq_prev();
  if (book.has_venue_checksum()) out.checksum = book.venue_checksum();
  if (book.has_price_decimals()) out.price_decimals = book.price_decimals();
  if (book.has_quantity_decimals()) out.quantity_decimals = book.quantity_decimals();
  return copy_side(book.bid_price(), book.bid_quantity(), out.bids) &&
         copy_side(book.ask_price(), book.ask_quantity(), out.asks);
}

bool copy_quote(const v1::Bbo& quote, SeenQuote& out) {
  out.price_exponent = quote.price_exponent();
  out.quantity_exponent = quote.quantity_exponent();
  if (quote.has_bid_price() != quote.has_bid_quantity()) return false;
  if (quote.has_ask_price() != quote.has_ask_quantity()) return false;
  if (quote.has_bid_price()) out.bid = SeenLevel{quote.bid_price(), quote.bid_quantity()};
  if (quote.has_ask_price()) out.ask = SeenLevel{quote.ask_price(), quote.ask_quantity()};
  return true;
}

// Messages of which verify reads Meta only.
template <class Message>
bool read_meta_only(Message& message, std::string_view bytes, SeenEvent& out) {
  if (!parse(message, bytes) || !message.has_meta()) return false;
  copy_meta(message.meta(), out.meta);
  out.body = std::monostate{};
  return true;
}

}  // namespace

void copy_meta(const v1::Meta& meta, SeenMeta& out) {
  out.venue = meta.venue();
  out.symbol = meta.symbol();
  out.instrument = meta.instrument();
  out.epoch = meta.epoch();
  out.seq = meta.seq();
  out.account = meta.account();
  out.venue_seq.reset();
  if (meta.has_venue_seq()) out.venue_seq = meta.venue_seq();
  out.venue_time_ns.reset();
  if (meta.has_venue_time_ns()) out.venue_time_ns = meta.venue_time_ns();
  out.venue_send_time_ns.reset();
  if (meta.has_venue_send_time_ns()) out.venue_send_time_ns = meta.venue_send_time_ns();
  out.receive_time_ns = meta.receive_time_ns();
  out.publish_time_ns.reset();
  if (meta.has_publish_time_ns()) out.publish_time_ns = meta.publish_time_ns();
  out.staleness_ns = meta.staleness_ns();
  out.origin = origin_of(meta.origin());
  out.refresh = (meta.flags() & v1::FLAG_REFRESH) != 0;
  out.reset = (meta.flags() & v1::FLAG_RESET) != 0;
  copy_marks(meta.gap(), out.marks);
}

bool SeenMeta::has(MarkKind kind) const noexcept {
  return std::any_of(marks.begin(), marks.end(), [&](const SeenMark& mark) { return mark.kind == kind; });
}

struct RecordReader::Messages {
  v1::Book book;
  v1::Bbo quote;
  v1::Trade trade;
  v1::Ticker ticker;
  v1::Candle candle;
  v1::Instrument instrument;
  v1::Heartbeat heartbeat;
  v1::StreamStatus status;
};

RecordReader::RecordReader() : messages_{std::make_unique<Messages>()} {}
RecordReader::~RecordReader() = default;

bool RecordReader::read(std::string_view dataset, std::string_view bytes, SeenEvent& out) {
  Messages& m = *messages_;
  if (dataset == "book") {
    if (!parse(m.book, bytes) || !m.book.has_meta()) return false;
    copy_meta(m.book.meta(), out.meta);
    return copy_book(m.book, out.body.emplace<SeenBook>());
  }
  if (dataset == "bbo" || dataset == "bbo-book") {
    if (!parse(m.quote, bytes) || !m.quote.has_meta()) return false;
    copy_meta(m.quote.meta(), out.meta);
    return copy_quote(m.quote, out.body.emplace<SeenQuote>());
  }
  if (dataset == "trade" || dataset == "trade-agg") {
    if (!read_meta_only(m.trade, bytes, out)) return false;
    out.body.emplace<SeenTrade>().id = m.trade.trade_id();
    return true;
  }
  if (dataset == "ticker") return read_meta_only(m.ticker, bytes, out);
  if (dataset == "instrument") return read_meta_only(m.instrument, bytes, out);
  if (dataset.substr(0, 7) == "candle-") return read_meta_only(m.candle, bytes, out);
  return false;
}

bool RecordReader::read_heartbeat(std::string_view bytes, std::vector<SeenBeat>& out) {
  v1::Heartbeat& heartbeat = messages_->heartbeat;
  if (!parse(heartbeat, bytes)) return false;
  out.clear();
  for (const v1::StreamBeat& stream : heartbeat.stream()) {
    SeenBeat& beat = out.emplace_back();
    beat.venue = heartbeat.venue();
    beat.dataset = heartbeat.dataset();
    beat.symbol = stream.symbol();
    beat.instrument = stream.instrument();
    beat.time_ns = heartbeat.time_ns();
    beat.epoch = stream.epoch();
    beat.next_seq = stream.next_seq();
    beat.partition = stream.partition();
    if (stream.has_acked_offset()) beat.acked_offset = stream.acked_offset();
    copy_marks(stream.gap(), beat.marks);
  }
  return true;
}

bool RecordReader::read_status(std::string_view bytes, SeenStatus& out) {
  v1::StreamStatus& status = messages_->status;
  if (!parse(status, bytes) || !status.has_meta()) return false;
  out.venue = status.meta().venue();
  out.dataset = status.dataset();
  out.instrument = status.meta().instrument();
  out.time_ns = status.meta().receive_time_ns();
  out.epoch = status.meta().epoch();
  const bool given_up = status.reason() == "unsubscribed" || status.reason() == "handed_over";
  out.unsubscribed = status.state() == v1::STREAM_STATE_DISCONNECTED && given_up;
  return true;
}

}  // namespace millrace::cli
