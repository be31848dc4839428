#pragma once

#include <yaml-cpp/yaml.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/config/keys.h"
#include "ingest/config/load.h"

namespace millrace::ingest {

// What a section does with a key that is not in its table (such as "venues"); false: it does not know it either.
using SubSection = std::function<bool(const std::string& path, const YAML::Node& value)>;

// Fills one section's struct from a YAML map by the section's table and notes where everything stood. Collects problems
// instead of stopping at the first. Used by load() only; yaml-cpp stays behind it.
class SectionReader {
 public:
  SectionReader(const Environment& environment, Places& places, std::vector<Problem>& problems)
      : environment_(environment), places_(places), problems_(problems) {}

  // `prefix` names the section in places ("venues[0].", or nothing).
  template <class Section>
  void read(const YAML::Node& map, std::span<const Key<Section>> keys, const std::string& prefix, Section& out,
            const SubSection& sub_section = nullptr);

  void report(const YAML::Node& node, std::string text);

 private:
  // What one walk through a section carries along.
  template <class Section>
  struct Scope {
    std::span<const Key<Section>> keys;
    const std::string& prefix;
    Section& out;
    const SubSection& sub_section;
    std::set<std::string> seen;
  };

  template <class Section>
  void read_map(const YAML::Node& map, const std::string& group, Scope<Section>& scope);
  template <class Section>
  void read_entry(const YAML::Node& name, const YAML::Node& value, const std::string& group, Scope<Section>& scope);
  template <class Section>
  void assign(const Key<Section>& key, const YAML::Node& value, Scope<Section>& scope);

  void set(std::string& out, const YAML::Node& node, Form form);
  void set(std::vector<std::string>& out, const YAML::Node& node, const std::string& path);
  void set(std::map<std::string, std::string>& out, const YAML::Node& node, const std::string& path);
  void set_number(std::int64_t& out, const YAML::Node& node, Form form, std::int64_t least, std::int64_t most);
  void set_flag(bool& out, const YAML::Node& node);
  // The scalar with ${NAME} replaced; nothing (and a problem) if it is no scalar or a variable is not set.
  std::optional<std::string> scalar(const YAML::Node& node, std::string_view expected);
  void note(const std::string& path, const YAML::Node& node);

  const Environment& environment_;
  Places& places_;
  std::vector<Problem>& problems_;
};

extern template void SectionReader::read(const YAML::Node&, std::span<const Key<Config>>, const std::string&, Config&,
                                         const SubSection&);
extern template void SectionReader::read(const YAML::Node&, std::span<const Key<VenueConfig>>, const std::string&,
                                         VenueConfig&, const SubSection&);
extern template void SectionReader::read(const YAML::Node&, std::span<const Key<AccountConfig>>, const std::string&,
                                         AccountConfig&, const SubSection&);

}  // namespace millrace::ingest
