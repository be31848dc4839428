#include "tests/sim/accounts/json_in.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace millrace::sim::accounts {

namespace dom = simdjson::dom;

struct JsonIn::Document {
  dom::parser parser;
  dom::element root;
  bool object = false;

  template <class T>
  std::optional<T> get(std::string_view pointer) const {
    T value{};
    if (!object || root.at_pointer(pointer).get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }
};

JsonIn::JsonIn(std::string_view text) : document_(std::make_unique<Document>()) {
  const bool read = document_->parser.parse(text.data(), text.size()).get(document_->root) == simdjson::SUCCESS;
  document_->object = read && document_->root.is_object();
}
JsonIn::~JsonIn() = default;

bool JsonIn::is_object() const noexcept { return document_->object; }
bool JsonIn::has(std::string_view pointer) const { return document_->get<dom::element>(pointer).has_value(); }

std::string JsonIn::text(std::string_view pointer) const {
  return std::string(document_->get<std::string_view>(pointer).value_or(""));
}

std::optional<std::int64_t> JsonIn::whole(std::string_view pointer) const {
  return document_->get<std::int64_t>(pointer);
}

std::optional<double> JsonIn::number(std::string_view pointer) const { return document_->get<double>(pointer); }

bool JsonIn::flag(std::string_view pointer, bool otherwise) const {
  return document_->get<bool>(pointer).value_or(otherwise);
}

std::vector<std::string> JsonIn::texts(std::string_view pointer) const {
  std::vector<std::string> found;
  const auto array = document_->get<dom::array>(pointer);
  if (!array) return found;
  for (const dom::element one : *array) {
    std::string_view text;
    if (one.get(text) == simdjson::SUCCESS) found.emplace_back(text);
  }
  return found;
}

std::string JsonIn::raw(std::string_view pointer) const {
  const auto value = document_->get<dom::element>(pointer);
  return value ? simdjson::minify(*value) : "";
}

std::vector<std::string> JsonIn::names(std::string_view pointer) const {
  std::vector<std::string> found;
  const auto object = document_->get<dom::object>(pointer);
  if (!object) return found;
  for (const auto field : *object) found.emplace_back(field.key);
  return found;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace millrace::sim::accounts
