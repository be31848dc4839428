#include "normalize/symbols/instrument_table.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::normalize {
namespace {

TEST(InstrumentTable, AnEmptyTableKnowsNothing) {
  const InstrumentTable table;
  EXPECT_FALSE(table.find("BTC/USD"));
  EXPECT_FALSE(table.find(""));
  EXPECT_EQ(table.size(), 0U);
}

TEST(InstrumentTable, ANewSymbolIsItsOwnInstrumentUntilReferenceDataComes) {
  InstrumentTable table;
  const InstrumentId id = table.intern("BTC/USD");
  EXPECT_EQ(table[id].symbol, "BTC/USD");
  EXPECT_EQ(table[id].instrument, "BTC/USD");
  EXPECT_EQ(table[id].price_decimals, -1);
  EXPECT_FALSE(table[id].has_reference);
}

TEST(InstrumentTable, IdsAreDenseAndInterningTwiceGivesTheSame) {
  InstrumentTable table;
  EXPECT_EQ(index(table.intern("A")), 0U);
  EXPECT_EQ(index(table.intern("B")), 1U);
  EXPECT_EQ(index(table.intern("A")), 0U);
  EXPECT_EQ(table.size(), 2U);
}

TEST(InstrumentTable, SymbolsAreToldApartByCaseAndLength) {
  InstrumentTable table;
  const auto upper = table.intern("AAPLX/USD");
  const auto lower = table.intern("AAPLx/USD");
  EXPECT_NE(upper, lower);
  EXPECT_FALSE(table.find("AAPLx/US"));
}

TEST(InstrumentTable, ReferencesAndIdsSurviveGrowthToThousands) {
  InstrumentTable table;
  const InstrumentInfo& first = table[table.intern("S0")];
  for (int i = 1; i < 5000; ++i) table.intern("S" + std::to_string(i));
  EXPECT_EQ(first.symbol, "S0");
  for (int i = 0; i < 5000; ++i) {
    const auto found = table.find("S" + std::to_string(i));
    ASSERT_TRUE(found);
    EXPECT_EQ(index(*found), static_cast<std::size_t>(i));
  }
  EXPECT_FALSE(table.find("S5000"));
}

}  // namespace
}  // namespace millrace::normalize
