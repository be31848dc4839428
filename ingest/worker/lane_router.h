#pragma once

#include <vector>

#include "publish/lane/ack_listener.h"
#include "publish/sequence/record_sink.h"
#include "publish/sequence/sequencer.h"

namespace millrace::ingest {

// Lets the sequencers of one thread share its lane: what the lane reports of a stream goes to the sequencer that opened
// it. All on the thread. One look into a vector per report.
class LaneRouter final : public publish::AckListener {
 public:
  // One venue's way into the lane.
  class Entrance final : public publish::RecordSink {
   public:
    Entrance(LaneRouter& router, publish::RecordSink& lane) : router_(router), lane_(lane) {}

    // Before the first report; whose streams are opened by a constructor can only be named after it.
    void serve(publish::AckListener& listener) noexcept { listener_ = &listener; }
    publish::AckListener* listener() const noexcept { return listener_; }

    publish::StreamSlot open(const publish::StreamSpec& spec) override {
      const publish::StreamSlot slot = lane_.open(spec);
      router_.note(slot, *this);
      return slot;
    }
    std::span<std::byte> reserve(publish::StreamSlot stream, std::size_t bound) override {
      return lane_.reserve(stream, bound);
    }
    void commit(publish::StreamSlot stream, std::size_t length, std::int64_t seq) override {
      lane_.commit(stream, length, seq);
    }
    bool put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) override {
      return lane_.put(topic, key, bytes, type);
    }

   private:
    LaneRouter& router_;
    publish::RecordSink& lane_;
    publish::AckListener* listener_ = nullptr;
  };

  void on_ack(publish::StreamSlot stream, std::int32_t partition, std::int64_t offset, std::int64_t seq) override {
    if (publish::AckListener* owner = owner_of(stream)) owner->on_ack(stream, partition, offset, seq);
  }
  void on_lost(publish::StreamSlot stream, std::int64_t seq, std::string_view reason) override {
    if (publish::AckListener* owner = owner_of(stream)) owner->on_lost(stream, seq, reason);
  }
  void on_topic_made_anew(publish::StreamSlot stream) override {
    if (publish::AckListener* owner = owner_of(stream)) owner->on_topic_made_anew(stream);
  }

 private:
  void note(publish::StreamSlot slot, Entrance& owner) {
    const auto place = static_cast<std::size_t>(slot);
    if (place >= owners_.size()) owners_.resize(place + 1, nullptr);
    owners_[place] = &owner;
  }
  publish::AckListener* owner_of(publish::StreamSlot slot) const noexcept {
    const auto place = static_cast<std::size_t>(slot);
    return place < owners_.size() && owners_[place] != nullptr ? owners_[place]->listener() : nullptr;
  }

  std::vector<Entrance*> owners_;  // by StreamSlot
};

}  // namespace millrace::ingest
