#include "cli/normalize/capture_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/normalize/record_files.h"
#include "publish/sequence/sequencer.h"
#include "tests/unit/cli/normalize/fake_venue.h"

namespace millrace::cli::test {
namespace {

using ingest::CaptureLine;
using ingest::Direction;
using ingest::Via;
using testing::ElementsAre;
using testing::IsEmpty;

struct Play {
  CaptureLine line(std::string payload, Direction direction = Direction::kIn) {
    CaptureLine line;
    line.time = ++time;
    line.direction = direction;
    line.connection = "public-1";
    line.payload = std::move(payload);
    return line;
  }
  CaptureLine answer(std::string request, std::string body) {
    CaptureLine rest = line(std::move(body));
    rest.via = Via::kRest;
    rest.connection = "rest";
    rest.request = std::move(request);
    return rest;
  }

  schemas::UnixNanos time = 0;
  FakeVenue venue;
  JsonLines lines{{}, [](std::string_view) {}};
  publish::Sequencer sequencer{"fake", venue.abilities, venue.table, lines, {}};
  std::vector<normalize::Error> errors;
  CaptureRun run{venue, sequencer, [this](const normalize::Error& error) { errors.push_back(error); }};
};

TEST(CaptureRun, OpensAnAdapterForEachConnectionAtItsFirstFrame) {
  Play r;
  r.run.feed(r.line("a"));
  CaptureLine other = r.line("b");
  other.connection = "public-2";
  r.run.feed(other);
  r.run.feed(r.line("c"));
  EXPECT_THAT(r.venue.log, ElementsAre("#1 open", "#1 frame a at 1", "#2 open", "#2 frame b at 2", "#1 frame c at 3"));
}

TEST(CaptureRun, WhatWeSentMovesNothing) {
  Play r;
  r.run.feed(r.line("subscribe", Direction::kOut));
  EXPECT_THAT(r.venue.log, IsEmpty());
}

TEST(CaptureRun, AClosedConnectionGetsANewAdapter) {
  Play r;
  r.run.feed(r.line("open", Direction::kControl));
  r.run.feed(r.line("a"));
  r.run.feed(r.line("close 1006 reset", Direction::kControl));
  r.run.feed(r.line("resync book/X/Y checksum", Direction::kControl));
  r.run.feed(r.line("closely watched", Direction::kControl));  // no word of ours
  r.run.feed(r.line("b"));
  EXPECT_THAT(r.venue.log, ElementsAre("#1 open", "#1 frame a at 2", "#1 close", "#2 open", "#2 frame b at 6"));
}

TEST(CaptureRun, AnswersGoToAnOpenAdapterWithoutTheirMethod) {
  Play r;
  r.run.feed(r.line("a"));
  r.run.feed(r.answer("GET /depth?symbol=X", "{}"));
  EXPECT_EQ(r.venue.log.back(), "#1 rest /depth?symbol=X 0 {}");
}

TEST(CaptureRun, AnAnswerBeforeAnyFrameFindsAnAdapterToo) {
  Play r;
  r.run.feed(r.answer("GET /depth", "{}"));
  EXPECT_THAT(r.venue.log, ElementsAre("#1 open", "#1 rest /depth 0 {}"));
}

TEST(CaptureRun, ReferenceDataGoesToTheVenueWhateverItsQuery) {
  Play r;
  r.run.feed(r.answer("GET /instruments?symbol=X", "[]"));
  EXPECT_THAT(r.venue.log, ElementsAre("reference /instruments?symbol=X []"));
  r.run.load_instruments("[1]");
  EXPECT_EQ(r.venue.log.back(), "reference /instruments?all=1 [1]");
}

TEST(CaptureRun, AnErrorIsToldAndTheRunGoesOn) {
  Play r;
  r.run.feed(r.line("bad"));
  r.run.feed(r.line("trade 10"));
  EXPECT_THAT(r.errors, ElementsAre(normalize::Error{normalize::Errc::kBadNumber, "price"}));
  EXPECT_EQ(r.sequencer.counters().records[static_cast<std::size_t>(Dataset::kTrade)].value(), 1u);
}

}  // namespace
}  // namespace millrace::cli::test
