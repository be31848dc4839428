#pragma once

#include "normalize/symbols/dataset.h"
#include "schemas/codec/decode.h"

namespace millrace::publish {

// Which message the records of a dataset are.
schemas::MessageType message_type(normalize::Dataset dataset) noexcept;

}  // namespace millrace::publish
