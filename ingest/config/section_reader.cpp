#include "ingest/config/section_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "ingest/config/form.h"

namespace millrace::ingest {
namespace {

constexpr std::size_t kShownBytes = 60;

// The text as it stands in the file, before ${NAME} is replaced: an error must not show what a variable held.
Place place_of(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  Place place{mark.line + 1, mark.column + 1, node.IsScalar() ? node.Scalar() : std::string{}, false};
  if (place.shown.size() > kShownBytes) place.shown = place.shown.substr(0, kShownBytes) + "...";
  return place;
}

// "kafka." of "kafka.linger_ms", where group names one of the table's groups.
template <class Section>
bool is_group(std::span<const Key<Section>> keys, const std::string& path) {
  return std::ranges::any_of(keys, [&](const auto& key) { return key.path.starts_with(path + "."); });
}

// What may stand in this group, without the group's own name: for suggestions.
template <class Section>
std::vector<std::string_view> names_in(std::span<const Key<Section>> keys, const std::string& group) {
  std::vector<std::string_view> names;
  for (const auto& key : keys) {
    if (!key.path.starts_with(group)) continue;
    const std::string_view rest = key.path.substr(group.size());
    names.push_back(rest.substr(0, rest.find('.')));
  }
  if (group.empty() && std::is_same_v<Section, Config>) names.push_back("venues");
  return names;
}

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// "0.5" of 500 us where the key is in milliseconds.
std::string shown_number(Form form, std::int64_t value) {
  return std::to_string(form == Form::kDecimalMillis ? value / 1000 : value);
}

}  // namespace

void SectionReader::report(const YAML::Node& node, std::string text) {
  problems_.push_back({place_of(node), std::move(text)});
}

void SectionReader::note(const std::string& path, const YAML::Node& node) { places_[path] = place_of(node); }

template <class Section>
void SectionReader::read(const YAML::Node& map, std::span<const Key<Section>> keys, const std::string& prefix,
                         Section& out, const SubSection& sub_section) {
  Scope<Section> scope{keys, prefix, out, sub_section, {}};
  note(prefix, map);
  read_map(map, "", scope);
  for (const auto& key : keys) {
    if (key.required && !scope.seen.contains(std::string(key.path))) {
      report(map, fmt::format("{}{} is missing", prefix, key.path));
    }
  }
}

// An empty section is no section: YAML writes both the same.
template <class Section>
void SectionReader::read_map(const YAML::Node& map, const std::string& group, Scope<Section>& scope) {
  if (map.IsNull()) return;
  if (!map.IsMap()) {
    const std::string what = group.empty() ? "the configuration" : group.substr(0, group.size() - 1);
    return report(map, fmt::format("{} must be a map of settings", what));
  }
  for (const auto& entry : map) read_entry(entry.first, entry.second, group, scope);
}

template <class Section>
void SectionReader::read_entry(const YAML::Node& name, const YAML::Node& value, const std::string& group,
                               Scope<Section>& scope) {
  if (!name.IsScalar()) return report(name, "a setting's name must be plain text");
  const std::string path = group + name.Scalar();
  if (!scope.seen.insert(path).second) return report(name, fmt::format("{} is set twice", scope.prefix + path));
  const auto key = std::ranges::find(scope.keys, std::string_view(path), &Key<Section>::path);
  if (key != scope.keys.end()) return assign(*key, value, scope);
  if (is_group(scope.keys, path)) return read_map(value, path + ".", scope);
  if (scope.sub_section && scope.sub_section(path, value)) return;
  const auto candidates = names_in(scope.keys, group);
  report(name, fmt::format("unknown setting {}{}", scope.prefix + path, suggestion(name.Scalar(), candidates)));
}

template <class Section>
void SectionReader::assign(const Key<Section>& key, const YAML::Node& value, Scope<Section>& scope) {
  const std::string path = scope.prefix + std::string(key.path);
  note(path, value);
  Section& out = scope.out;
  std::visit(
      Overloaded{
          [&](Member<Section, std::string> member) { set(member(out), value, key.form); },
          [&](Member<Section, std::int64_t> member) { set_number(member(out), value, key.form, key.least, key.most); },
          [&](Member<Section, bool> member) { set_flag(member(out), value); },
          [&](Member<Section, std::vector<std::string>> member) { set(member(out), value, path); },
          [&](Member<Section, std::map<std::string, std::string>> member) { set(member(out), value, path); },
      },
      key.member);
}

// Replaced once, not again in what came out: a secret with "${" in it is kept as it is.
std::optional<std::string> SectionReader::scalar(const YAML::Node& node, std::string_view expected) {
  if (!node.IsScalar()) {
    report(node, fmt::format("must be {}", expected));
    return std::nullopt;
  }
  std::string out;
  std::string_view rest = node.Scalar();
  for (std::size_t begin; (begin = rest.find("${")) != std::string_view::npos;) {
    const std::size_t end = rest.find('}', begin);
    if (end == std::string_view::npos) break;
    const std::string_view name = rest.substr(begin + 2, end - begin - 2);
    const auto value = environment_(name);
    if (!value) {
      report(node, fmt::format("environment variable {} is not set", name));
      return std::nullopt;
    }
    out.append(rest.substr(0, begin)).append(*value);
    rest.remove_prefix(end + 1);
  }
  return out.append(rest);
}

// A value with a problem is not stored: later checks work with the default and do not repeat the complaint.
void SectionReader::set(std::string& out, const YAML::Node& node, Form form) {
  const auto text = scalar(node, "a text");
  if (!text) return;
  if (const std::string problem = form_problem(form, *text); !problem.empty()) {
    report(node, fmt::format("\"{}\" {}", place_of(node).shown, problem));
    problems_.back().missing_file = form == Form::kFile;
    return;
  }
  out = *text;
}

void SectionReader::set(std::vector<std::string>& out, const YAML::Node& node, const std::string& path) {
  if (!node.IsSequence()) {
    places_[path].broken = true;
    return report(node, "must be a list");
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    const auto text = scalar(node[i], "a text");
    note(fmt::format("{}[{}]", path, out.size()), node[i]);
    if (text) out.push_back(*text);
  }
}

void SectionReader::set(std::map<std::string, std::string>& out, const YAML::Node& node, const std::string& path) {
  if (node.IsNull()) return;
  if (!node.IsMap()) return report(node, "must be a map");
  for (const auto& entry : node) {
    const auto name = scalar(entry.first, "a text");
    const auto value = scalar(entry.second, "a text or number");
    if (!name || !value) continue;
    note(path + "." + *name, entry.first);
    out[*name] = *value;
  }
}

void SectionReader::set_number(std::int64_t& out, const YAML::Node& node, Form form, std::int64_t least,
                               std::int64_t most) {
  const auto text = scalar(node, "a number");
  if (!text) return;
  const auto number = parse_number(form, *text);
  const std::string shown = place_of(node).shown;
  if (!number) return report(node, fmt::format("\"{}\" is not a number", shown));
  if (*number < least || *number > most) {
    return report(
        node, fmt::format("{} is out of range: {} to {}", shown, shown_number(form, least), shown_number(form, most)));
  }
  out = *number;
}

void SectionReader::set_flag(bool& out, const YAML::Node& node) {
  const auto text = scalar(node, "true or false");
  if (!text) return;
  if (*text != "true" && *text != "false") return report(node, "must be true or false");
  out = *text == "true";
}

template void SectionReader::read(const YAML::Node&, std::span<const Key<Config>>, const std::string&, Config&,
                                  const SubSection&);
template void SectionReader::read(const YAML::Node&, std::span<const Key<VenueConfig>>, const std::string&,
                                  VenueConfig&, const SubSection&);
template void SectionReader::read(const YAML::Node&, std::span<const Key<AccountConfig>>, const std::string&,
                                  AccountConfig&, const SubSection&);

}  // namespace millrace::ingest
