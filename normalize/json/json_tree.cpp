#include "normalize/json/json_tree.h"

#include <fmt/format.h>

#include <charconv>

#include "normalize/json/ondemand.h"
#include "normalize/time/rfc3339.h"

namespace millrace::normalize {
namespace {

using Type = JsonNode::Type;

// Copies values into nodes; `left_` counts down, so that a few bytes of brackets cannot become gigabytes.
class TreeBuilder {
 public:
  simdjson::error_code build(od::value value, JsonNode& out, int depth) {
    if (left_-- == 0 || depth == kMaxJsonDepth) return simdjson::CAPACITY;
    od::json_type type;
    if (const auto error = value.type().get(type)) return error;
    switch (type) {
      case od::json_type::array:
        return build_array(value, out, depth);
      case od::json_type::object:
        return build_object(value, out, depth);
      case od::json_type::string:
        return build_string(value, out);
      default:
        return build_scalar(value, out);
    }
  }

 private:
  simdjson::error_code build_array(od::value& value, JsonNode& out, int depth) {
    out.type = Type::kArray;
    od::array array;
    if (const auto error = value.get_array().get(array)) return error;
    for (auto element : array) {
      od::value child;
      if (const auto error = element.get(child)) return error;
      if (const auto error = build(child, out.children.emplace_back(), depth + 1)) return error;
    }
    return simdjson::SUCCESS;
  }

  simdjson::error_code build_object(od::value& value, JsonNode& out, int depth) {
    out.type = Type::kObject;
    od::object object;
    if (const auto error = value.get_object().get(object)) return error;
    for (auto field : object) {
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return error;
      JsonNode& child = out.children.emplace_back();
      child.key = key;
      od::value member;
      if (const auto error = field.value().get(member)) return error;
      if (const auto error = build(member, child, depth + 1)) return error;
    }
    return simdjson::SUCCESS;
  }

  static simdjson::error_code build_string(od::value& value, JsonNode& out) {
    out.type = Type::kString;
    std::string_view text;
    const auto error = value.get_string().get(text);
    out.text = text;
    return error;
  }

  // A number's text is checked for being one; what it is worth is the reader's question.
  static simdjson::error_code build_scalar(od::value& value, JsonNode& out) {
    out.text = token_of(value.raw_json_token()).text;
    if (out.text == "null") return simdjson::SUCCESS;
    if (out.text == "true" || out.text == "false") {
      out.type = Type::kBoolean;
      return simdjson::SUCCESS;
    }
    out.type = Type::kNumber;
    return schemas::parse_wide_decimal(out.text) ? simdjson::SUCCESS : simdjson::NUMBER_ERROR;
  }

  std::size_t left_ = kMaxJsonNodes;
};

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, value);
  if (failed != std::errc{} || stop != end) return std::nullopt;
  return value;
}

bool is_number_like(const JsonNode& node) { return node.type == Type::kNumber || node.type == Type::kString; }

}  // namespace

const JsonNode* JsonNode::find(std::string_view wanted) const noexcept {
  if (type != Type::kObject) return nullptr;
  for (const JsonNode& child : children) {
    if (child.key == wanted) return &child;
  }
  return nullptr;
}

Result<JsonNode> parse_json(JsonParser& parser, std::string_view text) {
  od::document document;
  if (const auto error = open_document(parser, text, document)) return field_error(error, "message");
  JsonNode root;
  od::value value;
  // On-Demand hands out no value of a scalar document; no venue sends one.
  if (const auto error = document.get_value().get(value)) return field_error(error, "message");
  if (const auto error = TreeBuilder().build(value, root, 0)) return field_error(error, "message");
  // At the end there is no location any more.
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return Error{Errc::kBadJson, "behind the message"};
  return root;
}

ObjectReader::ObjectReader(const JsonNode& node, std::string place) : node_(node), place_(std::move(place)) {
  if (node.type != Type::kObject) error_ = Error{Errc::kWrongType, place_};
}

void ObjectReader::fail(Errc code, std::string_view key) {
  if (!error_) error_ = Error{code, place_.empty() ? std::string(key) : fmt::format("{}.{}", place_, key)};
}

const JsonNode* ObjectReader::member(std::string_view key) const noexcept {
  const JsonNode* const found = node_.find(key);
  return found != nullptr && found->type != Type::kNull ? found : nullptr;
}

const JsonNode* ObjectReader::need(std::string_view key) {
  const JsonNode* const found = member(key);
  if (found == nullptr) fail(Errc::kMissingField, key);
  return found;
}

std::string ObjectReader::text(std::string_view key) {
  const JsonNode* const found = member(key);
  if (found == nullptr) return {};
  if (found->type == Type::kString || found->type == Type::kNumber) return found->text;
  fail(Errc::kWrongType, key);
  return {};
}

std::string ObjectReader::need_text(std::string_view key) {
  std::string value = text(key);
  if (value.empty()) fail(Errc::kMissingField, key);
  return value;
}

std::optional<schemas::WideDecimal> ObjectReader::number(std::string_view key) {
  const JsonNode* const found = member(key);
  if (found == nullptr || (found->type == Type::kString && found->text.empty())) return std::nullopt;
  if (!is_number_like(*found)) {
    fail(Errc::kWrongType, key);
    return std::nullopt;
  }
  auto value = schemas::parse_wide_decimal(found->text);
  if (!value) fail(Errc::kBadNumber, key);
  return value;
}

std::optional<schemas::WideDecimal> ObjectReader::need_number(std::string_view key) {
  auto value = number(key);
  if (!value) fail(Errc::kMissingField, key);
  return value;
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view key) {
  const JsonNode* const found = member(key);
  if (found == nullptr) return std::nullopt;
  const auto value = is_number_like(*found) ? to_integer(found->text) : std::nullopt;
  if (!value) fail(is_number_like(*found) ? Errc::kBadNumber : Errc::kWrongType, key);
  return value;
}

std::int64_t ObjectReader::need_integer(std::string_view key) {
  if (need(key) == nullptr) return 0;
  return integer(key).value_or(0);
}

std::optional<bool> ObjectReader::boolean(std::string_view key) {
  const JsonNode* const found = member(key);
  if (found == nullptr) return std::nullopt;
  if (found->text == "true") return true;
  if (found->text != "false") fail(Errc::kWrongType, key);
  return false;
}

std::optional<schemas::UnixNanos> ObjectReader::rfc3339(std::string_view key) {
  const JsonNode* const found = member(key);
  if (found == nullptr) return std::nullopt;
  const auto time = found->type == Type::kString ? parse_rfc3339(found->text) : std::nullopt;
  bad_time_ = bad_time_ || !time;
  return time;
}

std::optional<schemas::UnixNanos> ObjectReader::millis(std::string_view key) {
  const JsonNode* const found = member(key);
  if (found == nullptr) return std::nullopt;
  constexpr std::int64_t kNanosPerMilli = 1'000'000;
  const auto value = is_number_like(*found) ? to_integer(found->text) : std::nullopt;
  if (!value || *value < 0 || *value > std::numeric_limits<std::int64_t>::max() / kNanosPerMilli) {
    bad_time_ = true;
    return std::nullopt;
  }
  return *value * kNanosPerMilli;
}

const JsonNode* ObjectReader::array(std::string_view key) {
  const JsonNode* const found = member(key);
  if (found != nullptr && found->type != Type::kArray) fail(Errc::kWrongType, key);
  return found != nullptr && found->type == Type::kArray ? found : nullptr;
}

const JsonNode* ObjectReader::object(std::string_view key) {
  const JsonNode* const found = member(key);
  if (found != nullptr && found->type != Type::kObject) fail(Errc::kWrongType, key);
  return found != nullptr && found->type == Type::kObject ? found : nullptr;
}

}  // namespace millrace::normalize
