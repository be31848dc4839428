#include "tests/unit/clients/support/fakes.h"

#include <stdexcept>

namespace millrace::test {

void FakeSource::poll(std::chrono::milliseconds, client::SourceSink& sink) {
  if (!fatal.empty()) throw std::runtime_error(fatal);
  for (const Item& item : std::exchange(items, {})) item(sink);
}

bool FakeSource::commit(const client::Offsets& offsets, bool) {
  if (refuse_now) return false;
  for (const auto& [place, next] : offsets) committed[place] = next;
  return true;
}

client::Place FakeSource::execution_place(const std::string& venue, const std::string& account) const {
  return {"t.account." + venue + ".execution.v1", account == "other" ? 1 : 0};
}

std::optional<std::int64_t> FakeSource::end_of(const client::Place& place) {
  if (!answers) return std::nullopt;
  return ends[place];
}

void FakeLetters::park(client::DeadLetter letter, std::function<void()> done) {
  const std::scoped_lock lock(mutex_);
  letters_.push_back(std::move(letter));
  unsafe_.push_back(std::move(done));
}

void FakeLetters::poll() {
  std::vector<std::function<void()>> safe;
  {
    const std::scoped_lock lock(mutex_);
    if (!held_) safe.swap(unsafe_);
  }
  for (const auto& done : safe) done();
}

std::size_t FakeLetters::waiting() const {
  const std::scoped_lock lock(mutex_);
  return unsafe_.size();
}

void FakeLetters::hold(bool on) {
  const std::scoped_lock lock(mutex_);
  held_ = on;
}

std::vector<std::string> FakeLetters::lines() const {
  std::vector<std::string> lines;
  for (const client::DeadLetter& letter : all()) {
    lines.push_back(letter.reason + " " + letter.listener + " " + std::to_string(letter.record->offset));
  }
  return lines;
}

std::vector<client::DeadLetter> FakeLetters::all() const {
  const std::scoped_lock lock(mutex_);
  return letters_;
}

}  // namespace millrace::test
