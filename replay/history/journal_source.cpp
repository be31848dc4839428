#include "replay/history/journal_source.h"

#include <fmt/format.h>

#include <limits>
#include <stdexcept>
#include <utility>

#include "publish/journal/journal_reader.h"
#include "replay/history/stream.h"

namespace millrace::history {
namespace {

class JournalSource final : public Source {
 public:
  JournalSource(const std::string& folder, publish::TimeRange range, Problems& problems)
      : reader_{folder, range}, problems_{problems} {}

  bool next(SourceRecord& out) override {
    publish::JournalRecord record;
    do {
      const bool got = reader_.next(record);
      for (; told_ < reader_.problems().size(); ++told_) problems_.add("journal", reader_.problems()[told_]);
      if (!got) return false;
    } while (!is_of_its_topic(record));
    out = {record.topic, record.key, record.bytes};
    return true;
  }

  schemas::UnixNanos nothing_before() const override { return reader_.nothing_before(); }

  Progress progress() const override { return {reader_.bytes_read(), reader_.bytes_total()}; }

 private:
  // The journal says twice what a record is: by its topic and by its type.
  bool is_of_its_topic(const publish::JournalRecord& record) {
    if (record.topic != topic_) {
      topic_ = record.topic;
      kind_ = kind_of_topic(topic_);
    }
    if (!kind_ || record.type == static_cast<std::uint8_t>(kind_->type)) return true;
    problems_.add("unknown_type", fmt::format("{} {:.80}: a record of type {}", record.topic, record.key, record.type));
    return false;
  }

  publish::JournalReader reader_;
  Problems& problems_;
  std::size_t told_ = 0;
  std::string topic_;  // of the last record
  std::optional<TopicKind> kind_;
};

}  // namespace

std::vector<std::unique_ptr<Source>> open_journal(const std::string& dir, const TimeRange& range,
                                                  std::int64_t lookback_ns, Problems& problems) {
  publish::TimeRange wanted;
  if (range.has_begin()) wanted.from = range.from - std::min(lookback_ns, std::max<std::int64_t>(range.from, 0));
  if (range.has_end()) wanted.to = range.to + 1;
  std::vector<std::unique_ptr<Source>> sources;
  for (const std::string& folder : publish::journal_folders(dir)) {
    sources.push_back(std::make_unique<JournalSource>(folder, wanted, problems));
  }
  if (sources.empty()) throw std::runtime_error(fmt::format("journal {}: no segment lies there", dir));
  return sources;
}

}  // namespace millrace::history
