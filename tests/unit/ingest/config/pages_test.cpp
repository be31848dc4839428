#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "ingest/config/capability_page.h"
#include "ingest/config/keys.h"
#include "normalize/venue_adapter.h"

namespace millrace::ingest {
namespace {

using testing::HasSubstr;

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(std::string(MILLRACE_SOURCE_DIR) + "/" + path).rdbuf();
  return text.str();
}

TEST(ReferencePage, TheCommittedOneIsCurrent) {
  EXPECT_EQ(text_of("deploy/CONFIGURATION.md"), reference_page())
      << "run: millrace check --reference > deploy/CONFIGURATION.md";
}

TEST(ReferencePage, NamesEveryKey) {
  const std::string page = reference_page();
  for (const auto& key : worker_keys()) EXPECT_THAT(page, HasSubstr("`" + std::string(key.path) + "`"));
  for (const auto& key : venue_keys()) EXPECT_THAT(page, HasSubstr("`" + std::string(key.path) + "`"));
}

TEST(CapabilityPage, TheReadmeHasTheCurrentMatrix) {
  EXPECT_THAT(text_of("README.md"), HasSubstr(capability_markdown())) << "run: millrace capabilities --markdown";
}

TEST(CapabilityPage, HasARowForEveryDatasetOfEveryVenue) {
  const std::string page = capability_markdown();
  for (const auto& entry : normalize::venues()) {
    const auto venue = entry.make({});
    for (const auto& row : venue->capabilities().datasets) {
      if (!candle_interval(row.dataset).empty()) continue;  // share a row
      const std::string begin = "| " + std::string(entry.name) + " | " + std::string(name(row.dataset)) + " | ";
      EXPECT_THAT(page, HasSubstr(begin));
    }
  }
}

}  // namespace
}  // namespace millrace::ingest
