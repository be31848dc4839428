#include "replay/history/digest.h"

#include "schemas/codec/record_stream.h"

namespace millrace::history {

void Digest::add(const Record& record) {
  constexpr std::size_t kBlock = 64 * 1024;
  record_.clear();
  schemas::append_unpublished(record.bytes, record.place, record_);
  schemas::append_delimited(record.stream->kind->type, record.stream->kind->dataset, record_, pending_);
  if (pending_.size() < kBlock) return;
  hash_.add(pending_);
  pending_.clear();
}

std::string Digest::hex() {
  hash_.add(pending_);
  pending_.clear();
  return hash_.hex();
}

}  // namespace millrace::history
