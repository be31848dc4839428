#pragma once

#include <memory>
#include <string>

#include "schemas/codec/decode.h"

namespace google::protobuf {
class Message;
}

namespace millrace::schemas::testing {

// The record as protoc's class, field by field from the struct: what our bytes must parse to.
std::unique_ptr<google::protobuf::Message> to_generated(const AnyDecoded& record);

// An empty message of protoc's class.
std::unique_ptr<google::protobuf::Message> make_generated(MessageType type);

}  // namespace millrace::schemas::testing
