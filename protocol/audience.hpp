// Whom a message of a document is for, from the decision (hosted_document) to the sockets
// (session_table).
#pragma once

#include <cstdint>

namespace troupe {

enum class audience : std::uint8_t { one, all, all_but_one };

}  // namespace troupe
