#include "millrace/listener.h"

#include <utility>

#include "clients/cpp/src/engine.h"
#include "clients/cpp/src/kafka_dead_letters.h"
#include "clients/cpp/src/kafka_source.h"

namespace millrace {

// A Listener is an Engine that reads from Kafka.
class Listener::Impl {
 public:
  explicit Impl(Options options)
      : options_(client::with_defaults(std::move(options))),
        services_(std::make_shared<client::Services>()),
        letters_(make_letters()),
        engine_(options_, std::make_unique<client::KafkaSource>(options_, *services_->log), services_) {}

  void start() {
    letters_.open();
    engine_.start();
  }
  client::Engine& engine() { return engine_; }

 private:
  client::KafkaDeadLetters& make_letters() {
    client::check_settings(options_);
    services_->timer = std::make_unique<client::SteadyTimer>();
    services_->log = std::make_unique<client::Log>(options_.log ? options_.log : client::log_to_stderr);
    auto letters = std::make_unique<client::KafkaDeadLetters>(options_, *services_->log);
    client::KafkaDeadLetters& made = *letters;
    services_->letters = std::move(letters);
    return made;
  }

  const Options options_;
  const std::shared_ptr<client::Services> services_;
  client::KafkaDeadLetters& letters_;
  client::Engine engine_;
};

Listener::Listener(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Listener::~Listener() = default;

void Listener::add(std::string name, std::shared_ptr<AccountListener> listener, std::vector<Subscription> subscriptions,
                   Handling handling) {
  impl_->engine().add(std::move(name), std::move(listener), std::move(subscriptions), handling);
}

void Listener::start() { impl_->start(); }
bool Listener::stop() { return impl_->engine().stop(); }
Status Listener::status() const { return impl_->engine().status(); }

}  // namespace millrace
