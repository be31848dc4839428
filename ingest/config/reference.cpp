#include <fmt/core.h>

#include <type_traits>

#include "ingest/config/keys.h"

namespace millrace::ingest {
namespace {

constexpr std::string_view kHead =
    R"(# Settings of `millrace ingest` and `millrace sidecar`

Written by `millrace check --reference` from the table in `ingest/config/keys.cpp`; do not edit. `millrace check
--config FILE` reports every error of a file at once, with line and column. Texts may refer to environment variables as
`${NAME}`. An example is `deploy/example.yaml`.
)";

// "500" us as "0.5".
std::string decimal_millis(std::int64_t micros) {
  std::string text = fmt::format("{}.{:03}", micros / 1000, micros % 1000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string shown(const std::string& value, Form) { return value.empty() ? "" : "`" + value + "`"; }
std::string shown(std::int64_t value, Form form) {
  return form == Form::kDecimalMillis ? decimal_millis(value) : std::to_string(value);
}
std::string shown(bool value, Form) { return value ? "true" : "false"; }
std::string shown(const std::vector<std::string>&, Form) { return ""; }
std::string shown(const std::map<std::string, std::string>&, Form) { return ""; }

template <class Section>
std::string type_name(const Key<Section>& key) {
  static constexpr std::string_view kNames[] = {"text", "number", "true/false", "list", "map"};
  return std::string(kNames[key.member.index()]);
}

template <class Section>
std::string range(const Key<Section>& key) {
  if (key.least == key.most) return "";
  return fmt::format("{} – {}", shown(key.least, key.form), shown(key.most, key.form));
}

template <class Section>
std::string row(const Key<Section>& key) {
  Section defaults;
  const auto read = [&](auto member) { return shown(member(defaults), key.form); };
  const std::string initial = key.required ? "*required*" : std::visit(read, key.member);
  return fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", key.path, type_name(key), key.unit, initial, range(key),
                     key.help);
}

template <class Section>
std::string table(std::string_view title, std::span<const Key<Section>> keys) {
  std::string text =
      fmt::format("\n## {}\n\n| key | type | unit | default | range | meaning |\n|---|---|---|---|---|---|\n", title);
  for (const auto& key : keys) text += row(key);
  return text;
}

}  // namespace

std::string reference_page() {
  return std::string(kHead) + table("Worker", worker_keys()) + table("Each entry of `venues`", venue_keys()) +
         table("Each entry of `accounts`", account_keys());
}

}  // namespace millrace::ingest
