#include "cli/verify/account/account_verifier.h"

namespace millrace::cli {

AccountCheck& AccountVerifier::account(const std::string& venue, const std::string& account) {
  return accounts_.try_emplace({venue, account}, memory_).first->second;
}

const SeenMeta* AccountVerifier::read(std::string_view dataset, std::string_view bytes) {
  if (dataset == "execution") {
    dataset_ = Dataset::kExecution;
    return reader_.read(bytes, meta_, execution_) ? &meta_ : nullptr;
  }
  if (dataset == "balance") {
    dataset_ = Dataset::kBalance;
    return reader_.read(bytes, meta_, balance_) ? &meta_ : nullptr;
  }
  dataset_ = Dataset::kRecovery;
  return dataset == "recovery" && reader_.read(bytes, recovery_) ? &recovery_.meta : nullptr;
}

// Balances are the worker's alone.
bool AccountVerifier::on_record(SequenceCheck& worker, const AccountCheck::Place& place) {
  if (dataset_ == Dataset::kRecovery) {
    account(recovery_.meta.venue, recovery_.meta.account).on_recovery(recovery_, place);
    return false;
  }
  AccountCheck& check = account(meta_.venue, meta_.account);
  if (dataset_ == Dataset::kBalance) {
    worker.on_record(meta_, place.offset, place.resent, place.whole);
    check.on_balance(meta_, balance_);
    return true;
  }
  check.on_execution(worker, meta_, execution_, place);
  return meta_.origin != SeenOrigin::kReplay;
}

void AccountVerifier::on_beat(const SeenBeat& beat) {
  if (beat.dataset == "execution") account(beat.venue, beat.instrument).on_beat(beat);
}

void AccountVerifier::finish(const Numbers& executions, std::int64_t read_from_ns, std::int64_t now_ns) {
  for (auto& [name, check] : accounts_) check.finish(executions(name.first, name.second), read_from_ns, now_ns);
  memory_.orders.add_up([this](const OrderCheck::Sum& order) { account(order.venue, order.account).on_sum(order); });
}

}  // namespace millrace::cli
