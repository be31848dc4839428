#pragma once

namespace millrace::ingest {

// From now on the calling thread, and each that it makes (so its producer's, too), yields to the others of the process
// where the processor is short (ten more nice): market data waits, fills do not. Where each thread has a core it
// changes nothing. A refusal by the system is told as a warning.
void yield_to_accounts();

}  // namespace millrace::ingest
