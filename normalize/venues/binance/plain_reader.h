#pragma once

#include <string_view>
#include <vector>

#include "normalize/json/plain_scan.h"
#include "normalize/venues/binance/messages.h"

namespace millrace::normalize::binance {

// The messages of the hot path as Binance's own servers write them, several times faster than MessageReader, which
// reads every other form of them and all others. Sources only.
//
// False: not read, for whatever reason, and the decoder's members hold anything; MessageReader must read it anew.
class PlainReader {
 public:
  PlainReader(MessageDecoder& decoder, std::string_view text) noexcept : decoder_(decoder), scan_(text) {}

  // The message's own object.
  bool read(MessageKind kind) { return read_data(kind) && scan_.at_end(); }
  // The combined form, from behind the stream's name.
  bool read_wrapped(MessageKind kind) {
    return scan_.literal(R"(,"data":)") && read_data(kind) && scan_.take('}') && scan_.at_end();
  }

 private:
  bool read_data(MessageKind kind);
  bool read_message(PlainScan& scan, MessageKind kind);
  bool read_quote(PlainScan& scan);
  bool read_depth(PlainScan& scan);
  bool read_trade(PlainScan& scan, MessageKind kind);
  // E, T and s; anything else is skipped.
  bool read_common(PlainScan& scan, char key, Header& header);
  bool read_time(PlainScan& scan, Header& header, std::optional<schemas::UnixNanos>& out);
  bool read_symbol(PlainScan& scan, Header& header);
  // Like all of them: false ends the reading, and what was written is thrown away by the general reader.
  bool read_rows(PlainScan& scan, std::vector<schemas::Level>& side);
  bool read_price(PlainScan& scan, std::int64_t& out) { return known_ && scan.quoted_number(decimals_.price, out); }
  bool read_quantity(PlainScan& scan, std::int64_t& out) {
    return known_ && scan.quoted_number(decimals_.quantity, out) && out >= 0;
  }

  MessageDecoder& decoder_;
  PlainScan scan_;
  // The instrument is known, and its decimals; numbers before that are for MessageReader.
  bool known_ = false;
  Decimals decimals_;
};

}  // namespace millrace::normalize::binance
