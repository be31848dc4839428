#pragma once

#include "normalize/book/book_audit.h"
#include "normalize/event_sink.h"
#include "normalize/venue_adapter.h"
#include "schemas/events/time.h"

namespace millrace::normalize::binance {

// What a call of a feed needs from its surroundings. `online` is false while a recording is read: then nothing happens
// by time.
struct FeedContext {
  EventSink& out;
  Commands& todo;
  BookAudit* audit = nullptr;
  UnixNanos now = 0;
  bool online = true;
  bool publish_book = true;
  bool publish_bbo = false;  // dataset bbo-book
  // Another connection carries the stream as well. Told only where a feed's misses() says that it matters.
  bool doubled = false;
};

// What one of two connections left out, the other one brings in this time, or it is lost: both carry the same messages,
// some tens of milliseconds apart.
inline constexpr UnixNanos kTwinWithin = kSecond / 2;

}  // namespace millrace::normalize::binance
