#include "protocol/dialects/dialects.hpp"

#include <array>

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
constinit std::array<const dialect_codec*, dialect_count_max> codecs{
    &y_websocket, &json, &json_contents, &hocuspocus, &y_sweet};
constinit std::size_t codec_count = 5;

}  // namespace

const dialect_codec& codec_of(dialect which) noexcept { return *codecs[index_of(which)]; }

dialect register_dialect(const dialect_codec& codec) {
  TROUPE_CHECK(codec_count < dialect_count_max);
  codecs[codec_count] = &codec;
  return static_cast<dialect>(codec_count++);
}

}  // namespace troupe
