// The table of dialects: which codec stands behind which number.
#pragma once

#include "protocol/dialects/codec.hpp"

namespace troupe {

/// The codec of a dialect. Thread: any.
const dialect_codec& codec_of(dialect which) noexcept;

/// Adds a dialect to the table. The codec lives as long as the process.
/// Requires: no session exists yet, and fewer than dialect_count_max dialects are registered.
dialect register_dialect(const dialect_codec& codec);

}  // namespace troupe
