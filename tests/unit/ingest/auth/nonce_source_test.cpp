#include "ingest/auth/nonce_source.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <vector>

#include "tests/unit/ingest/auth/support.h"

namespace millrace::ingest {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;

constexpr std::int64_t kNow = 1'795'000'000'000'000'000;  // ns
constexpr std::int64_t kSecond = 1'000'000'000;           // ns

NonceSource source(const std::string& path, std::int64_t now = kNow) { return NonceSource::open(path, now).value(); }

// Everything handed out is below it.
std::uint64_t reserved_in(const std::string& path) {
  return std::stoull(test::read_file(path).substr(std::string("millrace nonce 1 reserved ").size()));
}

TEST(NonceSource, RisesWhateverTheClockDoes) {
  const TemporaryFolder folder;
  NonceSource nonces = source(folder.file("nonce"));
  std::uint64_t last = 0;
  for (const std::int64_t now : {kNow, kNow, kNow + 5, kNow - 3600 * kSecond, kNow + kSecond, kNow + 61 * kSecond, kNow,
                                 kNow + 86400 * kSecond, kNow}) {
    const auto nonce = nonces.next(now);
    ASSERT_TRUE(nonce);
    EXPECT_GT(*nonce, last);
    EXPECT_GE(*nonce, static_cast<std::uint64_t>(now));
    EXPECT_GT(reserved_in(folder.file("nonce")), *nonce);
    last = *nonce;
  }
}

TEST(NonceSource, FollowsTheClock) {
  const TemporaryFolder folder;
  NonceSource nonces = source(folder.file("nonce"));
  EXPECT_EQ(nonces.next(kNow).value(), static_cast<std::uint64_t>(kNow));
  EXPECT_EQ(nonces.next(kNow + 7).value(), static_cast<std::uint64_t>(kNow + 7));
}

TEST(NonceSource, TwoOnOneFileRiseTogether) {
  const TemporaryFolder folder;
  NonceSource one = source(folder.file("nonce"));
  NonceSource two = source(folder.file("nonce"));
  std::uint64_t last = 0;
  for (int i = 0; i < 1000; ++i) {
    NonceSource& either = i % 3 == 0 ? one : two;
    const std::uint64_t nonce = either.next(kNow).value();
    ASSERT_GT(nonce, last) << i;
    last = nonce;
  }
  EXPECT_LT(last, static_cast<std::uint64_t>(kNow + 300 * kSecond)) << "turns must not use up a reservation each";
}

TEST(NonceSource, RestartGoesOnAbove) {
  const TemporaryFolder folder;
  std::uint64_t last = 0;
  for (int start = 0; start < 5; ++start) {
    NonceSource nonces = source(folder.file("nonce"), kNow - start * kSecond);
    const std::uint64_t first = nonces.next(kNow - start * kSecond).value();
    EXPECT_GT(first, last);
    last = nonces.next(kNow).value();
  }
}

// All writes since the last fsync are gone.
TEST(NonceSource, PowerFailureRepeatsNothing) {
  const TemporaryFolder folder;
  const std::string path = folder.file("nonce");
  std::uint64_t last = 0;
  {
    NonceSource nonces = source(path);
    const std::string synced = test::read_file(path);
    for (int i = 0; i < 50; ++i) last = nonces.next(kNow + i * kSecond).value();
    folder.file_with("nonce", synced);
  }
  EXPECT_GT(source(path).next(kNow).value(), last);
}

TEST(NonceSource, ProcessesNeverRepeat) {
  const TemporaryFolder folder;
  const std::string path = folder.file("nonce");
  constexpr int kProcesses = 4;
  constexpr int kEach = 300;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  for (int child = 0; child < kProcesses; ++child) {
    if (fork() != 0) continue;
    auto nonces = NonceSource::open(path, kNow);
    for (int i = 0; nonces && i < kEach; ++i) {
      const auto nonce = nonces->next(kNow);
      if (!nonce || write(ends[1], &*nonce, sizeof *nonce) != sizeof *nonce) break;
    }
    _exit(0);
  }
  close(ends[1]);
  std::set<std::uint64_t> seen;
  std::size_t count = 0;
  for (std::uint64_t nonce = 0; read(ends[0], &nonce, sizeof nonce) == sizeof nonce; ++count) seen.insert(nonce);
  close(ends[0]);
  for (int child = 0; child < kProcesses; ++child) wait(nullptr);
  EXPECT_EQ(count, static_cast<std::size_t>(kProcesses * kEach));
  EXPECT_EQ(seen.size(), count);
}

std::vector<std::string> damages(const std::string& intact) {
  std::vector<std::string> all{"", "\n", "nonce", intact + " ", intact + intact, std::string(intact.size(), '\0')};
  for (std::size_t at = 0; at < intact.size(); ++at) {
    all.push_back(intact.substr(0, at));
    std::string changed = intact;
    changed[at] = changed[at] == '7' ? '8' : '7';
    all.push_back(changed);
  }
  return all;
}

TEST(NonceSource, ADamagedFileIsNamed) {
  const TemporaryFolder folder;
  const std::string path = folder.file("nonce");
  NonceSource running = source(path);
  const std::string intact = test::read_file(path);
  for (const std::string& damage : damages(intact)) {
    folder.file_with("nonce", damage);
    const auto opened = NonceSource::open(path, kNow);
    ASSERT_FALSE(opened) << damage;
    EXPECT_EQ(opened.error().code, AuthErrc::kNonceDamaged);
    EXPECT_THAT(opened.error().where, HasSubstr(path));
    EXPECT_EQ(running.next(kNow).error().code, AuthErrc::kNonceDamaged);
    EXPECT_EQ(test::read_file(path), damage) << "evidence is left alone";
  }
  folder.file_with("nonce", intact);
  EXPECT_TRUE(running.next(kNow));
}

TEST(NonceSource, AFileThatWasReplacedIsNamed) {
  const TemporaryFolder folder;
  NonceSource nonces = source(folder.file("nonce"));
  std::filesystem::remove(folder.file("nonce"));
  EXPECT_EQ(nonces.next(kNow).error().code, AuthErrc::kNonceReplaced);
  const NonceSource other = source(folder.file("nonce"));
  EXPECT_EQ(nonces.next(kNow).error().code, AuthErrc::kNonceReplaced);
}

TEST(NonceSource, OtherErrorsSayWhere) {
  const TemporaryFolder folder;
  const auto absent = NonceSource::open(folder.file("no/such/nonce"), kNow);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, AuthErrc::kUnreadable);
  EXPECT_THAT(absent.error().where, HasSubstr("No such file or directory"));
  EXPECT_EQ(NonceSource::open(folder.file("."), kNow).error().code, AuthErrc::kUnreadable);
  EXPECT_EQ(NonceSource::open(folder.file("nonce"), 0).error().code, AuthErrc::kBadArgument);
  EXPECT_FALSE(std::filesystem::exists(folder.file("nonce")));
}

TEST(NonceSource, LeavesOnlyItsFileForItsOwner) {
  const TemporaryFolder folder;
  const NonceSource nonces = source(folder.file("nonce"));
  struct stat status {};
  ASSERT_EQ(stat(folder.file("nonce").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  const std::filesystem::directory_iterator files(folder.file("."));
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

}  // namespace
}  // namespace millrace::ingest
