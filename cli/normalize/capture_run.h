#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/record/capture_line.h"
#include "normalize/error.h"
#include "normalize/venue_adapter.h"

namespace millrace::cli {

// Plays the lines of a recording into a venue: one adapter for each connection. Nothing else moves it: commands are
// dropped, because their answers are in the recording or nowhere, and on_time is never called.
class CaptureRun {
 public:
  using OnError = std::function<void(const normalize::Error&)>;

  // All must outlive it. `on_error` hears of each frame that gave an error, before feed() returns.
  CaptureRun(normalize::Venue& venue, normalize::EventSink& sink, OnError on_error);

  void feed(const ingest::CaptureLine& line);

  // The recording ends here: updates that still wait for a snapshot reach the audit. Publishes no record, but declares
  // the end of every stream, so only who counts calls it.
  void end();

  // Reads the body of the venue's instruments answer, for recordings that have none. Before the first line.
  void load_instruments(std::string_view body);

 private:
  struct Connection {
    std::uint32_t number = 0;  // dense; the same when the connection is opened again
    std::unique_ptr<normalize::VenueAdapter> adapter;
  };

  Connection& connection_of(const std::string& name);
  normalize::VenueAdapter& open(Connection& connection, schemas::UnixNanos time);
  normalize::VenueAdapter& rest_adapter(const ingest::CaptureLine& line);
  void on_frame(const ingest::CaptureLine& line);
  void on_answer(const ingest::CaptureLine& line);
  void on_control(const ingest::CaptureLine& line);
  bool is_reference(std::string_view target) const;
  std::string_view padded(std::string_view payload);
  void report(const normalize::Result<void>& result);

  normalize::Venue& venue_;
  normalize::EventSink& sink_;
  OnError on_error_;
  std::map<std::string, Connection> connections_;
  normalize::Commands dropped_;
  std::string buffer_;
};

}  // namespace millrace::cli
