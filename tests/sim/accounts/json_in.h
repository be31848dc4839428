#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sim::accounts {

// What a client sent as JSON, read by JSON pointers ("/params/token"). What is absent or of another type is empty.
class JsonIn {
 public:
  explicit JsonIn(std::string_view text);
  ~JsonIn();
  JsonIn(const JsonIn&) = delete;
  JsonIn& operator=(const JsonIn&) = delete;

  // Is it JSON, and an object?
  bool is_object() const noexcept;
  bool has(std::string_view pointer) const;
  std::string text(std::string_view pointer) const;
  std::optional<std::int64_t> whole(std::string_view pointer) const;
  std::optional<double> number(std::string_view pointer) const;
  bool flag(std::string_view pointer, bool otherwise) const;
  // The strings of an array; what is no string is left out.
  std::vector<std::string> texts(std::string_view pointer) const;
  // The value as JSON without spaces.
  std::string raw(std::string_view pointer) const;
  // Names of the members of an object, in order.
  std::vector<std::string> names(std::string_view pointer) const;

 private:
  struct Document;
  std::unique_ptr<Document> document_;
};

// `text` as a JSON string, quotes included.
std::string quoted(std::string_view text);

}  // namespace millrace::sim::accounts
