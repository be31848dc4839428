// The stages that a worker cannot avoid, alone: a loop that drains a TLS WebSocket and looks only at frame headers, and
// a loop that produces records of the mix's sizes. What they cost is what the whole worker is compared with.
//
//   bench_bare drain HOST PORT CA_FILE TARGET SECONDS
//   bench_bare produce BROKERS TOPIC PARTITIONS SECONDS RATE     RATE 0 = as fast as it goes
//
// Prints one JSON object: messages, CPU of the whole process per message, and for produce the time to the broker's ack.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

// --- drain --------------------------------------------------------------------------------------------------------

int connect_to(const char* host, const char* port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  inet_pton(AF_INET, host, &address.sin_addr);
  require(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
  return fd;
}

SSL* handshake(int fd, const char* host, const char* ca_file) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  require(SSL_CTX_load_verify_locations(context, ca_file, nullptr) == 1, "CA file");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, 64 * 1024);
  SSL* ssl = SSL_new(context);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
  SSL_set_fd(ssl, fd);
  require(SSL_connect(ssl) == 1, "TLS handshake");
  return ssl;
}

// Counts whole frames in a byte stream; frames are small, unmasked and unfragmented here.
class FrameCounter {
 public:
  void feed(const unsigned char* data, std::size_t size) {
    buffer_.insert(buffer_.end(), data, data + size);
    std::size_t at = 0;
    while (const std::size_t length = frame_at(at)) {
      at += length;
      ++count;
    }
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  std::uint64_t count = 0;

 private:
  std::size_t frame_at(std::size_t at) const {
    const std::size_t left = buffer_.size() - at;
    if (left < 2) return 0;
    std::size_t length = buffer_[at + 1] & 0x7f;
    const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (left < 2 + extra) return 0;
    if (extra != 0) length = 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8 | buffer_[at + 2 + i];
    return left < 2 + extra + length ? 0 : 2 + extra + length;
  }
  std::vector<unsigned char> buffer_;
};

int drain(char** argv) {
  const int fd = connect_to(argv[2], argv[3]);
  SSL* ssl = handshake(fd, argv[2], argv[4]);
  const std::string upgrade = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}:{}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
      argv[5], argv[2], argv[3]);
  SSL_write(ssl, upgrade.data(), static_cast<int>(upgrade.size()));
  std::vector<unsigned char> bytes(256 * 1024);
  std::string head;
  while (head.find("\r\n\r\n") == std::string::npos) {
    const int size = SSL_read(ssl, bytes.data(), 1);
    require(size == 1, "upgrade refused");
    head.push_back(static_cast<char>(bytes[0]));
  }
  FrameCounter frames;
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::seconds(std::atoi(argv[6]));
  const double cpu = cpu_seconds();
  while (Clock::now() < end) {
    const int size = SSL_read(ssl, bytes.data(), static_cast<int>(bytes.size()));
    require(size > 0, "the server closed");
    frames.feed(bytes.data(), static_cast<std::size_t>(size));
  }
  const double count = static_cast<double>(std::max<std::uint64_t>(1, frames.count));
  fmt::print(R"({{"messages":{},"cpu_ns_per_message":{:.1f},"messages_per_second":{:.0f}}})"
             "\n",
             frames.count, (cpu_seconds() - cpu) * 1e9 / count,
             count / std::chrono::duration<double>(Clock::now() - begin).count());
  return 0;
}

// --- produce ------------------------------------------------------------------------------------------------------

struct Acks {
  std::uint64_t count = 0;
  std::vector<std::uint32_t> micros;  // of each acknowledged record
};

void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto& acks = *static_cast<Acks*>(opaque);
  ++acks.count;
  const auto sent = reinterpret_cast<std::intptr_t>(message->_private);
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
  acks.micros.push_back(static_cast<std::uint32_t>(now - sent));
}

rd_kafka_t* producer(const char* brokers, Acks& acks) {
  char error[256];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const std::array<std::array<const char*, 2>, 9> settings = {{{"bootstrap.servers", brokers},
                                                               {"acks", "all"},
                                                               {"enable.idempotence", "true"},
                                                               {"message.timeout.ms", "0"},
                                                               {"socket.nagle.disable", "true"},
                                                               {"linger.ms", "0.5"},
                                                               {"compression.codec", "lz4"},
                                                               {"queue.buffering.max.messages", "2000000"},
                                                               {"queue.buffering.max.kbytes", "1000000"}}};
  for (const auto& [name, value] : settings) {
    require(rd_kafka_conf_set(conf, name, value, error, sizeof error) == RD_KAFKA_CONF_OK, error);
  }
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_conf_set_opaque(conf, &acks);
  rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  require(handle != nullptr, error);
  return handle;
}

// Record sizes of the mix: 70 % BBO, 20 % book deltas of 20+20 rows, 10 % trades.
std::size_t size_of(std::uint64_t number) {
  const auto roll = number * 7919 % 100;
  return roll < 70 ? 120 : roll < 90 ? 480 : 130;
}

int produce(char** argv) {
  Acks acks;
  rd_kafka_t* handle = producer(argv[2], acks);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(handle, argv[3], nullptr);
  const int partitions = std::atoi(argv[4]);
  const double seconds = std::atof(argv[5]);
  const double rate = std::atof(argv[6]);
  std::vector<char> bytes(1 << 20);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 2 == 0 ? i * 2654435761U >> 13 : 0);
  constexpr std::size_t kBatch = 32;
  std::array<rd_kafka_message_t, kBatch> batch{};
  std::uint64_t sent = 0;
  const auto begin = Clock::now();
  const double cpu = cpu_seconds();
  for (;;) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
    if (elapsed > seconds) break;
    if ((rate > 0 && static_cast<double>(sent) > rate * elapsed) || sent - acks.count > 200'000) {
      rd_kafka_poll(handle, rate > 0 ? 0 : 1);
      if (rate > 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
      continue;
    }
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
    for (std::size_t i = 0; i < kBatch; ++i) {
      const std::size_t size = size_of(sent + i);
      batch[i].payload = bytes.data() + (sent + i) * 64 % (bytes.size() - 4096);
      batch[i].len = size;
      batch[i].partition = static_cast<std::int32_t>((sent + i) % static_cast<std::uint64_t>(partitions));
      batch[i]._private = reinterpret_cast<void*>(static_cast<std::intptr_t>(now));
    }
    sent += static_cast<std::uint64_t>(
        rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_PARTITION, batch.data(), kBatch));
    rd_kafka_poll(handle, 0);
  }
  while (acks.count < sent) rd_kafka_poll(handle, 10);
  const double count = static_cast<double>(std::max<std::uint64_t>(1, acks.count));
  const double used = (cpu_seconds() - cpu) * 1e9 / count;
  std::sort(acks.micros.begin(), acks.micros.end());
  const auto at = [&](double share) {
    return acks.micros[static_cast<std::size_t>(share * static_cast<double>(acks.micros.size() - 1))];
  };
  fmt::print(R"({{"messages":{},"cpu_ns_per_message":{:.1f},"messages_per_second":{:.0f},"ack_p50_us":{},)"
             R"("ack_p99_us":{},"ack_p999_us":{}}})"
             "\n",
             acks.count, used, count / std::chrono::duration<double>(Clock::now() - begin).count(), at(0.5), at(0.99),
             at(0.999));
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(handle);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 7 && std::strcmp(argv[1], "drain") == 0) return drain(argv);
    if (argc == 7 && std::strcmp(argv[1], "produce") == 0) return produce(argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_bare: {}\n", error.what());
    return 1;
  }
  fmt::print(stderr,
             "bench_bare drain HOST PORT CA_FILE TARGET SECONDS | produce BROKERS TOPIC PARTITIONS SECONDS RATE\n");
  return 2;
}
