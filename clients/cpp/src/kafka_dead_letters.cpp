#include "clients/cpp/src/kafka_dead_letters.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace millrace::client {
namespace {

using Clock = std::chrono::steady_clock;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Deleter<rd_kafka_AdminOptions_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Deleter<rd_kafka_NewTopic_destroy>>;

constexpr std::chrono::seconds kRetry{1};
constexpr std::size_t kDetailBytes = 1024;
constexpr std::string_view kRights = "Write and Describe (and Create, to make it)";

std::string why(const std::string& topic, rd_kafka_resp_err_t error, std::string_view rights) {
  if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) return publish::not_authorized("topic", topic, rights);
  return fmt::format("kafka: topic {}: {}", topic, rd_kafka_err2str(error));
}

// The fields of one librdkafka call. Views must outlive it.
class Fields {
 public:
  rd_kafka_vu_t& add(rd_kafka_vtype_t type) {
    rd_kafka_vu_t& field = fields_[size_++];
    field.vtype = type;
    return field;
  }
  // librdkafka only reads them, and copies.
  void add_bytes(rd_kafka_vtype_t type, const std::string& bytes) {
    rd_kafka_vu_t& field = add(type);
    field.u.mem.ptr = const_cast<char*>(bytes.data());
    field.u.mem.size = bytes.size();
  }
  // Collected in an object of ours: headers that librdkafka makes of their parts are freed twice when it refuses the
  // record (its issue 4627).
  void add_header(const char* name, const std::string& value) {
    rd_kafka_header_add(headers_.get(), name, -1, value.data(), static_cast<ssize_t>(value.size()));
  }
  rd_kafka_resp_err_t produce(rd_kafka_t* client) {
    add(RD_KAFKA_VTYPE_HEADERS).u.headers = headers_.get();
    const std::unique_ptr<rd_kafka_error_t, Deleter<rd_kafka_error_destroy>> error(
        rd_kafka_produceva(client, fields_.data(), size_));
    if (error) return rd_kafka_error_code(error.get());
    static_cast<void>(headers_.release());  // librdkafka's now
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }

 private:
  std::unique_ptr<rd_kafka_headers_t, Deleter<rd_kafka_headers_destroy>> headers_{rd_kafka_headers_new(8)};
  std::array<rd_kafka_vu_t, 16> fields_{};
  std::size_t size_ = 0;
};

}  // namespace

KafkaDeadLetters::KafkaDeadLetters(const Options& options, Log& log)
    : topic_(options.dead_letter_topic),
      create_(options.create_dead_letter_topic),
      timeout_(options.start_timeout),
      log_(log),
      owner_{log, this} {
  Conf conf = make_conf(options, {{"acks", "all"}, {"message.timeout.ms", "0"}, {"linger.ms", "0"}}, owner_);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_report);
  producer_ = make_handle(RD_KAFKA_PRODUCER, std::move(conf));
}

// What librdkafka still holds is given back to on_report, which owns it.
KafkaDeadLetters::~KafkaDeadLetters() {
  rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  while (rd_kafka_outq_len(producer_.get()) > 0) rd_kafka_poll(producer_.get(), 100);
}

void KafkaDeadLetters::open() {
  if (partition_count(producer_.get(), topic_, timeout_, kRights) > 0) return;
  if (!create_) {
    throw std::runtime_error(fmt::format("kafka: topic {} does not exist: make it, one partition is enough", topic_));
  }
  create_topic();
}

void KafkaDeadLetters::create_topic() {
  const Queue queue(rd_kafka_queue_new(producer_.get()));
  const AdminOptions admin(rd_kafka_AdminOptions_new(producer_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  char text[512] = "";
  const auto timeout = static_cast<int>(timeout_.count());
  rd_kafka_AdminOptions_set_operation_timeout(admin.get(), timeout, text, sizeof text);
  const NewTopic topic(rd_kafka_NewTopic_new(topic_.c_str(), 1, -1, text, sizeof text));
  if (!topic) throw std::runtime_error(fmt::format("kafka: topic {}: {}", topic_, text));
  rd_kafka_NewTopic_set_config(topic.get(), "retention.ms", "2592000000");
  rd_kafka_NewTopic_set_config(topic.get(), "max.message.bytes", "4194304");
  rd_kafka_NewTopic_t* wanted = topic.get();
  rd_kafka_CreateTopics(producer_.get(), &wanted, 1, admin.get(), queue.get());
  const AdminEvent answer(rd_kafka_queue_poll(queue.get(), timeout));
  if (!answer) throw std::runtime_error(fmt::format("kafka: topic {}: could not be made: no answer", topic_));
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
  auto error = rd_kafka_event_error(answer.get());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR && count == 1) error = rd_kafka_topic_result_error(results[0]);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
    throw std::runtime_error("the topic could not be made: " + why(topic_, error, "Create"));
  }
  log_(LogLevel::kInfo, fmt::format("kafka: made topic {}", topic_));
  // Brokers hear of it one after the other; before they have, a letter would be refused.
  const auto until = Clock::now() + timeout_;
  while (partition_count(producer_.get(), topic_, timeout_, kRights) == 0 && Clock::now() < until) {
    rd_kafka_poll(producer_.get(), 50);
  }
}

void KafkaDeadLetters::park(DeadLetter letter, std::function<void()> done) {
  ++waiting_;
  letter.detail.resize(std::min(letter.detail.size(), kDetailBytes));
  send(std::make_unique<Pending>(Pending{std::move(letter), std::move(done)}));
}

void KafkaDeadLetters::send(std::unique_ptr<Pending> pending) {
  const DeadLetter& letter = pending->letter;
  const Record& record = *letter.record;
  const std::string partition = std::to_string(record.place.partition);
  const std::string offset = std::to_string(record.offset);
  const std::string attempts = std::to_string(letter.attempts);
  Fields fields;
  fields.add(RD_KAFKA_VTYPE_TOPIC).u.cstr = topic_.c_str();
  fields.add(RD_KAFKA_VTYPE_MSGFLAGS).u.i = RD_KAFKA_MSG_F_COPY;
  fields.add_bytes(RD_KAFKA_VTYPE_KEY, record.key);
  fields.add_bytes(RD_KAFKA_VTYPE_VALUE, record.value);
  fields.add_header("reason", letter.reason);
  fields.add_header("listener", letter.listener);
  fields.add_header("callback", letter.callback);
  fields.add_header("detail", letter.detail);
  fields.add_header("attempts", attempts);
  fields.add_header("topic", record.place.topic);
  fields.add_header("partition", partition);
  fields.add_header("offset", offset);
  fields.add(RD_KAFKA_VTYPE_OPAQUE).u.ptr = pending.get();
  const auto error = fields.produce(producer_.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return keep(std::move(pending), error);
  static_cast<void>(pending.release());  // comes back in on_report
}

void KafkaDeadLetters::keep(std::unique_ptr<Pending> pending, rd_kafka_resp_err_t error) {
  log_(LogLevel::kError, "an event could not be parked, trying again: " + why(topic_, error, "Write"));
  const std::scoped_lock lock(mutex_);
  refused_.push_back(std::move(pending));
}

void KafkaDeadLetters::on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* owner) {
  auto& self = *static_cast<KafkaDeadLetters*>(static_cast<Owner*>(owner)->self);
  std::unique_ptr<Pending> pending(static_cast<Pending*>(message->_private));
  if (message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) return;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return self.keep(std::move(pending), message->err);
  --self.waiting_;
  pending->done();
}

void KafkaDeadLetters::poll() {
  rd_kafka_poll(producer_.get(), 0);
  const auto now = Clock::now();
  if (now < retry_at_) return;
  retry_at_ = now + kRetry;
  std::deque<std::unique_ptr<Pending>> again;
  {
    const std::scoped_lock lock(mutex_);
    again.swap(refused_);
  }
  for (auto& each : again) send(std::move(each));
}

void KafkaDeadLetters::flush(std::chrono::milliseconds wait) {
  const auto until = Clock::now() + wait;
  while (waiting_ > 0 && Clock::now() < until) {
    rd_kafka_poll(producer_.get(), 10);
    poll();
  }
}

}  // namespace millrace::client
