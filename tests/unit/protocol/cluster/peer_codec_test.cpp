#include "protocol/cluster/peer_codec.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/check.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::peer_codec_test {

using namespace troupe::cluster;

namespace {

shared_slice bytes(std::string_view text) { return shared_bytes::copy_of(as_bytes(text)); }

/// One message of each kind, with values at the edges of what they may be.
std::vector<document_message> all_document_messages() {
  constexpr std::uint64_t last = (std::uint64_t{1} << 53) - 1;
  constexpr std::uint64_t wide = ~std::uint64_t{0};
  return {peer_compare{{wide, 1}, last},
          peer_stored{wide, last, 0},
          peer_ask{7, bytes("vector")},
          peer_fill{wide, bytes(std::string(300, 'f')), 128},
          peer_update{bytes("update"), 127},
          peer_load{{0, wide}, {}, last},
          peer_loaded{9, {}, false, 300},
          peer_opened{},
          peer_closed{},
          peer_presence{bytes("presence"), true},
          peer_event{bytes("{}"), "ada", "m-1"},
          peer_generation{last},
          peer_authors{{"ada", std::string(300, 'b')}, {"import"}},
          peer_generation_stored{last},
          peer_part{wide, answer_to::ask, bytes("part")},
          peer_more{wide, answer_to::load}};
}

document_block block_of(std::vector<document_message> messages) {
  return {"team/plan", 0xfedcba9876543210, std::move(messages), 300};
}

document_block decoded_block(const shared_bytes& encoded) {
  auto message = decode(encoded);
  REQUIRE(message.has_value());
  return std::get<document_block>(*std::move(message));
}

template <class Message>
Message decoded_alone(Message sent) {
  const document_block block = decoded_block(encode(block_of({std::move(sent)})));
  REQUIRE(block.messages.size() == 1);
  return std::get<Message>(block.messages[0]);
}

errc failure_of(std::string_view digits) {
  const auto message = decode(shared_bytes::copy_of(test::hex(digits)));
  REQUIRE_FALSE(message.has_value());
  return message.error().code;
}

const std::string plan = "01 04706c616e 0000000000000001 05";

}  // namespace

TEST_CASE("a block of all messages is the same after its way", "[cluster][codec]") {
  const shared_bytes encoded = encode(block_of(all_document_messages()));
  const document_block block = decoded_block(encoded);
  CHECK(block.document == "team/plan");
  CHECK(block.life == 0xfedcba9876543210);
  CHECK(block.list == 300);
  REQUIRE(block.messages.size() == std::variant_size_v<document_message>);
  for (std::size_t i = 0; i < block.messages.size(); ++i) CHECK(block.messages[i].index() == i);
  CHECK(as_text(encode(block).view()) == as_text(encoded.view()));
}

TEST_CASE("each field of a message about a document arrives", "[cluster][codec]") {
  const auto compare = decoded_alone(peer_compare{{1, 2}, 3});
  CHECK(compare.digest == hash128{1, 2});
  CHECK(compare.number == 3);
  const auto stored = decoded_alone(peer_stored{4, 5, 3});
  CHECK(stored.life == 4);
  CHECK(stored.up_to == 5);
  CHECK(stored.whole == 3);
  const auto ask = decoded_alone(peer_ask{6, bytes("sv")});
  CHECK(ask.life == 6);
  CHECK(as_text(ask.state_vector.view()) == "sv");
  const auto fill = decoded_alone(peer_fill{11, bytes("u"), 7});
  CHECK(fill.life == 11);
  CHECK(fill.number == 7);
  CHECK(as_text(fill.update.view()) == "u");
  const auto load = decoded_alone(peer_load{{8, 9}, bytes("sv"), 12});
  CHECK(load.digest == hash128{8, 9});
  CHECK(load.round == 12);
  CHECK(as_text(load.state_vector.view()) == "sv");
  const auto loaded = decoded_alone(peer_loaded{10, bytes("u"), false, 13});
  CHECK(loaded.life == 10);
  CHECK(loaded.round == 13);
  CHECK_FALSE(loaded.is_whole);
  CHECK(as_text(loaded.update.view()) == "u");
  const auto presence = decoded_alone(peer_presence{bytes("p"), true});
  CHECK(presence.is_all);
  CHECK(as_text(presence.update.view()) == "p");
  const auto event = decoded_alone(peer_event{bytes("{}"), "ada", "m"});
  CHECK(event.user == "ada");
  CHECK(event.message_id == "m");
  CHECK(as_text(event.payload.view()) == "{}");
  const auto authors = decoded_alone(peer_authors{{"ada", "bob"}, {"import"}});
  CHECK(authors.users == std::vector<std::string>{"ada", "bob"});
  CHECK(authors.origins == std::vector<std::string>{"import"});
}

TEST_CASE("parts of an answer say what they answer", "[cluster][codec]") {
  const auto part = decoded_alone(peer_part{5, answer_to::load, bytes("u")});
  CHECK(part.life == 5);
  CHECK(part.to == answer_to::load);
  CHECK(as_text(part.update.view()) == "u");
  const auto more = decoded_alone(peer_more{6, answer_to::ask});
  CHECK(more.life == 6);
  CHECK(more.to == answer_to::ask);
}

TEST_CASE("the size of a message in a block is what it adds to that", "[cluster][codec]") {
  const std::size_t empty = encode(block_of({})).size();
  for (const document_message& each : all_document_messages())
    CHECK(encode(block_of({each})).size() == empty + encoded_size(each));
}

TEST_CASE("more authors than may be are refused", "[cluster][codec]") {
  const std::vector<std::string> most(peer_authors_count_max, "a");
  CHECK(decoded_alone(peer_authors{most, most}).users.size() == peer_authors_count_max);
  CHECK(failure_of("01 04706c616e 0000000000000001 05 0d 65") == errc::number_too_large);
}

TEST_CASE("messages about nodes are the same after their way", "[cluster][codec]") {
  const std::vector<node_message> all = {peer_members{bytes("list")}, peer_moved{300},
                                         peer_access_change{bytes("{}")}, peer_bye{}};
  for (const node_message& each : all) {
    const shared_bytes encoded = encode(each);
    const auto decoded = decode(encoded);
    REQUIRE(decoded.has_value());
    CHECK(std::get<node_message>(*decoded).index() == each.index());
    CHECK(as_text(encode(*decoded).view()) == as_text(encoded.view()));
  }
}

TEST_CASE("what is decoded shares the memory of its bytes", "[cluster][codec]") {
  const shared_bytes encoded = encode(block_of({peer_update{bytes("hello"), 1}}));
  // A message within a larger payload.
  const shared_bytes payload = shared_bytes::copy_of(as_bytes("xyz"), encoded.view());
  const auto decoded = decode({payload, 3, encoded.size()});
  REQUIRE(decoded.has_value());
  const auto& update = std::get<peer_update>(std::get<document_block>(*decoded).messages[0]);
  CHECK(as_text(update.update.view()) == "hello");
  CHECK(update.update.bytes.view().data() == payload.view().data());
}

TEST_CASE("a message that is cut anywhere is refused", "[cluster][codec]") {
  // Of one message each, since a block may end behind any of its messages.
  for (const document_message& each : all_document_messages()) {
    const shared_bytes encoded = encode(block_of({each}));
    const std::size_t empty_block = encode(block_of({})).size();
    for (std::size_t size = 0; size < encoded.size(); ++size) {
      const auto decoded = decode({encoded, 0, size});
      CHECK(decoded.has_value() == (size == empty_block));
    }
  }
}

TEST_CASE("a tag that is unknown is refused", "[cluster][codec]") {
  CHECK(failure_of("00") == errc::unknown_message);
  CHECK(failure_of("06") == errc::unknown_message);
  CHECK(failure_of(plan + "00") == errc::unknown_message);
  CHECK(failure_of(plan + "11") == errc::unknown_message);
  CHECK(failure_of(plan + "08 09 ff") == errc::unknown_message);
}

TEST_CASE("lengths and flags above their limits are refused", "[cluster][codec]") {
  CHECK(failure_of("") == errc::truncated);
  CHECK(failure_of("05 00") == errc::trailing_bytes);
  CHECK(failure_of("02 818002 00") == errc::number_too_large);             // 32 KiB and a byte
  CHECK(failure_of("02 808002 00") == errc::truncated);                    // 32 KiB
  CHECK(failure_of("01 8104 00") == errc::number_too_large);               // a name of 513 bytes
  CHECK(failure_of("01 00 0000000000000000 00") == errc::invalid_name);    // of none
  CHECK(failure_of("01 01ff 0000000000000000 00") == errc::invalid_name);  // not UTF-8
  CHECK(failure_of(plan + "0a 02 00") == errc::number_too_large);          // a flag
  CHECK(failure_of(plan + "0b 818001 00") == errc::number_too_large);      // a user of 16 KiB and 1
  CHECK(failure_of(plan + "0c ffffffffffffff1f") == errc::number_too_large);  // above 2^53
  CHECK(failure_of(plan + "05 01 8180808028") == errc::number_too_large);     // an update
}

TEST_CASE("a block has as many messages as its limit allows", "[cluster][codec]") {
  const std::string header = test::to_hex(encode(document_block{"plan", 1, {}}).view());
  std::string digits = header;
  for (std::size_t i = 0; i < block_messages_max; ++i) digits += "08";
  const auto full = decode(shared_bytes::copy_of(test::hex(digits)));
  REQUIRE(full.has_value());
  CHECK(std::get<document_block>(*full).messages.size() == block_messages_max);
  CHECK(failure_of(digits + "08") == errc::number_too_large);
}

TEST_CASE("what is above a limit is not encoded", "[cluster][codec]") {
  CHECK_THROWS_AS(encode(document_block{std::string(513, 'a'), 0, {}}), broken_promise);
  CHECK_THROWS_AS(encode(node_message{peer_moved{std::uint64_t{1} << 53}}), broken_promise);
  const document_block full{"plan", 1,
                            std::vector<document_message>(block_messages_max + 1, peer_opened{})};
  CHECK_THROWS_AS(encode(full), broken_promise);
}

}  // namespace troupe::peer_codec_test
