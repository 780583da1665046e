// The receivers of a notice or a frame of a document: one session, all, or all but one. Decided by
// hosted_document, followed by session_table.
#pragma once

#include <cstdint>

namespace troupe {

enum class audience : std::uint8_t { one, all, all_but_one };

}  // namespace troupe
