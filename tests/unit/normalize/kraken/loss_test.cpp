#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/normalize/kraken/kraken_test.h"

// What happens to the recordings when frames are lost, repeated or swapped. What a consumer may hold is known from the
// intact recording: the ten best levels behind each book frame.
namespace millrace::normalize::kraken {
namespace {

using Levels = std::vector<std::string>;
using Lines = std::vector<CaptureLine>;

// The ten best that the intact recording shows behind each line (empty where it is no book frame).
std::vector<Levels> ten_best_of(const Lines& lines) {
  Connection kraken;
  std::vector<Levels> best(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_TRUE(kraken.feed(lines[i].view()));
    if (lines[i].is_book("")) best[i] = kraken.out.mirror.best(10);
  }
  return best;
}

// The levels of the recording's book when update `lost` is missing, kept by the documented rules and without any of our
// code: what tells where the loss must show.
Lines intact(const char* name) { return capture(std::string(name) + ".capture.jsonl"); }

constexpr const char* kIntact[] = {"crossbook-btcusd-depth25", "crossbook-xrpusd-depth25",
                                   "python-kraken-sdk-btcusd-depth10"};

// Plays all lines but `lost` from there on, on a connection that has heard what came before. The place where the hole was
// declared, or the number of lines.
std::size_t play_without(const Lines& lines, const std::vector<Levels>& truth, std::size_t lost) {
  Connection kraken;
  for (std::size_t i = 0; i < lost; ++i) (void)kraken.feed(lines[i].view());
  for (std::size_t i = lost + 1; i < lines.size(); ++i) {
    const std::size_t published = kraken.out.books.size();
    (void)kraken.feed(lines[i].view());
    if (kraken.out.books.size() > published) {
      EXPECT_EQ(kraken.out.mirror.best(10), truth[i]) << "wrong book published, lost " << lost << " at " << i;
    }
    if (!kraken.out.gaps.empty()) return i;
  }
  return lines.size();
}

// A frame is taken out at every `step`th place, so that the test stays short; the places are spread over the recording.
TEST(KrakenLoss, NoWrongTenBestIsEverPublishedAndTheHoleIsDeclaredWhereTheyFirstDiffer) {
  for (const char* name : kIntact) {
    const Lines lines = intact(name);
    if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/kraken/" << name;
    const std::vector<Levels> truth = ten_best_of(lines);
    std::size_t declared = 0;
    for (std::size_t lost = 1; lost < lines.size(); ++lost) {
      if (!lines[lost].is_book("update")) continue;
      declared += play_without(lines, truth, lost) < lines.size();
      if (HasFailure()) return;
    }
    EXPECT_GT(declared, 0U) << name;
  }
}

}  // namespace
}  // namespace millrace::normalize::kraken
