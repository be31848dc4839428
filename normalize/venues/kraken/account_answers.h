#pragma once

#include <optional>
#include <string_view>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"

// Kraken's REST answers: {"error":[...],"result":...}, with HTTP status 200 also for errors.
namespace millrace::normalize::kraken {

// What one error text of the venue means ("EAPI:Invalid nonce"; sheet, section 8), from REST or from a refused
// subscription. `now` is for "EService: Throttled: <unix seconds>", which says until when to wait.
Judgement judge_error(std::string_view words, UnixNanos now);

// See AccountVenue::judge. Words of the venue count for more than the status; without them a status that is not 200
// comes from the edge in front of the venue, as does a body of another shape.
Judgement judge_answer(const PrivateAnswer& answer);

// Does a refused question about orders say that there is no such order? Of several it does not say which.
bool is_unknown_order(const Judgement& judgement);

// `result` of a good answer, owning all its texts. Errors: those of parse_json, kRefused with the venue's words,
// kMissingField without a result.
Result<JsonNode> read_result(JsonParser& parser, std::string_view body);

// Seconds since 1970 with decimals (1688585840.8921) in nanoseconds, exactly; nullopt if it is no such number, has more
// than nine decimals, or lies outside 1970 to 2262.
std::optional<UnixNanos> read_unix_seconds(std::string_view text);

}  // namespace millrace::normalize::kraken
