// The Hocuspocus dialect byte by byte. The bytes are those that @hocuspocus/provider 4.5 and
// @hocuspocus/server 4.5 sent each other, for a document named "a".
#include "protocol/dialects/hocuspocus.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/dialects/hocuspocus_message.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/unit/protocol/dialects/codec_checks.hpp"

namespace troupe::hocuspocus_test {

using namespace troupe::test;

namespace {

const hocuspocus_codec codec;

using frames = std::vector<std::string>;
using content = envelope::content;

frames frames_of(const notice& what, std::string_view document = "a") {
  frames digits;
  for (const std::string& payload : encoded(codec, what, document))
    digits.push_back(to_hex(as_bytes(payload)));
  return digits;
}

notice admitted_with(rights may) {
  return {.kind = notice_kind::admitted, .body = {}, .extra = {}, .may = may};
}

notice ack_of(std::uint32_t count) {
  return {.kind = notice_kind::ack, .body = {}, .extra = {}, .count = count};
}

}  // namespace

TEST_CASE("Hocuspocus sessions share a connection and count their acknowledgements",
          "[hocuspocus]") {
  const dialect_traits& traits = codec.traits();
  CHECK(traits.name == "hocuspocus");
  CHECK(traits.frames == frame_kind::binary);
  CHECK(traits.joins == joining::by_address);
  CHECK_FALSE(traits.has_errors);
  CHECK_FALSE(traits.acknowledges_by_echo);
  CHECK(traits.carries_sessions);
  CHECK(traits.acknowledges_each);
  CHECK(traits.needs_keep_alive);
}

TEST_CASE("a Hocuspocus frame is a request behind its address", "[hocuspocus]") {
  struct row {
    const char* digits;
    request_kind kind;
    const char* body;
    bool is_answer = false;
  };
  for (const row& each : {
           row{"01 61 00 00 01 00", request_kind::sync, "00"},
           row{"01 61 00 01 02 00 00", request_kind::update, "0000", true},
           row{"01 61 00 02 02 00 00", request_kind::update, "0000"},
           row{"01 61 01 06 01 01 00 02 7b 7d", request_kind::presence, "010100027b7d"},
           row{"01 61 03", request_kind::query_presence, ""},
           row{"01 61 02 00 02 6f 6b 05 34 2e 35 2e 30", request_kind::token, "6f6b"},
           row{"01 61 02 00 02 6f 6b", request_kind::token, "6f6b"},
           row{"01 61 02 00 00", request_kind::token, ""},
           row{"01 61 05 02 68 69", request_kind::event, "22686922"},
           row{"01 61 05 03 7b 22 7d", request_kind::event, "227b5c227d22"},
           row{"01 61 07", request_kind::leave, ""},
           row{"0d 62 00 68 67 78 6e 6b 62 6e 32 6e 33 74 00 00 01 00", request_kind::sync, "00"},
       }) {
    CAPTURE(each.digits);
    decoded_frame frame = used_frame();
    const byte_buffer bytes = hex(each.digits);  // the body points into them
    REQUIRE(codec.decode(bytes, frame).has_value());
    CHECK(frame.kind == each.kind);
    CHECK(to_hex(frame.body) == each.body);
    CHECK(frame.answers_question == each.is_answer);
    // That of the address of its session.
    CHECK_FALSE(frame.document.has_value());
    CHECK(frame.message_id.empty());
    CHECK(frame.rest.empty());
  }
}

TEST_CASE("a Hocuspocus frame that no client sends is unknown or malformed", "[hocuspocus]") {
  struct row {
    const char* digits;
    errc code;
  };
  for (const row& each : {
           row{"01 61 04 00 01 00", errc::unknown_message},     // between servers
           row{"01 61 06 02 68 69", errc::unknown_message},     // likewise
           row{"01 61 08 01", errc::unknown_message},           // the server's
           row{"01 61 02 01 02 6e 6f", errc::unknown_message},  // likewise
           row{"01 61 0b", errc::unknown_message},
           row{"01 61 00 03 00", errc::unknown_message},
           row{"01 61", errc::truncated},
           row{"01 61 00 02 05 00", errc::truncated},
           row{"02 61", errc::truncated},
           row{"01 61 02 00", errc::truncated},
           row{"01 61 03 00", errc::trailing_bytes},
           row{"01 61 00 00 01 00 00", errc::trailing_bytes},
           row{"01 61 05 01 ff", errc::invalid_utf8},
           row{"01 ff 03", errc::invalid_utf8},
           row{"01 61 02 00 01 ff", errc::invalid_utf8},
           row{"", errc::truncated},
           row{"ff ff ff ff ff ff ff ff ff 01", errc::number_too_large},
       }) {
    CAPTURE(each.digits);
    decoded_frame frame = used_frame();
    const auto read = codec.decode(hex(each.digits), frame);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == each.code);
  }
}

TEST_CASE("an address has room for a document and a session, and no more", "[hocuspocus]") {
  const auto decodes = [](std::size_t size) {
    byte_buffer frame{static_cast<std::uint8_t>(0x80 | (size & 0x7F)),
                      static_cast<std::uint8_t>(size >> 7)};
    frame.insert(frame.end(), size, 'a');
    frame.push_back(3);
    decoded_frame into;
    return codec.decode(frame, into).has_value();
  };
  CHECK(decodes(hocuspocus::address_bytes_max));
  CHECK_FALSE(decodes(hocuspocus::address_bytes_max + 1));
}

TEST_CASE("an envelope says for which session a frame is", "[hocuspocus]") {
  const auto read = [](std::string_view digits) {
    static byte_buffer bytes;  // the result names them
    bytes = hex(digits);
    const auto found = codec.read_envelope(bytes);
    REQUIRE(found.has_value());
    return *found;
  };
  const envelope plain = read("01 61 00 00 01 00");
  CHECK(plain.what == content::message);
  CHECK(plain.address == "a");
  CHECK(plain.document == "a");
  CHECK(plain.answer.empty());
  const envelope twice = read("03 62 00 78 00 00 01 00");
  CHECK(twice.address == std::string_view{"b\0x", 3});
  CHECK(twice.document == "b");
  CHECK(read("01 61 02 00 00").what == content::token);
  CHECK(read("01 61 07").what == content::leave);
  CHECK(read("01 61 07 00").what == content::leave);
  // Whatever its message is: that is for the session to say.
  CHECK(read("01 61 63").what == content::message);
  CHECK(read("09 61 61 61 61 61 61 61 61 61 03").what == content::message);
  for (const char* const bad : {"", "01", "02 61", "01 61", "01 ff 00"}) {
    CAPTURE(bad);
    CHECK_FALSE(codec.read_envelope(hex(bad)).has_value());
  }
}

TEST_CASE("a ping has no address and is answered by a pong", "[hocuspocus]") {
  const auto ping = codec.read_envelope(hex("09"));
  REQUIRE(ping.has_value());
  CHECK(ping->what == content::nothing);
  CHECK(to_hex(ping->answer) == "0a");
  const auto pong = codec.read_envelope(hex("0a"));
  REQUIRE(pong.has_value());
  CHECK(pong->what == content::nothing);
  CHECK(pong->answer.empty());
}

TEST_CASE("Hocuspocus has a frame for each notice about content and presence", "[hocuspocus]") {
  const byte_buffer update = hex("0000"), vector = hex("00");
  // The answer first: an acknowledgement counts as synced.
  CHECK(frames_of(notice_of(notice_kind::state, update, vector)) ==
        frames{"01610001020000", "016100000100"});
  CHECK(frames_of(notice_of(notice_kind::question, vector)) == frames{"016100000100"});
  CHECK(frames_of(notice_of(notice_kind::update, update)) == frames{"01610002020000"});
  CHECK(frames_of(notice_of(notice_kind::presence, hex("00"))) == frames{"0161010100"});
  notice pieces = notice_of(notice_kind::state, update, vector);
  pieces.pieces.push_back(hex("01"));
  CHECK(frames_of(pieces) == frames{"016100020101", "01610001020000", "016100000100"});
}

TEST_CASE("a client hears what it may do, and what became of its updates", "[hocuspocus]") {
  CHECK(frames_of(admitted_with(rights::all())) == frames{"016102020a726561642d7772697465"});
  CHECK(frames_of(admitted_with(rights{right::read})) == frames{"0161020208726561646f6e6c79"});
  CHECK(frames_of(notice_of(notice_kind::token_wanted)) == frames{"01610200"});
  CHECK(frames_of(ack_of(1)) == frames{"01610801"});
  CHECK(frames_of(ack_of(3)) == frames{"01610801", "01610801", "01610801"});
  notice refused = notice_of(notice_kind::error, as_bytes("no"));
  refused.error = request_error::forbidden;
  refused.part = request_part::update;
  CHECK(frames_of(refused) == frames{"01610800"});
  refused.part = request_part::presence;
  CHECK(frames_of(refused).empty());
}

TEST_CASE("a client hears why its session ends", "[hocuspocus]") {
  CHECK(frames_of(notice_of(notice_kind::denied, as_bytes("custom-reason")), "c") ==
        frames{"01630201"
               "0d637573746f6d2d726561736f6e"});
  CHECK(frames_of(notice_of(notice_kind::closed, as_bytes("provider_initiated"))) ==
        frames{"01610712"
               "70726f76696465725f696e69746961746564"});
}

TEST_CASE("a stateless message is a string, and any other event its text", "[hocuspocus]") {
  const auto stateless = [](std::string_view json) {
    return frames_of(notice_of(notice_kind::event, as_bytes(json)));
  };
  CHECK(stateless(R"("hi")") == frames{"016105026869"});
  CHECK(stateless(R"("\n")") == frames{"016105010a"});
  CHECK(stateless(R"({"a":1})") == frames{"016105077b2261223a317d"});
  CHECK(stateless("7") == frames{"0161050137"});
  for (const std::string_view text : {"hi", "", R"({"a":"\n"})", "\"quoted\"", "\xC3\xA9"}) {
    CAPTURE(text);
    hocuspocus::message_head head{"a", hocuspocus::message_type::stateless};
    head.put_size(text.size());
    byte_buffer frame{head.view().begin(), head.view().end()};
    frame.insert(frame.end(), text.begin(), text.end());
    decoded_frame into;
    REQUIRE(codec.decode(frame, into).has_value());
    CHECK(stateless(as_text(into.body)) == frames{to_hex(frame)});
  }
}

TEST_CASE("a frame of a document is readdressed for a session that says more", "[hocuspocus]") {
  struct sink final : frame_sink {
    std::string digits;
    void add(byte_view head, byte_view body) override { digits += to_hex(head) + to_hex(body); }
  } out;
  codec.readdress(hex("01 62 00 02 02 00 00"), std::string_view{"b\0x", 3}, out);
  CHECK(out.digits == "036200780002020000");
}

}  // namespace troupe::hocuspocus_test
