#include "ingest/account/told_accounts.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <set>
#include <variant>

#include "publish/kafka/topic_names.h"
#include "publish/kafka/topic_reader.h"
#include "schemas/codec/decode.h"

namespace millrace::ingest {
namespace {

// Every connection begins with telling all open orders once more, so what is further back than this was open through a
// million reports on one connection, or is told by nobody.
constexpr std::int64_t kRecordsBack = 1'000'000;

}  // namespace

void ToldAccounts::note(std::string_view record) {
  const auto decoded = schemas::decode(schemas::MessageType::kExecution, record);
  if (!decoded) {
    ++unreadable_;
    return;
  }
  const auto& report = std::get<schemas::Decoded<schemas::Execution>>(*decoded);
  note(report.meta, report.body);
}

void ToldAccounts::note(const schemas::Meta& meta, const schemas::Execution& report) {
  const auto account = accounts_.find({meta.stream->venue, meta.stream->account});
  if (account != accounts_.end()) account->second.add(meta, report);
}

const normalize::ToldOrders& ToldAccounts::of(std::string_view venue, std::string_view account) const {
  return accounts_.at({std::string(venue), std::string(account)});
}

std::vector<std::string> ToldAccounts::topics() const {
  std::set<std::string> topics;
  for (const auto& [account, told] : accounts_) topics.insert(publish::account_topic(account.first, "execution"));
  return {topics.begin(), topics.end()};
}

void read_told(const publish::KafkaSettings& settings, std::chrono::milliseconds timeout, ToldAccounts& told) {
  publish::ReadScope scope{{}, kRecordsBack};
  for (const std::string& topic : told.topics()) scope.topics.push_back(publish::full_topic(settings.prefix, topic));
  std::string problem = "not read to the end in time";
  try {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    const auto take = [&told](std::string_view, std::string_view record) { told.note(record); };
    if (publish::read_topics(settings, scope, deadline, take)) problem.clear();
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (told.unreadable() > 0) spdlog::warn("account_records_unreadable count={}", told.unreadable());
  if (!problem.empty()) {
    spdlog::error("account_orders_unknown detail=\"{}\": orders that ended meanwhile may stay open in the topic",
                  problem);
  }
}

}  // namespace millrace::ingest
