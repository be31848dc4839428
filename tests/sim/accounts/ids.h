#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Ids as venues spell them, made from a seed and a number: never twice, and nobody can tell the number from the id.
namespace millrace::sim::accounts {

// "TGBB7L-HT5LX-J3BZ4A": `kind` and 16 of A-Z2-7.
std::string kraken_id(char kind, std::uint64_t seed, std::int64_t number);
// "2f63ea93-423d-4169-b3f6-3fdafc10c418"
std::string uuid(char kind, std::uint64_t seed, std::int64_t number);
// For something that has a name instead of a number: an asset.
std::string uuid_of(char kind, std::uint64_t seed, std::string_view name);
// Letters and digits, `size` of them: tokens, listen keys.
std::string word(char kind, std::uint64_t seed, std::int64_t number, std::size_t size);

}  // namespace millrace::sim::accounts
