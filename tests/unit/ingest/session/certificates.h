#pragma once

#include <string>

namespace millrace::ingest::test {

// Files of a certificate authority and of one server certificate that it signed, made anew for each test and removed
// with the object.
class Certificates {
 public:
  // The server's certificate names `host` (DNS name or IP address); `expired`: it ended yesterday.
  explicit Certificates(const std::string& host, bool expired = false);
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  std::string ca() const { return folder_ + "/ca.pem"; }
  std::string chain() const { return folder_ + "/server.pem"; }
  std::string key() const { return folder_ + "/key.pem"; }

 private:
  std::string folder_;
};

}  // namespace millrace::ingest::test
