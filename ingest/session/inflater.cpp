#include "ingest/session/inflater.h"

#include <algorithm>
#include <new>

namespace millrace::ingest {
namespace {

constexpr std::size_t kFirstOutput = 16 * 1024;
constexpr std::size_t kKeepOutput = 1 << 20;
constexpr std::string_view kTail{"\x00\x00\xff\xff", 4};  // the sender cuts it off (RFC 7692, 7.2.1)

}  // namespace

Inflater::Inflater(const DeflateOptions& options, std::size_t max_bytes)
    : no_context_takeover_(options.no_context_takeover), max_bytes_(max_bytes), output_(kFirstOutput) {
  // Raw deflate is asked for by negative bits.
  if (inflateInit2(&stream_, -options.window_bits) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() { inflateEnd(&stream_); }

// With context takeover the window of the last 32 KiB stays: later messages refer to earlier ones.
void Inflater::begin() {
  output_.clear(kKeepOutput);
  after_final_block_ = false;
  if (no_context_takeover_) inflateReset(&stream_);
}

// The input is read in place; zlib keeps no pointer to it once run() has taken all of it.
Inflater::Status Inflater::append(std::string_view part) {
  if (part.empty()) return Status::kOk;
  after_final_block_ = false;
  // zlib's interface is older than const; it does not write to its input.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
  stream_.avail_in = static_cast<uInt>(part.size());
  return run();
}

// A whole message ends between two blocks (RFC 7692, 7.2.2); else its data were cut, and what follows would be read
// out of step.
Inflater::Status Inflater::finish() {
  if (after_final_block_) return Status::kOk;
  const Status status = append(kTail);
  if (status != Status::kOk) return status;
  constexpr int kUnusedBits = 7;
  constexpr int kBetweenBlocks = 128;
  return (stream_.data_type & (kUnusedBits | kBetweenBlocks)) == kBetweenBlocks ? Status::kOk : Status::kBad;
}

// Grows the output step by step and looks at the bound before each step, so a message of a few KiB cannot take
// gigabytes before it is refused.
Inflater::Status Inflater::run() {
  for (;;) {
    if (output_.room().empty()) output_.grow();
    // One byte more than allowed shows that there is too much.
    const auto room = output_.room().first(std::min(output_.room().size(), max_bytes_ + 1 - output_.size()));
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = static_cast<uInt>(room.size());
    const int code = inflate(&stream_, Z_SYNC_FLUSH);
    output_.add(room.size() - stream_.avail_out);
    if (output_.size() > max_bytes_) return Status::kTooBig;
    if (code == Z_STREAM_END) {
      // A block marked final ends no message (RFC 7692, 7.2.3.4); what it wrote stays the window.
      inflateResetKeep(&stream_);
      after_final_block_ = stream_.avail_in == 0;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return Status::kBad;
    }
    if (stream_.avail_in == 0 && stream_.avail_out > 0) return Status::kOk;
    if (code == Z_BUF_ERROR && stream_.avail_out > 0) return Status::kBad;
  }
}

}  // namespace millrace::ingest
