#include "protocol/crdt/wire/unusable_content.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/wire/update_tools.hpp"
#include "tests/support/doc_checks.hpp"

namespace troupe::unusable_content_test {

using namespace troupe::test;

namespace {

/// `__proto__` and its length in front.
const std::string prototype = "09 5f5f70726f746f5f5f";
/// `__bytes__` likewise.
const std::string renamed = "09 5f5f62797465735f5f";

std::string error_of(const byte_buffer& update) {
  crdt::doc doc;
  const auto applied = doc.apply_update(update);
  CHECK(doc.item_count() == 0);
  return applied ? "taken" : to_string(applied.error());
}

byte_buffer subdocument(std::string_view options) {
  return update_builder{}
      .client(1, 0)
      .text(in_root("t"), "ab")
      .subdocument(in_root("m", "k"), "g", hex(options))
      .build();
}

/// The document that loads `update` from storage, and what was repaired in it.
struct loaded {
  explicit loaded(byte_view update) {
    const auto applied = doc.load_update(update, repaired);
    if (!applied) FAIL(to_string(applied.error()));
    crdt::check_invariants(doc.contents());
  }

  std::string state() const { return to_hex(doc.encode_state_as_update()); }

  crdt::doc doc;
  std::vector<crdt::repaired_struct> repaired;
};

}  // namespace

TEST_CASE("options of a subdocument are an object whose guid is a text", "[crdt]") {
  for (const char* usable :
       {"76 00", "76 01 01 61 7e", "76 01 04 67756964 77 01 61", "76 01 04 6d657461 75 01 7f"}) {
    INFO(usable);
    CHECK(crdt::are_usable_options(hex(usable)));
    CHECK(loaded{subdocument(usable)}.repaired.empty());
    crdt::doc doc;
    must_apply(doc, subdocument(usable));
  }
  for (const char* unusable : {"7e", "7f", "7d 05", "77 00", "75 00", "74 00", "78",
                               "76 01 04 67756964 7e", "76 02 01 61 7e 04 67756964 75 00"}) {
    INFO(unusable);
    CHECK_FALSE(crdt::are_usable_options(hex(unusable)));
    CHECK(error_of(subdocument(unusable))
              .starts_with("unusable_content: options of a subdocument at byte "));
  }
}

TEST_CASE("a stored subdocument with options that no client can use is loaded with empty ones",
          "[crdt]") {
  for (const char* unusable : {"7e", "7f", "76 01 04 67756964 7e"}) {
    INFO(unusable);
    const loaded from{subdocument(unusable)};
    CHECK(from.state() == to_hex(loaded{subdocument("76 00")}.doc.encode_state_as_update()));
    REQUIRE(from.repaired.size() == 1);
    CHECK(from.repaired[0].client == 1);
    CHECK(from.repaired[0].clock == 2);
    CHECK(from.repaired[0].how == crdt::content_repair::options_replaced);
  }
}

TEST_CASE("bytes as the prototype of an object are refused, whatever they stand in", "[crdt]") {
  const std::string object = "76 01 " + prototype + " 74 01 07";
  for (const std::string& value :
       {object, "75 02 7e " + object, "76 01 01 61 " + object, "76 01 " + prototype + object}) {
    INFO(value);
    CHECK(error_of(update_builder{}.client(1).any(in_root("a"), 2, hex("7e" + value)).build())
              .starts_with("unusable_content: __proto__ that is bytes"));
    CHECK(
        error_of(subdocument("76 01 04 6d657461" + value)).starts_with("unusable_content: __pro"));
  }
  for (const std::string& value :
       {"76 01 " + prototype + " 7e", "76 01 " + prototype + " 76 00",
        "76 01 " + prototype + " 75 00", "76 01 " + renamed + " 74 00"}) {
    INFO(value);
    crdt::doc doc;
    must_apply(doc, update_builder{}.client(1).any(in_root("a"), 1, hex(value)));
  }
}

TEST_CASE("stored bytes that are the prototype of an object are loaded under another name",
          "[crdt]") {
  const std::string bad = "76 02 " + prototype + " 74 01 07 01 61 77 0b " + prototype + " 74";
  const std::string good = "76 02 " + renamed + " 74 01 07 01 61 77 0b " + prototype + " 74";
  const auto update = [](const std::string& value) {
    return update_builder{}
        .client(5)
        .text(in_root("t"), "\t__proto__t")
        .any(in_root("a"), 2, hex("7e" + value))
        .any(in_root("b"), 1, hex("7d 01"))
        .subdocument(in_root("c"), "g", hex("76 01 04 6d657461 75 01" + value))
        .build();
  };
  const loaded from{update(bad)};
  CHECK(from.state() == to_hex(loaded{update(good)}.doc.encode_state_as_update()));
  REQUIRE(from.repaired.size() == 2);
  CHECK(from.repaired[0].clock == 11);
  CHECK(from.repaired[1].clock == 14);
  CHECK(from.repaired[1].how == crdt::content_repair::member_renamed);
}

TEST_CASE("embeds and formats of format v2 are values as well", "[crdt]") {
  crdt::limits repairing;
  repairing.unusable = crdt::unusable_content::repair;
  const std::string json = R"({"__proto__":0})";
  const byte_buffer v1 =
      update_builder{}.client(1).embed(in_root("t"), json).format(in_root("u"), "k", json).build();
  auto v2 = crdt::convert_update(v1, crdt::update_format::v1, crdt::update_format::v2);
  REQUIRE(v2);
  // Each number becomes bytes: 7d 00 to 74 00.
  std::string digits = to_hex(*v2);
  for (std::size_t at = 0; (at = digits.find("5f5f7d00", at)) != std::string::npos;)
    digits.replace(at, 8, "5f5f7400");
  const byte_buffer bad = hex(digits);
  crdt::decoded_update decoded;
  const auto refused = crdt::decode_update(bad, crdt::update_format::v2, {}, decoded);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unusable_content);
  REQUIRE(crdt::decode_update(bad, crdt::update_format::v2, repairing, decoded));
  CHECK(decoded.repaired.size() == 2);
}

}  // namespace troupe::unusable_content_test
