#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "publish/sequence/record_sink.h"

namespace millrace::cli {

// Where the bytes of a record go, in order.
using WriteBytes = std::function<void(std::string_view)>;

// A RecordSink that writes to a file what it is given; it never refuses. Keeps only the wanted datasets: streams by
// theirs, records that are no stream's by the dataset in their key. One buffer for all records: a commit is written
// before the next reservation.
class RecordFile : public publish::RecordSink {
 public:
  // `wanted`: dataset names; empty = all.
  RecordFile(std::vector<std::string> wanted, WriteBytes write);

  publish::StreamSlot open(const publish::StreamSpec& spec) final;
  std::span<std::byte> reserve(publish::StreamSlot stream, std::size_t bound) final;
  void commit(publish::StreamSlot stream, std::size_t length, std::int64_t seq) final;
  bool put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) final;

 protected:
  // `dataset` is empty for records that are no stream's. Appends what stands in the file for the record.
  virtual void format(schemas::MessageType type, std::string_view dataset, std::string_view bytes,
                      std::string& out) = 0;

 private:
  struct Stream {
    std::string dataset;
    schemas::MessageType type;
    bool wanted;
  };
  bool wants(std::string_view dataset) const;
  void write_record(schemas::MessageType type, std::string_view dataset, std::string_view bytes);

  std::vector<std::string> wanted_;
  WriteBytes write_;
  std::vector<Stream> streams_;
  std::vector<std::byte> room_;
  std::string text_;
};

// One JSON object a line. Reads its own encoding back: the JSON is of what a consumer of the bytes would see.
class JsonLines final : public RecordFile {
 public:
  using RecordFile::RecordFile;

 private:
  void format(schemas::MessageType type, std::string_view dataset, std::string_view bytes, std::string& out) override;
};

// millrace.v1.Record messages, each behind its length as a varint.
class ProtoStream final : public RecordFile {
 public:
  using RecordFile::RecordFile;

 private:
  void format(schemas::MessageType type, std::string_view dataset, std::string_view bytes, std::string& out) override;
};

}  // namespace millrace::cli
