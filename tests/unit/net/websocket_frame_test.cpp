#include "net/websocket_frame.hpp"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::websocket_frame_test {

namespace {

std::vector<std::uint8_t> bytes_of(const shared_bytes& frame) {
  return {frame.view().begin(), frame.view().end()};
}

std::vector<std::uint8_t> header_of(std::size_t payload_size) {
  const std::string payload(payload_size, 'p');
  const auto frame = bytes_of(encode_frame(frame_kind::binary, as_bytes(payload)));
  const std::size_t header_size = frame_header_size(payload_size);
  REQUIRE(frame.size() == header_size + payload_size);
  CHECK(std::vector(frame.begin() + static_cast<std::ptrdiff_t>(header_size), frame.end()) ==
        std::vector<std::uint8_t>(payload_size, 'p'));
  return {frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(header_size)};
}

}  // namespace

TEST_CASE("a frame is its header and its payload", "[websocket_frame]") {
  CHECK(bytes_of(encode_frame(frame_kind::text, as_bytes("hi"))) ==
        std::vector<std::uint8_t>{0x81, 0x02, 'h', 'i'});
  CHECK(bytes_of(encode_frame(frame_kind::binary, as_bytes("hi"))) ==
        std::vector<std::uint8_t>{0x82, 0x02, 'h', 'i'});
}

TEST_CASE("an empty frame is a header alone", "[websocket_frame]") {
  CHECK(bytes_of(encode_frame(frame_kind::binary, {})) == std::vector<std::uint8_t>{0x82, 0x00});
}

TEST_CASE("the length of a frame takes its shortest form", "[websocket_frame]") {
  CHECK(header_of(125) == std::vector<std::uint8_t>{0x82, 125});
  CHECK(header_of(126) == std::vector<std::uint8_t>{0x82, 126, 0x00, 0x7E});
  CHECK(header_of(0x1234) == std::vector<std::uint8_t>{0x82, 126, 0x12, 0x34});
  CHECK(header_of(0xFFFF) == std::vector<std::uint8_t>{0x82, 126, 0xFF, 0xFF});
  CHECK(header_of(0x10000) ==
        std::vector<std::uint8_t>{0x82, 127, 0, 0, 0, 0, 0, 0x01, 0x00, 0x00});
}

}  // namespace troupe::websocket_frame_test
