#include "ingest/record/base64.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>

namespace millrace::ingest {
namespace {

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text, std::size_t at) { return reinterpret_cast<unsigned char*>(&text[at]); }

// OpenSSL's lengths are ints, so both directions go in pieces that are whole groups.
constexpr std::size_t kPiece = 48 * 1024;

}  // namespace

void append_base64(std::string_view bytes, std::string& out) {
  for (std::size_t done = 0; done < bytes.size(); done += kPiece) {
    const std::string_view piece = bytes.substr(done, kPiece);
    const std::size_t at = out.size();
    out.resize(at + (piece.size() + 2) / 3 * 4 + 1);  // and the zero that OpenSSL writes
    const int length = EVP_EncodeBlock(bytes_of(out, at), bytes_of(piece), static_cast<int>(piece.size()));
    out.resize(at + static_cast<std::size_t>(length));
  }
}

bool decode_base64(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 4 != 0) return false;
  // OpenSSL skips white space around its input and counts the padding as bytes; both are ours to judge.
  const std::size_t padding = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
  if (padding > 2 || text.find_first_of(" \t\r\n=") < text.size() - padding) return false;
  for (std::size_t done = 0; done < text.size(); done += kPiece) {
    const std::string_view piece = text.substr(done, kPiece);
    const std::size_t at = out.size();
    out.resize(at + piece.size() / 4 * 3);
    if (EVP_DecodeBlock(bytes_of(out, at), bytes_of(piece), static_cast<int>(piece.size())) < 0) return false;
  }
  out.resize(out.size() - padding);
  return true;
}

}  // namespace millrace::ingest
