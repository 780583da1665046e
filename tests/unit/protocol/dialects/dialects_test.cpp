#include "protocol/dialects/dialects.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/dialects/json.hpp"
#include "protocol/dialects/y_websocket.hpp"

namespace troupe::dialects_test {

namespace {

class silent_codec final : public dialect_codec {
 public:
  silent_codec() : dialect_codec({.name = "silent"}) {}
  result<void> decode(byte_view, decoded_frame&) const override {
    return fail(errc::unknown_message);
  }
  void encode(const notice&, std::optional<std::string_view>, frame_sink&) const override {}
};

}  // namespace

TEST_CASE("the dialects of clients stand in the table from the start", "[dialects]") {
  CHECK(dynamic_cast<const y_websocket_codec*>(&codec_of(dialect::y_websocket)) != nullptr);
  CHECK(dynamic_cast<const json_codec*>(&codec_of(dialect::json)) != nullptr);
}

TEST_CASE("a dialect that is registered gets a number of its own", "[dialects]") {
  static const silent_codec codec;
  static const dialect silent = register_dialect(codec);
  CHECK(&codec_of(silent) == &codec);
  CHECK(silent != dialect::y_websocket);
  CHECK(silent != dialect::json);
  CHECK(index_of(silent) < dialect_count_max);
  CHECK(codec_of(silent).traits().name == "silent");
  CHECK(codec_of(dialect::json).traits().name == "json");
  CHECK(codec_of(dialect::y_websocket).traits().name == "y-websocket");
}

TEST_CASE("a dialect has nothing special unless it says so", "[dialects]") {
  const dialect_traits traits;
  CHECK(traits.frames == frame_kind::binary);
  CHECK(traits.joins == joining::by_address);
  CHECK_FALSE(traits.has_errors);
  CHECK_FALSE(traits.merges_updates);
  CHECK_FALSE(traits.acknowledges_by_echo);
  CHECK_FALSE(traits.needs_keep_alive);
}

}  // namespace troupe::dialects_test
