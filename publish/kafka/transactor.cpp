#include "publish/kafka/transactor.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>
#include <utility>

#include "publish/kafka/client.h"
#include "publish/kafka/record_header.h"
#include "publish/kafka/topic_names.h"

namespace millrace::publish {
namespace {

using std::chrono::milliseconds;
using Error = std::unique_ptr<rd_kafka_error_t, decltype(&rd_kafka_error_destroy)>;

Error own(rd_kafka_error_t* error) { return {error, rd_kafka_error_destroy}; }

constexpr milliseconds kBetweenTries{100};

// A transaction may not outlive its timeout, so neither may a record in it.
SettingList transaction_settings(const KafkaSettings& settings, const std::string& id) {
  SettingList all;
  for (auto& [name, value] : producer_settings(settings)) {
    if (name != "message.timeout.ms") all.emplace_back(name, value);
  }
  all.emplace_back("transactional.id", id);
  all.emplace_back("transaction.timeout.ms", "10000");
  all.emplace_back("message.timeout.ms", "9000");
  return all;
}

bool is_fence(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

// What became of a record that somebody asks about.
struct Delivery {
  bool came = false;
  std::int64_t offset = -1;  // absent until acknowledged
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

void note_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  if (message->_private == nullptr) return;
  auto& delivery = *static_cast<Delivery*>(message->_private);
  delivery.came = true;
  delivery.error = message->err;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) delivery.offset = message->offset;
}

}  // namespace

struct Transactor::Handle {
  Delivery report;  // of the one record that is asked about; outlives the client, whose report may come late
  Client client;

  Outcome failed(const Error& error, Outcome otherwise, std::string& text) const {
    text = rd_kafka_error_string(error.get());
    char fatal[512] = "";
    const auto fatal_code = rd_kafka_fatal_error(client.get(), fatal, sizeof fatal);
    if (is_fence(rd_kafka_error_code(error.get())) || is_fence(fatal_code)) return Outcome::kFenced;
    return fatal_code != RD_KAFKA_RESP_ERR_NO_ERROR ? Outcome::kUnknown : otherwise;
  }

  void abort(milliseconds timeout) const {
    // What it says changes nothing: the next init() ends an open transaction, too.
    own(rd_kafka_abort_transaction(client.get(), static_cast<int>(timeout.count())));
  }

  // A step before the commit was refused.
  Outcome ended(const Error& refused, milliseconds timeout, std::string& text) const {
    const Outcome outcome = failed(refused, Outcome::kFailed, text);
    abort(timeout);
    return outcome;
  }

  // After a time-out the call may be repeated, and nobody knows how it ends until it does.
  Outcome end(milliseconds timeout, std::string& text) const {
    const Error done = own(rd_kafka_commit_transaction(client.get(), static_cast<int>(timeout.count())));
    if (!done) return Outcome::kCommitted;
    const bool abortable = rd_kafka_error_txn_requires_abort(done.get()) != 0;
    const Outcome outcome = failed(done, abortable ? Outcome::kFailed : Outcome::kUnknown, text);
    if (abortable) abort(timeout);
    return outcome;
  }

  // Null: nobody asks what becomes of it.
  Error produce(const std::string& prefix, const TransactionRecord& record, Delivery* delivery) const {
    const std::string topic = full_topic(prefix, record.topic);
    const HeaderBytes header = encode_header(header_of(record.type, record.bytes, 0));
    std::array<rd_kafka_vu_t, 6> fields{};
    fields[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    fields[0].u.cstr = topic.c_str();
    fields[1].vtype = RD_KAFKA_VTYPE_VALUE;
    fields[1].u.mem.ptr = const_cast<char*>(record.bytes.data());  // copied, see the flag
    fields[1].u.mem.size = record.bytes.size();
    fields[2].vtype = RD_KAFKA_VTYPE_KEY;
    fields[2].u.mem.ptr = const_cast<char*>(record.key.data());
    fields[2].u.mem.size = record.key.size();
    Headers headers = make_headers(header.view());
    fields[3].vtype = RD_KAFKA_VTYPE_HEADERS;
    fields[3].u.headers = headers.get();
    fields[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    fields[4].u.i = RD_KAFKA_MSG_F_COPY;
    fields[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
    fields[5].u.ptr = delivery;
    Error refused = own(rd_kafka_produceva(client.get(), fields.data(), fields.size()));
    if (!refused) static_cast<void>(headers.release());  // librdkafka's now
    return refused;
  }

  // Which offsets are sent does not matter: nobody reads them, the membership beside them counts.
  Error send_membership(rd_kafka_t* consumer, milliseconds timeout) const {
    using Membership =
        std::unique_ptr<rd_kafka_consumer_group_metadata_t, decltype(&rd_kafka_consumer_group_metadata_destroy)>;
    const Membership membership(rd_kafka_consumer_group_metadata(consumer), rd_kafka_consumer_group_metadata_destroy);
    rd_kafka_topic_partition_list_t* list = nullptr;
    if (const auto error = rd_kafka_assignment(consumer, &list); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return own(rd_kafka_error_new(error, "%s", "its assignment is not known"));
    }
    const std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)> offsets(
        list, rd_kafka_topic_partition_list_destroy);
    for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = 0;
    return own(rd_kafka_send_offsets_to_transaction(client.get(), offsets.get(), membership.get(),
                                                    static_cast<int>(timeout.count())));
  }
};

Transactor::Transactor(KafkaSettings settings, std::string transactional_id)
    : settings_(std::move(settings)), id_(std::move(transactional_id)) {}

Transactor::~Transactor() = default;

// A new handle each time: one that was fenced is dead for good.
void Transactor::init(milliseconds timeout) {
  handle_ = std::make_unique<Handle>();
  const auto with_reports = [](rd_kafka_conf_t* conf) { rd_kafka_conf_set_dr_msg_cb(conf, note_delivery); };
  handle_->client = make_client(ClientKind::kProducing, transaction_settings(settings_, id_), with_reports,
                                std::make_unique<Trouble>());
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto ask = [&] {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    return own(
        rd_kafka_init_transactions(handle_->client.get(), static_cast<int>(std::max(left, milliseconds{1}).count())));
  };
  Error error = ask();
  // A broker that has just started still loads what it coordinates.
  while (error && rd_kafka_error_is_retriable(error.get()) != 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kBetweenTries);
    error = ask();
  }
  if (!error) return;
  const bool denied = rd_kafka_error_code(error.get()) == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  const Trouble& trouble = trouble_of(handle_->client.get());
  const std::string why =
      trouble.refused() ? no_answer(settings_.brokers, trouble) : rd_kafka_error_string(error.get());
  handle_.reset();
  if (denied) throw std::runtime_error(not_authorized("transactional id", id_, "Write and Describe"));
  throw std::runtime_error(fmt::format("kafka: transactions of {}: {}", id_, why));
}

Transactor::Outcome Transactor::begin(std::string& error) {
  if (!handle_) {
    error = "not initialized";
    return Outcome::kFailed;
  }
  const Error begun = own(rd_kafka_begin_transaction(handle_->client.get()));
  return begun ? handle_->failed(begun, Outcome::kFailed, error) : Outcome::kCommitted;
}

Transactor::Outcome Transactor::commit(const std::vector<TransactionRecord>& records, milliseconds timeout,
                                       std::string& error) {
  if (const Outcome begun = begin(error); begun != Outcome::kCommitted) return begun;
  for (const TransactionRecord& record : records) {
    if (const Error refused = handle_->produce(settings_.prefix, record, nullptr); refused) {
      return handle_->ended(refused, timeout, error);
    }
  }
  return handle_->end(timeout, error);
}

// The broker compares the member's generation when the offsets are sent, and holds the group's next one back until the
// transaction has ended: between the two nobody else can be given the partitions.
Transactor::Outcome Transactor::commit_as_member(const TransactionRecord& record, rd_kafka_s* consumer,
                                                 milliseconds timeout, std::string& error, std::int64_t& offset) {
  if (const Outcome begun = begin(error); begun != Outcome::kCommitted) return begun;
  Delivery& delivery = handle_->report = {};
  if (const Error refused = handle_->produce(settings_.prefix, record, &delivery); refused) {
    return handle_->ended(refused, timeout, error);
  }
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!delivery.came && std::chrono::steady_clock::now() < deadline) rd_kafka_poll(handle_->client.get(), 10);
  if (!delivery.came) {
    error = "the broker did not acknowledge it in time";
    return Outcome::kUnknown;
  }
  if (delivery.offset < 0) {
    error = rd_kafka_err2str(delivery.error);
    handle_->abort(timeout);
    return Outcome::kFailed;
  }
  offset = delivery.offset;
  if (const Error refused = handle_->send_membership(consumer, timeout); refused) {
    return handle_->ended(refused, timeout, error);
  }
  return handle_->end(timeout, error);
}

}  // namespace millrace::publish
