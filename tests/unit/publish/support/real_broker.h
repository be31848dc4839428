#pragma once

#include <memory>
#include <string>

namespace millrace::test {

// An Apache Kafka of one node, started by deploy/kafka/kafka in a directory of its own and removed at the end.
class RealBroker {
 public:
  // Nullptr where there is no Java or no jars: the test is skipped.
  static std::unique_ptr<RealBroker> start();
  ~RealBroker();
  RealBroker(const RealBroker&) = delete;
  RealBroker& operator=(const RealBroker&) = delete;

  const std::string& brokers() const noexcept { return brokers_; }
  void kill();  // as by a power cut
  void up();    // again, with its old data
  void delete_topic(const std::string& topic);

 private:
  explicit RealBroker(std::string dir) : dir_(std::move(dir)) {}
  bool run(const std::string& command, std::string* output = nullptr) const;

  std::string dir_;
  std::string brokers_;
};

}  // namespace millrace::test
