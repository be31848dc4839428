#include "ingest/auth/secret.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <ostream>
#include <sstream>
#include <string>
#include <type_traits>

#include "ingest/auth/secret_source.h"
#include "tests/unit/ingest/auth/support.h"

namespace millrace::ingest {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;

template <class T>
concept Streams = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(Streams<std::string> && !Streams<Secret> && !Streams<SecretHeader>);
static_assert(!fmt::is_formattable<Secret>::value && !fmt::is_formattable<SecretHeader>::value);
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string_view> && !std::is_convertible_v<Secret, std::string>);

TEST(Secret, MovesAndLeavesNothing) {
  Secret first = Secret::copy_of("first");
  Secret second = std::move(first);
  EXPECT_EQ(second.reveal(), "first");
  EXPECT_TRUE(first.empty());  // NOLINT: what a move leaves is the question
  second = Secret::joined({"a", "", "bc"});
  EXPECT_EQ(second.reveal(), "abc");
  second.truncate(1);
  EXPECT_EQ(second.reveal(), "a");
}

TEST(SecretFile, WithoutTheLineBreakAtItsEnd) {
  const TemporaryFolder folder;
  EXPECT_EQ(load_secret_file(folder.file_with("unix", "key\n")).value().reveal(), "key");
  EXPECT_EQ(load_secret_file(folder.file_with("windows", "key\r\n")).value().reveal(), "key");
  EXPECT_EQ(load_secret_file(folder.file_with("none", "key")).value().reveal(), "key");
  EXPECT_EQ(load_secret_file(folder.file_with("inside", "a\nb\n")).value().reveal(), "a\nb");
  EXPECT_EQ(load_secret_file(folder.file_with("readonly", "key", 0400)).value().reveal(), "key");
}

TEST(SecretFile, ThatOthersMayOpenIsRefused) {
  const TemporaryFolder folder;
  for (const int mode : {0604, 0602, 0640, 0660, 0666, 0444}) {
    const auto secret = load_secret_file(folder.file_with("key", "hunter2", mode));
    ASSERT_FALSE(secret) << mode;
    EXPECT_EQ(secret.error().code, AuthErrc::kExposed);
    EXPECT_THAT(secret.error().where, HasSubstr("chmod 600"));
  }
}

TEST(SecretFile, ErrorsHaveNames) {
  const TemporaryFolder folder;
  EXPECT_EQ(load_secret_file(folder.file("absent")).error().code, AuthErrc::kNotFound);
  EXPECT_EQ(load_secret_file(folder.file_with("empty", "")).error().code, AuthErrc::kEmpty);
  EXPECT_EQ(load_secret_file(folder.file_with("line", "\n")).error().code, AuthErrc::kEmpty);
  EXPECT_EQ(load_secret_file(folder.file_with("large", std::string(64 * 1024 + 1, 'x'))).error().code,
            AuthErrc::kTooLarge);
  EXPECT_TRUE(load_secret_file(folder.file_with("largest", std::string(64 * 1024, 'x'))));
  EXPECT_EQ(load_secret_file(folder.file(".")).error().code, AuthErrc::kUnreadable);
  ASSERT_EQ(mkfifo(folder.file("pipe").c_str(), 0600), 0);
  EXPECT_EQ(load_secret_file(folder.file("pipe")).error().code, AuthErrc::kUnreadable) << "and does not wait for it";
}

TEST(SecretVariable, IsTakenOutOfTheEnvironment) {
  setenv("AUTH_TEST_KEY", "hunter2", 1);
  const char* where = std::getenv("AUTH_TEST_KEY");
  EXPECT_EQ(take_secret_variable("AUTH_TEST_KEY").value().reveal(), "hunter2");
  EXPECT_EQ(std::string(where, 7), std::string(7, '\0')) << "what /proc/PID/environ and a core file show";
  const auto again = take_secret_variable("AUTH_TEST_KEY");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, AuthErrc::kNotFound);
  EXPECT_THAT(again.error().where, HasSubstr("AUTH_TEST_KEY"));
  setenv("AUTH_TEST_KEY", "", 1);
  EXPECT_EQ(take_secret_variable("AUTH_TEST_KEY").error().code, AuthErrc::kEmpty);
}

}  // namespace
}  // namespace millrace::ingest
