// Golden bytes: what was once published stays readable, and reads the same. See tests/golden/README.md.

#include <gmock/gmock.h>
#include <google/protobuf/message.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/schemas/generated.h"
#include "tests/unit/schemas/golden_samples.h"
#include "tests/unit/schemas/samples.h"

namespace millrace::schemas {
namespace {

namespace fs = std::filesystem;
using testing::encoded;
using testing::golden_samples;
using testing::kTypes;
using testing::TypeName;

const fs::path kRoot = fs::path(MILLRACE_SOURCE_DIR) / "tests/golden";

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string json_line(const AnyDecoded& record) {
  std::string out;
  to_json(record, out);
  return out + '\n';
}

// Writes a file that is not there yet; false if it is.
bool add_file(const fs::path& path, const std::string& content) {
  if (fs::exists(path)) return false;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
  return true;
}

// Adds the golden files of records that have none under `root`. Those that exist are left alone.
int add_missing_samples(const fs::path& root) {
  int added = 0;
  for (const auto& sample : golden_samples()) {
    const auto base = root / (sample.message + ".v1") / sample.name;
    added += add_file(base.string() + ".bin", encoded(sample.record));
    added += add_file(base.string() + ".json", json_line(sample.record));
  }
  return added;
}

class Golden : public ::testing::TestWithParam<TypeName> {
 protected:
  std::vector<fs::path> files() const {
    std::vector<fs::path> out;
    const auto folder = kRoot / (std::string(GetParam().name) + ".v1");
    if (!fs::exists(folder)) return out;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".bin") out.push_back(entry.path());
    }
    return out;
  }
};

TEST_P(Golden, EveryMessageHasARecord) { EXPECT_FALSE(files().empty()); }

TEST_P(Golden, BytesDecodeToTheJsonBesideThem) {
  for (auto path : files()) {
    SCOPED_TRACE(path);
    const auto decoded = decode(GetParam().type, read_file(path));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(json_line(*decoded), read_file(path.replace_extension(".json")));
  }
}

TEST_P(Golden, BytesAreWrittenTheSameToday) {
  for (const auto& path : files()) {
    SCOPED_TRACE(path);
    const auto bytes = read_file(path);
    const auto decoded = decode(GetParam().type, bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(encoded(*decoded), bytes);
    const auto generated = testing::make_generated(GetParam().type);
    ASSERT_TRUE(generated->ParseFromString(bytes));
    EXPECT_EQ(generated->DebugString(), testing::to_generated(*decoded)->DebugString());
  }
}

INSTANTIATE_TEST_SUITE_P(Messages, Golden, ::testing::ValuesIn(kTypes),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(GoldenSwitch, NeverOverwritesAFile) {
  const fs::path root = fs::path(::testing::TempDir()) / "millrace_golden";
  fs::remove_all(root);
  EXPECT_EQ(add_missing_samples(root), static_cast<int>(2 * golden_samples().size()));
  std::ofstream(root / "book.v1/kraken_snapshot.bin") << "frozen";
  EXPECT_EQ(add_missing_samples(root), 0);
  EXPECT_EQ(read_file(root / "book.v1/kraken_snapshot.bin"), "frozen");
  fs::remove_all(root);
}

// The explicit switch: MILLRACE_GOLDEN=add adds files for new records to the source tree.
TEST(GoldenSwitch, AddsToTheTreeWhenAsked) {
  const char* wanted = std::getenv("MILLRACE_GOLDEN");
  if (wanted == nullptr || std::string_view(wanted) != "add") GTEST_SKIP() << "MILLRACE_GOLDEN=add is not set";
  std::printf("added %d files\n", add_missing_samples(kRoot));
}

}  // namespace
}  // namespace millrace::schemas
