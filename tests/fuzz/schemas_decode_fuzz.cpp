#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "schemas/codec/decode.h"
#include "schemas/codec/meta_view.h"
#include "tests/fuzz/encoding.h"

namespace {

// Of those that do not, a text at the beginning can look as if they did.
bool begins_with_meta(const millrace::schemas::AnyDecoded& record) {
  return std::visit(
      [](const auto& message) {
        return requires { message.meta; };
      },
      record);
}

}  // namespace

// Any bytes as any message; the first byte chooses which. What decodes encodes to a record that decodes to the same
// bytes: the first pass drops unknown fields and defaults, the second may change nothing. JSON is written too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using millrace::test::encoded;
  using millrace::test::require;
  using Type = millrace::schemas::MessageType;
  if (size == 0) return 0;
  const auto type = static_cast<Type>(data[0] % (static_cast<unsigned>(Type::kSubscription) + 1));
  const auto first = millrace::schemas::decode(type, {reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!first) return 0;
  std::string json;
  millrace::schemas::to_json(*first, json);
  const std::string bytes = encoded(*first);
  // The cheap view of Meta: of any bytes without harm, of our own records so that they can be changed.
  millrace::schemas::view_meta({reinterpret_cast<const char*>(data) + 1, size - 1});
  const auto view = millrace::schemas::view_meta(bytes);
  if (view && begins_with_meta(*first)) {
    std::string changed;
    millrace::schemas::append_with_origin(bytes, millrace::schemas::Origin::kHistory, 5, changed);
    const auto again = millrace::schemas::view_meta(changed);
    require(again && again->origin == millrace::schemas::Origin::kHistory && again->seq == view->seq);
    std::string unpublished;
    millrace::schemas::append_unpublished(bytes, millrace::schemas::place_of(*view), unpublished);
    require(millrace::schemas::view_meta(unpublished).has_value());
  }
  const auto second = millrace::schemas::decode(type, bytes);
  require(second.has_value());
  require(encoded(*second) == bytes);
  std::string json_again;
  millrace::schemas::to_json(*second, json_again);
  require(json == json_again);
  return 0;
}
