// Bytes made small, for what rests: states of documents in memory, versions and checkpoints on
// disk. A zstd frame that names the size of its contents. Pure. Format: RFC 8878.
#pragma once

#include <cstddef>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace troupe {

/// The effort: a low level is quick, a high one makes it smaller.
enum class compression_level : int { quick = 1, thorough = 9 };

/// Returns a frame. Cost: some nanoseconds a byte with `quick`, ten times that with `thorough`.
byte_buffer compress(byte_view bytes, compression_level level = compression_level::quick);

/// Returns the contents of a frame. Fails with invalid_zstd: it is no whole frame or is
/// damaged, names no size, or has more behind it; with state_too_large if its contents have more
/// than `size_max` bytes, before any memory is allocated for them.
result<byte_buffer> decompress(byte_view frame, std::size_t size_max);

}  // namespace troupe
