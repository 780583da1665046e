// Names an opened document on its node. A document that is closed and opened again has a new one.
#pragma once

#include <cstdint>

namespace troupe {

using document_id = std::uint64_t;

}  // namespace troupe
