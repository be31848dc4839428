#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/sim/accounts/face.h"

// What the control endpoint can ask of one account and tell it to do; the README has the table.
namespace millrace::sim::accounts {

// The whole truth about the account as one JSON object: orders, fills, balances, positions, money moved without a
// fill, knobs and what they did. Numbers are decimal texts.
std::string ledger_json(const AccountFace& face);

// Does what `verb` says with the arguments in `body` (a JSON object or nothing). The answer says what number it made,
// or with status 400 why not. The face has ticked afterwards, so the stream has heard.
HttpReply command(AccountFace& face, std::string_view verb, std::string_view body, std::int64_t now);

}  // namespace millrace::sim::accounts
