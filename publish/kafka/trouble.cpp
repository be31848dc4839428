#include "publish/kafka/trouble.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::publish {
namespace {

// Words of librdkafka 2.x, of OpenSSL and of Kafka's own answers, and what they mean to the one who configures. The
// first that is found counts. `for_good`: the next try will end alike.
struct Meaning {
  std::string_view words;
  std::string_view advice;
  bool for_good;
};
constexpr std::array kMeanings = {
    // librdkafka before 2.6.1 sends its nonce twice, and Kafka 4 takes it only once (librdkafka's pull request 4895).
    Meaning{"SASL authentication error",
            "user or password is wrong: see sasl.username and sasl.password in kafka.properties or kafka.secret_files; "
            "SCRAM to Kafka 4 also needs librdkafka 2.6.1 or newer",
            true},
    Meaning{"Unsupported SASL mechanism", "the broker does not take this sasl.mechanism", true},
    Meaning{"certificate verify failed",
            "the broker's certificate is not signed by an authority known here: set ssl.ca.location to the CA file",
            true},
    Meaning{"certificate required",
            "the broker wants a client certificate: set ssl.certificate.location and ssl.key.location", true},
    Meaning{"alert number 116",
            "the broker wants a client certificate: set ssl.certificate.location and ssl.key.location", true},
    Meaning{
        "bad certificate",
        "the broker wants a client certificate that it can verify: set ssl.certificate.location and ssl.key.location",
        true},
    Meaning{"unknown ca", "the broker does not know the authority of our ssl.certificate.location", true},
    Meaning{"SSL handshake failed", "does this port of the broker speak TLS? See security.protocol", true},
    Meaning{"incorrect security.protocol", "does this port of the broker speak TLS or SASL? See security.protocol",
            false},
};

const Meaning* meaning_of(std::string_view complaint) noexcept {
  const auto known = std::find_if(kMeanings.begin(), kMeanings.end(), [&](const Meaning& one) {
    return complaint.find(one.words) != std::string_view::npos;
  });
  return known == kMeanings.end() ? nullptr : &*known;
}

// Without librdkafka's name of the thread, "[thrd:sasl_ssl://b:1/bootstrap]: ", and without "(after 5ms in state ...)".
std::string_view trimmed(std::string_view text) {
  if (text.starts_with("[thrd:")) {
    const auto end = text.find("]: ");
    if (end != std::string_view::npos) text.remove_prefix(end + 3);
  }
  const auto after = text.rfind(" (after ");
  return after == std::string_view::npos ? text : text.substr(0, after);
}

}  // namespace

// A connection that only ends what another one was refused for does not hide the reason.
void Trouble::note(std::string_view facility, std::string_view text) {
  if (facility != "FAIL") return;
  const Meaning* const meaning = meaning_of(text);
  const std::lock_guard lock(mutex_);
  if (refused_ && meaning == nullptr) return;
  text_ = trimmed(text);
  refused_ = meaning != nullptr && meaning->for_good;
}

bool Trouble::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

std::string Trouble::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

std::string_view advice(std::string_view complaint) noexcept {
  const Meaning* const meaning = meaning_of(complaint);
  return meaning == nullptr ? std::string_view{} : meaning->advice;
}

std::string no_answer(std::string_view brokers, const Trouble& trouble) {
  const std::string text = trouble.text();
  const std::string_view what_to_do = advice(text);
  if (!what_to_do.empty()) return fmt::format("kafka at {}: {} ({})", brokers, what_to_do, text);
  return fmt::format("kafka: no answer from {}: is the broker up?{}", brokers,
                     text.empty() ? std::string{} : fmt::format(" ({})", text));
}

std::string not_authorized(std::string_view kind, std::string_view name, std::string_view operations) {
  return fmt::format("kafka: {} {}: not authorized: grant this client's user {} on it", kind, name, operations);
}

}  // namespace millrace::publish
