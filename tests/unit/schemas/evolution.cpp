#include "tests/unit/schemas/evolution.h"

#include <google/protobuf/descriptor.pb.h>

namespace millrace::schemas::testing {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using Lines = std::vector<std::string>;

template <class List, class Is>
auto find(const List& list, Is is) -> decltype(&*list.begin()) {
  for (const auto& one : list) {
    if (is(one)) return &one;
  }
  return nullptr;
}

template <class List>
auto find_named(const List& list, const std::string& name) {
  return find(list, [&](const auto& one) { return one.name() == name; });
}

template <class List>
auto find_numbered(const List& list, int number) {
  return find(list, [&](const auto& one) { return one.number() == number; });
}

bool same_shape(const FieldDescriptorProto& a, const FieldDescriptorProto& b) {
  return a.type() == b.type() && a.type_name() == b.type_name() && a.label() == b.label() &&
         a.proto3_optional() == b.proto3_optional() && a.options().packed() == b.options().packed() &&
         a.has_oneof_index() == b.has_oneof_index();
}

void compare(const FieldDescriptorProto& before, const DescriptorProto& now, const std::string& where, Lines& out) {
  const auto* same_number = find_numbered(now.field(), before.number());
  const auto* same_name = find_named(now.field(), before.name());
  if (same_number == nullptr && same_name == nullptr) {
    out.push_back(where + ": removed");
  } else if (same_number == nullptr) {
    out.push_back(where + ": renumbered to " + std::to_string(same_name->number()));
  } else if (same_number->name() != before.name()) {
    out.push_back(where + ": renamed to " + same_number->name());
  } else if (!same_shape(before, *same_number)) {
    out.push_back(where + ": retyped");
  }
}

void compare(const EnumDescriptorProto& before, const EnumDescriptorProto* now, const std::string& where, Lines& out) {
  if (now == nullptr) return out.push_back(where + ": removed");
  for (const auto& value : before.value()) {
    const auto* same_name = find_named(now->value(), value.name());
    const auto* same_number = find_numbered(now->value(), value.number());
    const std::string place = where + "." + value.name();
    if (same_name == nullptr && same_number == nullptr) {
      out.push_back(place + ": removed");
    } else if (same_name == nullptr) {
      out.push_back(place + ": renamed to " + same_number->name());
    } else if (same_name->number() != value.number()) {
      out.push_back(place + ": renumbered to " + std::to_string(same_name->number()));
    }
  }
}

void compare(const DescriptorProto& before, const DescriptorProto* now, const std::string& where, Lines& out) {
  if (now == nullptr) return out.push_back(where + ": removed");
  for (const auto& field : before.field()) compare(field, *now, where + "." + field.name(), out);
}

void compare(const FileDescriptorProto& before, const FileDescriptorProto* now, Lines& out) {
  const std::string& where = before.name();
  if (now == nullptr) return out.push_back(where + ": removed");
  if (now->package() != before.package()) out.push_back(where + ": package is another");
  for (const auto& type : before.enum_type()) {
    compare(type, find_named(now->enum_type(), type.name()), where + ": " + type.name(), out);
  }
  for (const auto& message : before.message_type()) {
    compare(message, find_named(now->message_type(), message.name()), where + ": " + message.name(), out);
  }
}

}  // namespace

Lines breaking_changes(const FileDescriptorSet& before, const FileDescriptorSet& now) {
  Lines out;
  for (const auto& file : before.file()) compare(file, find_named(now.file(), file.name()), out);
  return out;
}

}  // namespace millrace::schemas::testing
