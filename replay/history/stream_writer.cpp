#include <fmt/format.h>

#include <utility>

#include "replay/history/csv.h"
#include "replay/history/writer.h"
#include "schemas/codec/record_stream.h"

namespace millrace::history {
namespace {

constexpr std::size_t kBlock = 64 * 1024;

// Collects what the formats append, and hands it over in blocks.
class StreamWriter final : public Writer {
 public:
  StreamWriter(Format format, WriteBytes write, Problems& problems)
      : format_{format}, write_{std::move(write)}, problems_{problems} {}

  bool write(const Record& record) override {
    if (!append(record)) {
      problems_.add("not_a_record",
                    fmt::format("{} {} epoch {} seq {}: its body cannot be read", record.stream->kind->topic,
                                record.stream->owner, record.epoch, record.seq));
    }
    if (block_.size() >= kBlock) flush();
    return true;
  }

  void flush() override {
    if (!block_.empty()) write_(block_);
    block_.clear();
  }

  void finish() override { flush(); }

 private:
  bool append(const Record& record) {
    const TopicKind& kind = *record.stream->kind;
    switch (format_) {
      case Format::kJson:
        return schemas::append_json_line(kind.type, kind.dataset, record.bytes, block_);
      case Format::kCsv:
        if (!std::exchange(has_header_, true)) append_csv_header(kind.type, block_);
        return append_csv(kind.type, kind.dataset, record.bytes, block_);
      case Format::kProto:
        schemas::append_delimited(kind.type, kind.dataset, record.bytes, block_);
    }
    return true;
  }

  Format format_;
  WriteBytes write_;
  Problems& problems_;
  std::string block_;
  bool has_header_ = false;
};

}  // namespace

std::unique_ptr<Writer> make_stream_writer(Format format, WriteBytes write, Problems& problems) {
  return std::make_unique<StreamWriter>(format, std::move(write), problems);
}

}  // namespace millrace::history
