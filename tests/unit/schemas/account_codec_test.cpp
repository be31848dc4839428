// What the general codec test leaves to chance about the messages of accounts: each word of each enum, each number
// absent, zero and wide.

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>

#include "millrace/v1/balance.pb.h"
#include "millrace/v1/execution.pb.h"
#include "millrace/v1/recovery.pb.h"
#include "schemas/codec/decode.h"
#include "schemas/codec/encode.h"

namespace millrace::schemas {
namespace {

constexpr const char* kWide = "1234567.123456789012345678";  // 25 digits, as recorded balances have
const StreamIdentity kIdentity = make_stream_identity("kraken", "BTC/USD", "BTC-USD", "main");

template <class Body>
std::string bytes_of(const Body& body) {
  Meta meta;
  meta.stream = &kIdentity;
  std::string out;
  encode(meta, body, out);
  return out;
}

template <class Body>
Body read_back(MessageType type, const std::string& bytes) {
  const auto record = decode(type, bytes);
  if (!record) throw std::runtime_error("not decoded");
  return std::get<Decoded<Body>>(*record).body;
}

// Each value of the enum in the .proto file: it has the C++ enum's number and word, goes through our bytes to both
// readers, and there are as many as up to `highest`.
template <class Generated, class Body, class Enum, class Get>
void expect_every_value(MessageType type, Enum Body::*member, Enum highest, const std::string& prefix, Get get) {
  const auto* values = google::protobuf::GetEnumDescriptor<decltype(get(Generated{}))>();
  ASSERT_EQ(values->value_count(), static_cast<int>(highest) + 1);
  for (int number = 0; number < values->value_count(); ++number) {
    Body body;
    body.*member = static_cast<Enum>(number);
    EXPECT_EQ(values->FindValueByNumber(number)->name(), prefix + std::string(name(body.*member)));
    const auto bytes = bytes_of(body);
    EXPECT_EQ(read_back<Body>(type, bytes).*member, body.*member);
    Generated generated;
    ASSERT_TRUE(generated.ParseFromString(bytes));
    EXPECT_EQ(static_cast<int>(get(generated)), number);
  }
}

TEST(AccountCodec, EveryValueOfEveryEnumHasItsNumberAndItsWord) {
  using E = v1::Execution;
  expect_every_value<E>(MessageType::kExecution, &Execution::kind, ExecutionKind::kTransfer, "EXECUTION_KIND_",
                        [](const E& out) { return out.kind(); });
  expect_every_value<E>(MessageType::kExecution, &Execution::status, OrderStatus::kExpired, "ORDER_STATUS_",
                        [](const E& out) { return out.status(); });
  expect_every_value<E>(MessageType::kExecution, &Execution::liquidity, Liquidity::kTaker, "LIQUIDITY_",
                        [](const E& out) { return out.liquidity(); });
  expect_every_value<E>(MessageType::kExecution, &Execution::side, Side::kSell, "SIDE_",
                        [](const E& out) { return out.side(); });
  expect_every_value<v1::Balance>(MessageType::kBalance, &Balance::kind, BalanceKind::kDelta, "BALANCE_KIND_",
                                  [](const v1::Balance& out) { return out.kind(); });
  expect_every_value<v1::Recovery>(MessageType::kRecovery, &Recovery::phase, RecoveryPhase::kFailed, "RECOVERY_PHASE_",
                                   [](const v1::Recovery& out) { return out.phase(); });
}

// Sets one number after the other, alone, and looks at all of them behind the wire.
template <class Body>
void expect_each_number_alone(MessageType type, const std::vector<std::optional<WideDecimal> Body::*>& numbers) {
  for (const WideDecimal& value : {WideDecimal{}, WideDecimal{{0, -8}, {}}, WideDecimal{{}, kWide},
                                   WideDecimal{{}, "-" + std::string(kWide)}, WideDecimal{{-150, -2}, {}}}) {
    for (const auto set : numbers) {
      Body body;
      body.*set = value;
      const auto read = read_back<Body>(type, bytes_of(body));
      for (const auto each : numbers) {
        EXPECT_EQ(read.*each, each == set ? std::optional(value) : std::nullopt) << value.text;
      }
    }
  }
}

TEST(AccountCodec, AbsentZeroAndWideNumbersStayApart) {
  expect_each_number_alone<Execution>(
      MessageType::kExecution, {&Execution::price, &Execution::stop_price, &Execution::quantity, &Execution::last_price,
                                &Execution::last_quantity, &Execution::cumulative_quantity, &Execution::leaves_quantity,
                                &Execution::average_price, &Execution::fee});
  expect_each_number_alone<Balance>(
      MessageType::kBalance, {&Balance::total, &Balance::available, &Balance::locked, &Balance::change, &Balance::fee});
}

TEST(AccountCodec, ANumberThatIsNoneIsRefused) {
  // Balance.total with a text.
  EXPECT_TRUE(decode(MessageType::kBalance,
                     "\x2A\x05\x1A\x03"
                     "1.5"));
  EXPECT_FALSE(decode(MessageType::kBalance,
                      "\x2A\x05\x1A\x03"
                      "1,5"));
}

TEST(AccountCodec, AnAbsentRevisionIsZeroAsGeneratedCodeReadsIt) {
  EXPECT_EQ(read_back<Execution>(MessageType::kExecution, "").revision, 0);
  EXPECT_EQ(read_back<Execution>(MessageType::kExecution, bytes_of(Execution{})).revision, 1);
}

TEST(AccountCodec, TextThatIsNotUtf8IsRepairedWhenWritten) {
  Execution execution;
  execution.reason = "no \xFF funds";
  EXPECT_EQ(read_back<Execution>(MessageType::kExecution, bytes_of(execution)).reason, "no \uFFFD funds");
  Recovery recovery;
  recovery.symbols = {"BTC\xC0", ""};
  EXPECT_THAT(read_back<Recovery>(MessageType::kRecovery, bytes_of(recovery)).symbols,
              ::testing::ElementsAre("BTC\uFFFD", ""));
  std::string bytes;
  encode(Cursor{"kraken", "main", "fills", 1, "w", 2, {{"\xFF", 3}}}, bytes);
  const auto cursor = decode(MessageType::kCursor, bytes);
  ASSERT_TRUE(cursor);
  EXPECT_EQ(std::get<Cursor>(*cursor).scopes.front(), (CursorScope{"\uFFFD", 3}));
}

// The whole account, complete through nothing yet: a scope all the same.
TEST(AccountCodec, AnEmptyScopeIsThere) {
  std::string bytes;
  encode(Cursor{{}, {}, {}, 0, {}, 0, {{}, {}}}, bytes);
  const auto cursor = decode(MessageType::kCursor, bytes);
  ASSERT_TRUE(cursor);
  EXPECT_EQ(std::get<Cursor>(*cursor).scopes.size(), 2u);
}

}  // namespace
}  // namespace millrace::schemas
