#pragma once

#include <string>
#include <vector>

namespace google::protobuf {
class FileDescriptorSet;
}

namespace millrace::schemas::testing {

// One line for everything in `now` that breaks a reader or writer of `before`: a file, message, field, enum or enum
// value that is gone, renamed, renumbered or of another type or presence. Additions are fine.
std::vector<std::string> breaking_changes(const google::protobuf::FileDescriptorSet& before,
                                          const google::protobuf::FileDescriptorSet& now);

}  // namespace millrace::schemas::testing
