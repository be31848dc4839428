#pragma once

#include <string_view>

#include "cli/verify/seen.h"
#include "millrace/v1/common.pb.h"

// What the readers of records have in common. Only they include it: everything else sees no protoc class.
namespace millrace::cli {

void copy_meta(const v1::Meta& meta, SeenMeta& out);

template <class Message>
bool parse(Message& message, std::string_view bytes) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace millrace::cli
