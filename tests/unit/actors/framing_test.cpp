#include "actors/framing.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::framing_test {

using test::hex;
using test::to_hex;

TEST_CASE("a framed payload of any size is the frame that sockets write", "[framing]") {
  const byte_buffer head = hex("00 02");
  for (const std::size_t size : {0u, 1u, 123u, 124u, 4093u, 4094u, 65'533u, 65'534u, 200'000u}) {
    CAPTURE(size);
    const byte_buffer body(size, 0x5a);
    for (const frame_kind kind : {frame_kind::binary, frame_kind::text}) {
      const framed frame{kind, head, body};
      const shared_bytes expected = encode_frame(kind, head, body);
      CHECK(frame.size() == expected.size());
      CHECK(std::ranges::equal(frame.copy().view(), expected.view()));
      byte_buffer block = hex("aabb");
      frame.append_to(block);
      CHECK(block.size() == 2 + frame.size());
      CHECK(std::ranges::equal(byte_view{block}.subspan(2), expected.view()));
    }
  }
}

TEST_CASE("a frame has memory of its own from a payload of 4 KiB on", "[framing]") {
  const byte_buffer head(100, 'h');
  const auto needs_own = [&](std::size_t size) {
    const byte_buffer body(size - head.size(), 'b');
    return framed{frame_kind::binary, head, body}.needs_own_memory();
  };
  CHECK_FALSE(needs_own(own_memory_min - 1));
  CHECK(needs_own(own_memory_min));
}

TEST_CASE("a list has the frames in their order, once", "[framing]") {
  frame_list frames{frame_kind::text};
  {
    const std::string first = "a", second = "bc";
    frames.add(as_bytes(first), as_bytes(second));
    frames.add({}, {});
    frames.add({}, as_bytes(second));
  }
  const auto taken = frames.take();
  REQUIRE(taken.size() == 3);
  CHECK(to_hex(taken[0].view()) == "8103616263");
  CHECK(to_hex(taken[1].view()) == "8100");
  CHECK(to_hex(taken[2].view()) == "81026263");
  CHECK(frames.take().empty());
}

TEST_CASE("a notice is the frames of its dialect", "[framing]") {
  const byte_buffer update = hex("0000"), vector = hex("00");
  const notice state{
      .kind = notice_kind::state, .body = byte_view{update}, .extra = byte_view{vector}};
  const auto binary = encode_frames(dialect::y_websocket, state, "d");
  REQUIRE(binary.size() == 2);
  CHECK(to_hex(binary[0].view()) == "82050001020000");
  CHECK(to_hex(binary[1].view()) == "820400000100");
  const auto text = encode_frames(dialect::json, state, "d");
  REQUIRE(text.size() == 1);
  CHECK(text[0].view()[0] == 0x81);
  CHECK(as_text(test::payload_of(text[0])) ==
        R"({"type":"sync","docName":"d","payload":{"update":"AAA=","stateVector":"AA=="}})");
}

TEST_CASE("a large state is its pieces, then the answer to the sync, in one piece of memory",
          "[framing]") {
  const byte_buffer first{1, 2, 3};
  const byte_buffer second{4};
  const byte_buffer rest{0, 0};
  const byte_buffer vector{0};
  const notice state{.kind = notice_kind::state,
                     .body = byte_view{rest},
                     .extra = byte_view{vector},
                     .pieces = {first, second}};
  const auto frames = encode_block(dialect::y_websocket, state, "d");
  REQUIRE(frames.size() == 4);
  CHECK(to_hex(frames[0].view()) == "820600"
                                    "0203010203");
  CHECK(to_hex(frames[1].view()) == "820400"
                                    "020104");
  CHECK(to_hex(frames[2].view()) == "82050001020000");
  CHECK(to_hex(frames[3].view()) == "820400000100");
  for (const shared_slice& each : frames)
    CHECK(each.bytes.view().data() == frames[0].bytes.view().data());
}

TEST_CASE("a notice without a word in its dialect is no frame", "[framing]") {
  const notice event{.kind = notice_kind::event, .body = as_bytes("1"), .extra = {}};
  CHECK(encode_frames(dialect::y_websocket, event, "d").empty());
}

}  // namespace troupe::framing_test
