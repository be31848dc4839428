#include "normalize/symbols/instrument_table.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

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

TEST(InstrumentTable, SymbolsThatShareTheirFirstSixteenBytesAreToldApart) {
  InstrumentTable table;
  const auto first = table.intern("ABCDEFGHIJKLMNOPQ");
  const auto second = table.intern("ABCDEFGHIJKLMNOPR");
  EXPECT_NE(first, second);
  EXPECT_EQ(table.find("ABCDEFGHIJKLMNOPQ"), first);
  EXPECT_EQ(table.find("ABCDEFGHIJKLMNOPR"), second);
  EXPECT_FALSE(table.find("ABCDEFGHIJKLMNOP"));
  EXPECT_FALSE(table.find("ABCDEFGHIJKLMNOPS"));
  EXPECT_NE(table.intern("A"), table.intern(std::string("A\0", 2)));
}

TEST(InstrumentTable, InAFrameTheSameIsFoundWhateverFollowsTheSymbol) {
  InstrumentTable table;
  std::vector<std::string> symbols;
  for (int i = 0; i < 3000; ++i) symbols.push_back("S" + std::to_string(i * 7919));
  symbols.insert(symbols.end(), {"A", "ABCDEFGH", "ABCDEFGHI", "ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOPQ"});
  EXPECT_FALSE(table.find_padded("A               "));
  for (const auto& symbol : symbols) table.intern(symbol);
  for (const auto& symbol : symbols) {
    const std::string text = symbol + "\",\"garbage and more";
    const auto view = std::string_view(text);
    EXPECT_EQ(table.find_padded(view.substr(0, symbol.size())), table.find(symbol)) << symbol;
    EXPECT_FALSE(table.find_padded(view.substr(0, symbol.size() + 1))) << symbol;
  }
  EXPECT_FALSE(table.find_padded(std::string_view("               ").substr(0, 0)));
}

}  // namespace
}  // namespace millrace::normalize
