#include "cli/normalize/venue_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace millrace::cli::test {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& name, const std::string& capture) {
  try {
    choose_venue(name, {capture}, {});
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(VenueChoice, TheFolderOfTheCaptureNamesTheVenue) {
  EXPECT_EQ(choose_venue("", {"captures/kraken/x.jsonl"}, {})->venue_name(), "kraken");
  EXPECT_EQ(choose_venue("", {"captures/binance_usdm/x.jsonl"}, {})->venue_name(), "binance-usdm");
}

TEST(VenueChoice, WhatIsSaidGoesFirst) {
  EXPECT_EQ(choose_venue("binance-spot", {"captures/kraken/x.jsonl"}, {})->venue_name(), "binance-spot");
}

TEST(VenueChoice, ARefusalListsTheVenues) {
  EXPECT_THAT(refusal("krakn", "x.jsonl"), HasSubstr("no venue 'krakn'"));
  EXPECT_THAT(refusal("krakn", "x.jsonl"), HasSubstr("kraken"));
  EXPECT_THAT(refusal("", "captures/binance/x.jsonl"), HasSubstr("'binance' names no venue, so say --venue"));
}

}  // namespace
}  // namespace millrace::cli::test
