#include "protocol/dialects/dialects.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/check.hpp"
#include "protocol/dialects/hocuspocus.hpp"
#include "protocol/dialects/json.hpp"
#include "protocol/dialects/y_sweet.hpp"
#include "protocol/dialects/y_websocket.hpp"

namespace troupe {

namespace {

constinit const y_websocket_codec y_websocket;
constinit const json_codec json{dialect::json};
constinit const json_codec json_contents{dialect::json_contents};
constinit const hocuspocus_codec hocuspocus;
constinit const y_sweet_codec y_sweet;

/// In the order of the enumerators of `dialect`.
constexpr std::array<const dialect_codec*, dialect_count_max> built_in{
    &y_websocket, &json, &json_contents, &hocuspocus, &y_sweet};
constexpr std::size_t built_in_count = static_cast<std::size_t>(
    std::find(built_in.begin(), built_in.end(), nullptr) - built_in.begin());
static_assert(built_in_count == index_of(dialect::y_sweet) + 1, "a dialect lacks its codec");

/// Those, and what is registered.
constinit std::array<const dialect_codec*, dialect_count_max> codecs = built_in;
constinit std::size_t codec_count = built_in_count;

}  // namespace

const dialect_codec& codec_of(dialect which) noexcept { return *codecs[index_of(which)]; }

dialect register_dialect(const dialect_codec& codec) {
  TROUPE_CHECK(codec_count < dialect_count_max);
  codecs[codec_count] = &codec;
  return static_cast<dialect>(codec_count++);
}

}  // namespace troupe
