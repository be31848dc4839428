#pragma once

#include <boost/json/value.hpp>
#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/v1/record.pb.h"
#include "replay/history/sha256.h"

// A second opinion: books, hashes and sums from protobuf records alone, with plain maps and whole numbers. Uses nothing
// of the product but SHA-256.
namespace millrace::cli::test {

// A decimal number times 10^20.
using Scaled = boost::multiprecision::cpp_int;
Scaled scaled(std::int64_t mantissa, std::int32_t exponent);
Scaled scaled(std::string_view text);
std::string plain(const Scaled& value);

// One book, kept as its records say.
class RebuiltBook {
 public:
  void add(const millrace::v1::Book& record);

  std::int64_t snapshots = 0, deltas = 0, bbo_changes = 0, bbo_changes_all = 0, crossed = 0, last_id = 0;
  std::map<Scaled, Scaled, std::greater<>> bids;
  std::map<Scaled, Scaled> asks;
  history::Sha256 bbo_sha256;

 private:
  std::string line_;
};

// The trades of one channel.
struct RebuiltTrades {
  void add(const millrace::v1::Trade& record);

  std::int64_t count = 0, buys = 0, sells = 0;
  Scaled quantity = 0;
  Scaled value = 0;  // times 10^40
  std::string first_id, last_id;
};

struct RebuiltSymbol {
  RebuiltBook book;
  std::map<std::string, RebuiltTrades> trades;  // by dataset, without those of snapshots
  std::map<std::string, std::int64_t> quotes;   // by dataset
};
std::map<std::string, RebuiltSymbol> rebuild(const std::vector<millrace::v1::Record>& records);

}  // namespace millrace::cli::test
