// Prints the fills of all accounts of one venue, and up to when they are proven complete. Ends with Ctrl-C.
#include <millrace/listener.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>
class Printer final : public millrace::AccountListener {
 public:
  void on_filled(const millrace::Execution& fill) override { print("filled", fill); }
  void on_partially_filled(const millrace::Execution& fill) override { print("partially filled", fill); }
  void on_recovered(const millrace::Recovered& recovered) override {
    std::cout << recovered.account << ": complete through " << recovered.watermark << " ns" << std::endl;
  }
  void on_error(const millrace::AccountError& error) override {
    std::cerr << error.account << ": " << error.reason << ": " << error.detail << std::endl;
  }

 private:
  static void print(const char* what, const millrace::Execution& fill) {
    std::cout << fill.meta.account << ": " << what << " " << fill.meta.symbol << " " << name(fill.side) << " "
              << fill.last_quantity.value_or(millrace::Decimal{}).text << " at "
              << fill.last_price.value_or(millrace::Decimal{}).text << " " << fill.event_id << std::endl;
  }
};
int main(int argc, char** argv) try {
  if (argc < 5) {
    std::cerr << "usage: fills BROKERS PREFIX GROUP VENUE [KEY=VALUE of librdkafka]...\n";
    return 2;
  }
  sigset_t signals;  // blocked before the library makes threads, so that none of them gets one
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  millrace::Options options;
  options.brokers = argv[1];
  options.prefix = argv[2];
  options.group = argv[3];
  options.venues = {argv[4]};
  for (const std::string& setting : std::vector<std::string>(argv + 5, argv + argc)) {
    const auto equals = std::min(setting.find('='), setting.size() - 1);
    options.kafka[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  if (const char* password = std::getenv("KAFKA_PASSWORD")) options.kafka["sasl.password"] = password;
  options.begin = millrace::Begin::kEarliest;
  millrace::Listener listener(options);
  listener.add("printer", std::make_shared<Printer>());
  listener.start();
  int received = 0;
  sigwait(&signals, &received);
  return listener.stop() ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << "fills: " << error.what() << "\n";
  return 1;
}
