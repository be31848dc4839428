#include "publish/sequence/message_type.h"

namespace millrace::publish {

schemas::MessageType message_type(normalize::Dataset dataset) noexcept {
  using normalize::Dataset;
  using schemas::MessageType;
  switch (dataset) {
    case Dataset::kBook:
      return MessageType::kBook;
    case Dataset::kBbo:
    case Dataset::kBboBook:
      return MessageType::kBbo;
    case Dataset::kTrade:
    case Dataset::kTradeAgg:
      return MessageType::kTrade;
    case Dataset::kTicker:
      return MessageType::kTicker;
    case Dataset::kInstrument:
      return MessageType::kInstrument;
    case Dataset::kExecution:
      return MessageType::kExecution;
    case Dataset::kBalance:
      return MessageType::kBalance;
    default:
      return MessageType::kCandle;
  }
}

}  // namespace millrace::publish
