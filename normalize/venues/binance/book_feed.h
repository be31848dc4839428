#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "normalize/book/book.h"
#include "normalize/venues/binance/feed_context.h"
#include "normalize/venues/binance/messages.h"
#include "normalize/venues/binance/proven_side.h"
#include "normalize/venues/binance/update_chain.h"
#include "normalize/venues/binance/venue_config.h"

namespace millrace::normalize::binance {

// One instrument's book and its way from "no snapshot" to live and back. Updates wait in a bounded buffer until a REST
// snapshot contains or joins them; a gap costs this instrument its book and nobody else's. Lives in the Venue, so that
// several connections can feed it: what one brings after another is stale or a duplicate and is dropped, and what one
// left out is waited for from the other.
class BookFeed {
 public:
  // Both arguments outlive the feed.
  BookFeed(const VenueConfig& config, const VenueOptions& options, InstrumentId instrument, InstrumentInfo& info);

  // Streams for it are open from now on: asks for a snapshot, unless one is on its way or the book is live. Not before
  // the acknowledgement: a snapshot that is older than the first update may not join it.
  void start(FeedContext& context);
  // An update from the wire; `update` may be changed. kSequenceGap: it did not follow; kBadNumber: it does not fit 64
  // bits at the book's decimals. In both cases the hole is declared, the book is gone and a snapshot asked for; nothing
  // else is for the caller to do.
  std::optional<Errc> on_update(Depth& update, FeedContext& context);
  // A snapshot, asked for or (in recordings) not. One that is older than a live book is ignored, one too old for what
  // waits is asked for again, any other replaces the book. kBadNumber: numbers do not fit; asked for again. `snapshot`
  // may be changed.
  std::optional<Errc> on_snapshot(Snapshot& snapshot, FeedContext& context);
  // The snapshot that was asked for could not be had. Asks again after a pause that doubles.
  void on_snapshot_failed(FeedContext& context);
  // No connection feeds it any more.
  void on_lost(FeedContext& context);
  // The connection that asked for the snapshot is gone, another one still feeds the book.
  void forget_request() noexcept { deadline_.reset(); }
  // Asks again if an answer is overdue; returns when to look next.
  std::optional<UnixNanos> on_time(FeedContext& context);

  // Publishes the live book as a SNAPSHOT with flag REFRESH; false if it is not live. Linear in its levels.
  bool refresh(EventSink& out);

  bool live() const noexcept { return live_; }
  const Book& book() const noexcept { return book_; }

 private:
  // One update that waits, copied out of the frame. Its receive time goes along, as it is published much later.
  struct Update {
    UpdateIds ids;
    Decimals decimals;
    EventMeta meta;
    std::vector<Level> bids, asks;
  };

  void hold(const Depth& update, FeedContext& context);
  void drop_held(FeedContext& context);
  // An update beyond a hole: it waits for the other connection if that may still fill it, else the book is lost.
  std::optional<Errc> on_hole(const Depth& update, FeedContext& context);
  // Puts a request for a snapshot into the commands, not before the pause that the attempts so far ask for.
  void ask(FeedContext& context);
  // The book is given up: RECOVERING, updates wait, a snapshot is asked for. The hole is the caller's to declare.
  void lose_book(FeedContext& context, std::string_view reason);
  void declare_gap(const UpdateIds& update, std::string_view reason, FeedContext& context);
  bool joins(std::int64_t snapshot_id) const;
  bool load(Snapshot& snapshot, FeedContext& context);
  // Applies what waited to the snapshot just loaded.
  void replay(FeedContext& context);
  bool drop(UpdateVerdict verdict, const UpdateIds& update, bool held, FeedContext& context);
  // False with the book half changed, if numbers do not fit: the caller gives the book up.
  bool apply(const UpdateIds& ids, Decimals decimals, std::vector<Level>& bids, std::vector<Level>& asks,
             EventMeta meta, FeedContext& context);
  // Brings rows, book and instrument to common decimals, the finest of the three. False if numbers do not fit.
  bool align(Decimals decimals, std::vector<Level>& bids, std::vector<Level>& asks);
  std::uint32_t state_flags() const noexcept;
  std::optional<std::int32_t> proven_depth() const noexcept;
  schemas::Book frame_of(schemas::BookKind kind, std::span<const Level> bids, std::span<const Level> asks) const;
  // Valid until the next call: views of all_bids_ and all_asks_.
  schemas::Book whole_book();
  void publish_bbo(const EventMeta& meta, FeedContext& context);
  // Live only: after a second of being crossed, one resync.
  void watch_crossed(FeedContext& context);
  void set_state(schemas::StreamState state, std::string_view reason, FeedContext& context) const;
  void tell_audit(FeedContext& context, BookOutcome outcome, std::int64_t last_id, bool in_buffer = false) const;

  const VenueConfig& config_;
  InstrumentId instrument_;
  InstrumentInfo& info_;
  std::size_t max_levels_;  // 0 = all
  DepthWeight request_;

  Book book_;
  // Where the feed is: live_ (the book follows the stream), deadline_ (a snapshot was asked for), held_ (updates wait
  // for one). While live_, nothing is held but until hole_until_.
  UpdateChain chain_;
  ProvenSide proven_bids_{LadderSide::Kind::kBid};
  ProvenSide proven_asks_{LadderSide::Kind::kAsk};
  schemas::Bbo last_bbo_;
  bool live_ = false;
  bool had_book_ = false;    // chain_.last_id() is a published one
  bool after_gap_ = false;   // held updates follow a gap, not a start
  bool undeclared_ = false;  // the connection was lost under a live book: the next snapshot declares the hole
  bool depth_limited_ = false;

  // At most 1,000 updates or 200,000 levels, in a recording 100,000 or 4,000,000; the oldest goes first, counted as a
  // drop.
  std::deque<Update> held_;
  std::size_t held_levels_ = 0;
  std::optional<UnixNanos> deadline_;    // of the snapshot that was asked for; absent = none asked
  std::optional<UnixNanos> hole_until_;  // live: so long the held wait for what the other connection may bring
  int attempts_ = 0;                     // since the last snapshot that fitted
  int quick_losses_ = 0;                 // books in a row that were lost at once
  UnixNanos live_since_ = 0;
  std::optional<UnixNanos> crossed_since_;
  bool resynced_for_crossed_ = false;
  std::vector<Level> all_bids_, all_asks_;  // scratch of whole books
};

}  // namespace millrace::normalize::binance
