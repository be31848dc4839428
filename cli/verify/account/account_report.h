#pragma once

#include <string>

#include "cli/verify/account/account_verifier.h"
#include "cli/verify/report.h"
#include "schemas/codec/json_writer.h"

// What the report says of accounts.
namespace millrace::cli {

// Adds to the streams of `out` what was found beside the worker's numbers, and a stream for the sweeps. After finish().
void add_account(const AccountVerifier::Name& name, const AccountCheck& check, Report& out);

// The members of a stream's object that accounts have. REQUIRES stream.account.
void write_account(schemas::JsonWriter& json, const StreamReport& stream);

// A few lines for people: fills and where they come from, how far they are complete. Empty without accounts.
std::string account_lines(const Report& report);

}  // namespace millrace::cli
