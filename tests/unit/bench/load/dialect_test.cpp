#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "bench/load/address.hpp"
#include "bench/load/dialect.hpp"
#include "bench/load/websocket.hpp"

namespace troupe::load_dialect_test {

namespace {

using troupe::byte_buffer;
using troupe::byte_view;
using troupe::load::dialect;
using troupe::load::incoming_kind;
using troupe::load::masking;
using troupe::load::opcode;
using troupe::load::protocol;

/// A message as it is sent, without the frame around it.
byte_buffer message_of(const dialect& in, incoming_kind kind, byte_view body) {
  byte_buffer message = in.head_of(kind, body.size());
  message.insert(message.end(), body.begin(), body.end());
  return message;
}

}  // namespace

TEST_CASE("the generator loads this machine only", "[load]") {
  CHECK(troupe::load::parse_address("127.0.0.1:3001"));
  CHECK(troupe::load::parse_address("ws://127.1.2.3:80/"));
  for (const char* text : {"10.0.0.1:3001", "0.0.0.0:3001", "128.0.0.1:1", "localhost:3001",
                           "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1:80x", ""})
    CHECK_FALSE(troupe::load::parse_address(text));
}

TEST_CASE("a frame says how long it is in each of the three ways", "[load]") {
  for (const std::size_t size : {0U, 125U, 126U, 65'535U, 65'536U}) {
    const byte_buffer payload(size, 0x41);
    byte_buffer out;
    troupe::load::append_frame(out, opcode::binary, masking::on, payload);
    const auto header = troupe::load::read_frame_header(out);
    REQUIRE(header);
    CHECK(header->is_final);
    CHECK(header->is_masked);
    CHECK(header->payload_size == size);
    REQUIRE(header->total_size() == out.size());
    std::uint8_t* const begin = out.data() + header->header_size;
    if (size > 0) CHECK(*begin != 0x41);
    troupe::load::unmask(begin, size, begin - 4);
    CHECK(byte_buffer(begin, begin + size) == payload);
    CHECK_FALSE(troupe::load::read_frame_header(byte_view{out}.first(header->header_size - 1)));
  }
}

TEST_CASE("messages of y-websocket are read as they are written", "[load]") {
  const dialect in{protocol::y_websocket, "notes"};
  CHECK(in.path("/") == "/notes");
  CHECK(in.greeting().empty());
  const byte_buffer body{1, 2, 3};
  for (const auto kind : {incoming_kind::sync_step1, incoming_kind::sync_step2,
                          incoming_kind::update, incoming_kind::awareness}) {
    const byte_buffer message = message_of(in, kind, body);
    CHECK(in.read(message).kind == kind);
    CHECK(std::ranges::equal(in.read(message).body, body));
  }
  CHECK(message_of(in, incoming_kind::update, body) == byte_buffer{0, 2, 3, 1, 2, 3});
}

TEST_CASE("messages of Hocuspocus carry the name of the document", "[load]") {
  const dialect in{protocol::hocuspocus, "a"};
  CHECK(in.path("/") == "/");
  CHECK(in.greeting() ==
        byte_buffer{1, 'a', 2, 0, 5, 't', 'o', 'k', 'e', 'n', 5, '4', '.', '7', '.', '0'});
  CHECK(message_of(in, incoming_kind::sync_step1, byte_buffer{0}) ==
        byte_buffer{1, 'a', 0, 0, 1, 0});
  CHECK(in.read(byte_buffer{1, 'a', 0, 2, 1, 9}).kind == incoming_kind::update);
  CHECK(in.read(byte_buffer{1, 'a', 8, 1}).kind == incoming_kind::confirmed);
  CHECK(in.read(byte_buffer{1, 'a', 8, 0}).kind == incoming_kind::refused);
  CHECK(in.read(byte_buffer{1, 'a', 2, 1, 2, 'n', 'o'}).kind == incoming_kind::refused);
  CHECK(in.read(byte_buffer{1, 'a', 2, 2, 2, 'r', 'w'}).kind == incoming_kind::other);
  CHECK(in.read(byte_buffer{1, 'b', 0, 2, 1, 9}).kind == incoming_kind::malformed);
}

TEST_CASE("a second message in one frame is malformed", "[load]") {
  const dialect in{protocol::y_websocket, "notes"};
  CHECK(in.read(byte_buffer{0, 2, 1, 9, 0, 2, 1, 9}).kind == incoming_kind::malformed);
  CHECK(in.read(byte_buffer{0, 2, 2, 9}).kind == incoming_kind::malformed);
  CHECK(in.read(byte_buffer{}).kind == incoming_kind::malformed);
}

}  // namespace troupe::load_dialect_test
