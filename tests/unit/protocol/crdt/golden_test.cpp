// Frozen documents that a pinned yjs has written (tests/golden): what a fresh document holds that
// loaded one.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/base64.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/crdt/wire/update_tools.hpp"
#include "tests/support/test_data.hpp"

namespace troupe::golden_test {

using nlohmann::json;

namespace {

byte_buffer from_hex(const std::string& text) {
  byte_buffer bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

/// Values that JSON lacks, in the form in which our export writes them.
json as_exported(const json& value) {
  if (value.is_array()) {
    json list = json::array();
    for (const json& element : value) list.push_back(as_exported(element));
    return list;
  }
  if (!value.is_object()) return value;
  if (value.contains("$undefined")) return nullptr;
  if (value.contains("$bigint")) return json::parse(value["$bigint"].get<std::string>());
  if (value.contains("$number")) return value["$number"] == "-0" ? json(0) : json(nullptr);
  if (value.contains("$subdocument")) return {{"guid", value["$subdocument"]}};
  if (value.contains("$bytes")) {
    std::string text;
    append_base64(from_hex(value["$bytes"]), text);
    return text;
  }
  json object = json::object();
  for (const auto& [key, member] : value.items()) object[key] = as_exported(member);
  return object;
}

struct golden_case {
  std::string name;
  byte_buffer update;
  byte_buffer update_v2;
  json expected;
};

void read_folder(const std::filesystem::path& folder, std::vector<golden_case>& cases) {
  for (const auto& file : std::filesystem::directory_iterator{folder}) {
    if (file.path().extension() != ".json") continue;
    auto update = file.path();
    update.replace_extension(".v1.bin");
    auto update_v2 = file.path();
    update_v2.replace_extension(".v2.bin");
    const auto text = test::read_file(file.path());
    cases.push_back({file.path().stem(), *test::read_file(update), *test::read_file(update_v2),
                     json::parse(*text)});
  }
}

/// Those of the pinned yjs, and those of other versions of it.
std::vector<golden_case> read_cases() {
  const std::filesystem::path pinned{TROUPE_GOLDEN_DIR};
  std::vector<golden_case> cases;
  read_folder(pinned, cases);
  read_folder(pinned.parent_path() / "versions" / "data", cases);
  std::ranges::sort(cases, {}, &golden_case::name);
  return cases;
}

}  // namespace

TEST_CASE("golden documents load, read and encode as yjs does", "[crdt][golden]") {
  const auto cases = read_cases();
  REQUIRE(cases.size() >= 30);
  for (const golden_case& golden : cases) {
    INFO(golden.name);
    crdt::doc doc;
    const auto applied = doc.apply_update(golden.update);
    if (!applied) FAIL_CHECK(to_string(applied.error()));
    crdt::check_invariants(doc.contents());
    CHECK(doc.state_vector().encode() == from_hex(golden.expected["state_vector"]));
    CHECK((doc.pending_size() > 0) == golden.expected["pending"].get<bool>());
    CHECK(doc.encode_state_as_update() == from_hex(golden.expected["reencoded_v1"]));
    // Behind a hole we show what yjs 14 shows; yjs 13 hides it until the hole is filled.
    if (golden.expected["pending"].get<bool>()) continue;
    for (const auto& [name, root] : golden.expected["roots"].items()) {
      INFO("root " << name);
      if (root["kind"] == "text") {
        CHECK(doc.text(name) == root["value"].get<std::string>());
        if (root.contains("delta"))  // the documents of other versions come without
          CHECK(json::parse(doc.delta_json(name)) == as_exported(root["delta"]));
        if (root.contains("attributes"))
          CHECK(json::parse(doc.map_json(name)) == as_exported(root["attributes"]));
      }
      if (root["kind"] == "xml") CHECK(doc.xml_string(name) == root["value"].get<std::string>());
      if (root["kind"] == "map")
        CHECK(json::parse(doc.map_json(name)) == as_exported(root["value"]));
      if (root["kind"] == "array")
        CHECK(json::parse(doc.array_json(name)) == as_exported(root["value"]));
    }
  }
}

TEST_CASE("golden documents come about from their single updates, in order and in reverse",
          "[crdt][golden]") {
  for (const golden_case& golden : read_cases()) {
    INFO(golden.name);
    std::vector<byte_buffer> updates;
    for (const json& update : golden.expected["updates_v1"]) updates.push_back(from_hex(update));
    if (updates.empty()) continue;
    for (const bool reverse : {false, true}) {
      if (reverse && !golden.expected["any_order"].get<bool>()) continue;
      INFO("reverse " << reverse);
      if (reverse) std::ranges::reverse(updates);
      crdt::doc doc;
      for (const byte_buffer& update : updates) {
        REQUIRE(doc.apply_update(update));
        crdt::check_invariants(doc.contents());
      }
      CHECK(doc.state_vector().encode() == from_hex(golden.expected["state_vector"]));
      crdt::doc fresh;
      REQUIRE(fresh.apply_update(doc.encode_state_as_update()));
      CHECK(fresh.encode_state_as_update() == from_hex(golden.expected["reencoded_v1"]));
    }
  }
}

TEST_CASE("golden documents are the same in format v2", "[crdt][golden]") {
  for (const golden_case& golden : read_cases()) {
    INFO(golden.name);
    crdt::doc doc;
    const auto applied = doc.apply_update(golden.update_v2, crdt::update_format::v2);
    if (!applied) {
      FAIL_CHECK(to_string(applied.error()));
      continue;
    }
    crdt::check_invariants(doc.contents());
    CHECK(doc.state_vector().encode() == from_hex(golden.expected["state_vector"]));
    CHECK(doc.encode_state_as_update() == from_hex(golden.expected["reencoded_v1"]));
    crdt::doc again;
    REQUIRE(again.apply_update(doc.encode_state_as_update({}, crdt::update_format::v2),
                               crdt::update_format::v2));
    CHECK(again.encode_state_as_update() == from_hex(golden.expected["reencoded_v1"]));
  }
}

TEST_CASE("golden updates come back from the other format byte by byte", "[crdt][golden]") {
  using crdt::update_format;
  for (const golden_case& golden : read_cases()) {
    INFO(golden.name);
    // As we write it: runs of GC structs merged, delete ranges merged.
    const auto v1 = crdt::diff_update(golden.update, {});
    REQUIRE(v1);
    const auto v2 = crdt::convert_update(*v1, update_format::v1, update_format::v2);
    REQUIRE(v2);
    const auto back = crdt::convert_update(*v2, update_format::v2, update_format::v1);
    REQUIRE(back);
    CHECK(*back == *v1);
    for (const auto& [bytes, format] :
         {std::pair{*v2, update_format::v2}, std::pair{*v1, update_format::v1}}) {
      crdt::doc doc;
      REQUIRE(doc.apply_update(bytes, format));
      CHECK(doc.encode_state_as_update() == from_hex(golden.expected["reencoded_v1"]));
    }
    CHECK(crdt::detect_format(golden.update) == update_format::v1);
    CHECK(crdt::detect_format(golden.update_v2) == update_format::v2);
  }
}

TEST_CASE("golden updates merge into what their document holds", "[crdt][golden]") {
  for (const golden_case& golden : read_cases()) {
    INFO(golden.name);
    std::vector<byte_buffer> updates;
    for (const json& update : golden.expected["updates_v1"]) updates.push_back(from_hex(update));
    if (updates.empty()) continue;
    const std::vector<byte_view> views{updates.begin(), updates.end()};
    const auto merged = crdt::merge_updates(views);
    REQUIRE(merged);
    crdt::doc doc;
    REQUIRE(doc.apply_update(*merged));
    CHECK(doc.encode_state_as_update() == from_hex(golden.expected["reencoded_v1"]));
    // What a peer that has the first half lacks is in the difference.
    crdt::doc peer;
    for (std::size_t i = 0; i < updates.size() / 2; ++i) REQUIRE(peer.apply_update(updates[i]));
    const auto rest = crdt::diff_update(*merged, peer.state_vector());
    REQUIRE(rest);
    REQUIRE(peer.apply_update(*rest));
    crdt::doc fresh;
    REQUIRE(fresh.apply_update(peer.encode_state_as_update()));
    CHECK(fresh.encode_state_as_update() == from_hex(golden.expected["reencoded_v1"]));
  }
}

}  // namespace troupe::golden_test
