#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ingest/config/config.h"

// The one table of settings: the loader checks by it, the reference page is printed from it, and defaults are the
// initial values of the members it points to.
namespace millrace::ingest {

// Reaches one member of a section's struct.
template <class Section, class Value>
using Member = Value& (*)(Section&);

template <class Section>
using AnyMember =
    std::variant<Member<Section, std::string>, Member<Section, std::int64_t>, Member<Section, bool>,
                 Member<Section, std::vector<std::string>>, Member<Section, std::map<std::string, std::string>>>;

// What a text must look like.
enum class Form : std::uint8_t {
  kAny,
  kName,  // letters, digits, ".", "_", "-"
  kWssUrl,
  kHttpsUrl,
  kBrokers,        // host:port, comma separated
  kListen,         // host:port
  kFile,           // exists and can be read
  kLevel,          // a log level
  kDecimalMillis,  // of a number: written in ms with up to three decimals, kept in us
};

// One setting of a section. `path` is as in the file, dotted: "kafka.linger_ms". Texts have static life and are printed
// in the reference page, so `help` is a sentence for users.
template <class Section>
struct Key {
  std::string_view path;
  AnyMember<Section> member;
  std::string_view unit;  // for the page: "ms", "levels"; empty for texts
  std::string_view help;
  bool required = false;
  Form form = Form::kAny;
  std::int64_t least = 0;  // of numbers, inclusive, in the unit of the member
  std::int64_t most = 0;
};

std::span<const Key<Config>> worker_keys() noexcept;          // "venues" is a section of its own
std::span<const Key<VenueConfig>> venue_keys() noexcept;      // of one entry of "venues"
std::span<const Key<AccountConfig>> account_keys() noexcept;  // of one entry of "accounts"

inline constexpr std::string_view kLogLevels[] = {"trace", "debug", "info", "warn", "error"};

// The reference page (deploy/CONFIGURATION.md) in Markdown.
std::string reference_page();

}  // namespace millrace::ingest
