// The number under which a document is stored: the first 16 bytes of the SHA-256 of its name. Fixed
// in size, so that keys are short and a long name costs nothing in the log; evenly spread; the same
// on every node and for ever. Clients choose names, so it is a hash for which nobody can make two
// names collide (2^64 attempts); should it happen all the same, readers and writers notice, because
// the name is stored as well.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::storage {

using document_id = std::array<std::uint8_t, 16>;

/// Thread: any. About a microsecond.
document_id id_of(std::string_view name);

/// Its 32 hexadecimal digits.
std::string to_string(const document_id& id);

}  // namespace troupe::storage
