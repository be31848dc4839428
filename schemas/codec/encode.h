#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "schemas/events/account.h"
#include "schemas/events/market.h"
#include "schemas/events/meta.h"
#include "schemas/events/ops.h"

// Struct -> protobuf wire (schemas/proto/millrace/v1), laid by hand so that the hot path neither allocates nor copies
// twice. Generated code checks it in tests.
namespace millrace::schemas {

// An upper bound of the encoded size in bytes, in constant time but for the gap marks; loose (ten bytes a number), so
// reserve by it and give back what encode() did not use. Book, Bbo and Trade are the hot ones.
std::size_t encoded_bound(const Meta& meta, const Book& body) noexcept;
std::size_t encoded_bound(const Meta& meta, const Bbo& body) noexcept;
std::size_t encoded_bound(const Meta& meta, const Trade& body) noexcept;

// Writes one message into `out` and returns its length. Requires out.size() >= encoded_bound(meta, body) and
// meta.stream != null: nothing is checked. Bytes behind the returned length may have been written too. Texts must be
// UTF-8. Any thread; the same input always gives the same bytes, those of generated code.
std::size_t encode(const Meta& meta, const Book& body, std::span<std::byte> out) noexcept;
std::size_t encode(const Meta& meta, const Bbo& body, std::span<std::byte> out) noexcept;
std::size_t encode(const Meta& meta, const Trade& body, std::span<std::byte> out) noexcept;

// The rest, appended to `out` (protozero underneath). Text that is not UTF-8 is repaired here, as it may be a server's.
void encode(const Meta& meta, const Ticker& body, std::string& out);
void encode(const Meta& meta, const Candle& body, std::string& out);
void encode(const Meta& meta, const Instrument& body, std::string& out);
void encode(const Meta& meta, const StreamStatus& body, std::string& out);
void encode(const Meta& meta, const Gap& body, std::string& out);
void encode(const Meta& meta, const Quarantine& body, std::string& out);
void encode(const Meta& meta, const Execution& body, std::string& out);
void encode(const Meta& meta, const Balance& body, std::string& out);
void encode(const Meta& meta, const Recovery& body, std::string& out);
void encode(const Heartbeat& body, std::string& out);
void encode(const Claim& body, std::string& out);
void encode(const Cursor& body, std::string& out);
void encode(const Subscription& body, std::string& out);

}  // namespace millrace::schemas
