#include "ingest/record/capture_line.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <iterator>

#include "ingest/record/base64.h"

namespace millrace::ingest {
namespace {

namespace ondemand = simdjson::ondemand;

// The two-character escapes of JSON; 0 = none.
char short_escape(char c) {
  switch (c) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    default:
      return 0;
  }
}

// Non-ASCII goes through as it is: the payload must come back byte for byte, and a recording should be readable.
void append_string(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (const char escape = short_escape(c)) {
      out += '\\';
      out += escape;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string_view word(Direction direction) {
  switch (direction) {
    case Direction::kIn:
      return "in";
    case Direction::kOut:
      return "out";
    case Direction::kControl:
      return "ctl";
  }
  return "";
}

bool read_direction(std::string_view text, Direction& direction) {
  for (const Direction candidate : {Direction::kIn, Direction::kOut, Direction::kControl}) {
    direction = candidate;
    if (word(candidate) == text) return true;
  }
  return false;
}

bool read_via(std::string_view text, Via& via) {
  via = text == "rest" ? Via::kRest : Via::kWebSocket;
  return text == "rest" || text == "ws";
}

}  // namespace

// "t" first and the payload last: lines can be sorted and looked at without parsing them.
void append_line(const CaptureLine& line, std::string& out) {
  fmt::format_to(std::back_inserter(out), R"({{"t":{},"dir":"{}","via":"{}","conn":)", line.time, word(line.direction),
                 line.via == Via::kRest ? "rest" : "ws");
  append_string(line.connection, out);
  if (line.request) {
    out += R"(,"req":)";
    append_string(*line.request, out);
  }
  if (line.status) fmt::format_to(std::back_inserter(out), R"(,"status":{})", *line.status);
  if (line.binary || !simdjson::validate_utf8(line.payload)) {
    out += R"(,"b64":")";
    append_base64(line.payload, out);
    out += '"';
  } else {
    out += R"(,"text":)";
    append_string(line.payload, out);
  }
  out += "}\n";
}

struct CaptureLineParser::Impl {
  // What is wrong with the field, empty if nothing. Sets the bit of each key that must be there.
  std::string_view field(std::string_view key, ondemand::value value, CaptureLine& line);

  ondemand::parser parser;
  std::string padded;
  unsigned seen = 0;
};

namespace {

constexpr unsigned kTime = 1, kDirection = 2, kVia = 4, kConnection = 8, kPayload = 16, kAll = 31;

bool read_string(ondemand::value& value, std::string& out) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return false;
  out.assign(text);
  return true;
}

bool read_status(ondemand::value& value, CaptureLine& line) {
  std::int64_t status = 0;
  if (value.get_int64().get(status) != simdjson::SUCCESS || status < 0 || status > 999) return false;
  line.status = static_cast<int>(status);
  return true;
}

}  // namespace

std::string_view CaptureLineParser::Impl::field(std::string_view key, ondemand::value value, CaptureLine& line) {
  std::string_view text;
  if (key == "t") {
    seen |= kTime;
    return value.get_int64().get(line.time) == simdjson::SUCCESS ? "" : "t is no integer";
  }
  if (key == "dir") {
    seen |= kDirection;
    const bool good = value.get_string().get(text) == simdjson::SUCCESS && read_direction(text, line.direction);
    return good ? "" : "dir is none of in, out, ctl";
  }
  if (key == "via") {
    seen |= kVia;
    return value.get_string().get(text) == simdjson::SUCCESS && read_via(text, line.via) ? ""
                                                                                         : "via is neither ws nor rest";
  }
  if (key == "conn") {
    seen |= kConnection;
    return read_string(value, line.connection) ? "" : "conn is no string";
  }
  if (key == "req") return read_string(value, line.request.emplace()) ? "" : "req is no string";
  if (key == "status") return read_status(value, line) ? "" : "status is no HTTP status";
  if (key == "text") {
    seen |= kPayload;
    return read_string(value, line.payload) ? "" : "text is no string";
  }
  if (key == "b64") {
    seen |= kPayload;
    line.binary = true;
    return value.get_string().get(text) == simdjson::SUCCESS && decode_base64(text, line.payload) ? ""
                                                                                                  : "b64 is no base64";
  }
  return "";
}

CaptureLineParser::CaptureLineParser() : impl_{std::make_unique<Impl>()} {}
CaptureLineParser::~CaptureLineParser() = default;

// UTF-8 is checked first: simdjson looks at it only in the strings that are asked for.
std::string_view CaptureLineParser::parse(std::string_view text, CaptureLine& line) {
  line.request.reset();
  line.status.reset();
  line.binary = false;
  impl_->seen = 0;
  if (!simdjson::validate_utf8(text)) return "not UTF-8";
  impl_->padded.assign(text);
  impl_->padded.append(simdjson::SIMDJSON_PADDING, '\0');
  ondemand::document document;
  ondemand::object object;
  if (impl_->parser.iterate(impl_->padded.data(), text.size(), impl_->padded.size()).get(document) !=
          simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return "not a JSON object";
  }
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS || field.value().get(value) != simdjson::SUCCESS) {
      return "not a JSON object";
    }
    const std::string_view problem = impl_->field(key, value, line);
    if (!problem.empty()) return problem;
  }
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return "more than one JSON object";
  return impl_->seen == kAll ? "" : "a key is missing: t, dir, via, conn and text or b64 are needed";
}

}  // namespace millrace::ingest
