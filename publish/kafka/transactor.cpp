#include "publish/kafka/transactor.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "publish/kafka/client.h"
#include "publish/kafka/record_header.h"
#include "publish/kafka/topic_names.h"

namespace millrace::publish {
namespace {

using std::chrono::milliseconds;
using Error = std::unique_ptr<rd_kafka_error_t, decltype(&rd_kafka_error_destroy)>;

Error own(rd_kafka_error_t* error) { return {error, rd_kafka_error_destroy}; }

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

}  // namespace

struct Transactor::Handle {
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
};

Transactor::Transactor(KafkaSettings settings, std::string transactional_id)
    : settings_(std::move(settings)), id_(std::move(transactional_id)) {}

Transactor::~Transactor() = default;

// A new handle each time: one that was fenced is dead for good.
void Transactor::init(milliseconds timeout) {
  handle_ = std::make_unique<Handle>();
  handle_->client = make_client(ClientKind::kProducing, transaction_settings(settings_, id_));
  const Error error = own(rd_kafka_init_transactions(handle_->client.get(), static_cast<int>(timeout.count())));
  if (!error) return;
  const bool denied = rd_kafka_error_code(error.get()) == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  const Trouble& trouble = trouble_of(handle_->client.get());
  const std::string why =
      trouble.refused() ? no_answer(settings_.brokers, trouble) : rd_kafka_error_string(error.get());
  handle_.reset();
  if (denied) throw std::runtime_error(not_authorized("transactional id", id_, "Write and Describe"));
  throw std::runtime_error(fmt::format("kafka: transactions of {}: {}", id_, why));
}

Transactor::Outcome Transactor::commit(const std::vector<TransactionRecord>& records, milliseconds timeout,
                                       std::string& error) {
  if (!handle_) {
    error = "not initialized";
    return Outcome::kFailed;
  }
  rd_kafka_t* const client = handle_->client.get();
  if (const Error begun = own(rd_kafka_begin_transaction(client)); begun) {
    return handle_->failed(begun, Outcome::kFailed, error);
  }
  for (const TransactionRecord& record : records) {
    const std::string topic = full_topic(settings_.prefix, record.topic);
    const HeaderBytes header = encode_header(header_of(record.type, record.bytes, 0));
    std::array<rd_kafka_vu_t, 5> fields{};
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
    if (const Error refused = own(rd_kafka_produceva(client, fields.data(), fields.size())); refused) {
      const Outcome outcome = handle_->failed(refused, Outcome::kFailed, error);
      handle_->abort(timeout);
      return outcome;
    }
    static_cast<void>(headers.release());  // librdkafka's now
  }
  // After a time-out the call may be repeated, and nobody knows how it ends until it does.
  const Error done = own(rd_kafka_commit_transaction(client, static_cast<int>(timeout.count())));
  if (!done) return Outcome::kCommitted;
  const bool abortable = rd_kafka_error_txn_requires_abort(done.get()) != 0;
  const Outcome outcome = handle_->failed(done, abortable ? Outcome::kFailed : Outcome::kUnknown, error);
  if (abortable) handle_->abort(timeout);
  return outcome;
}

}  // namespace millrace::publish
