#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/json/convert.hpp"
#include "tests/support/test_data.hpp"

namespace troupe::dataset_test {

namespace {

nlohmann::json read_any_as_json(lib0::decoder& in) {
  std::string text;
  json::any_to_json(in, json::flavour::lossless, text);
  return nlohmann::json::parse(text);
}

}  // namespace

TEST_CASE("every case of the reference data set gives the expected text, map and array",
          "[crdt][data]") {
  TROUPE_NEED_DATA(data, "yjs-updates/small-test-dataset.bin");
  lib0::decoder in{data};
  const std::uint64_t cases = in.read_var_uint();
  REQUIRE(cases == 5320);
  for (std::uint64_t i = 0; i < cases; ++i) {
    INFO("case " << i);
    crdt::doc doc;
    const std::uint64_t updates = in.read_var_uint();
    for (std::uint64_t k = 0; k < updates; ++k) {
      const auto applied = doc.apply_update(in.read_var_bytes());
      if (!applied) FAIL("update " << k << ": " << to_string(applied.error()));
    }
    crdt::check_invariants(doc.contents());
    CHECK(doc.text("text") == in.read_var_string("text"));
    CHECK(nlohmann::json::parse(doc.map_json("map")) == read_any_as_json(in));
    CHECK(nlohmann::json::parse(doc.array_json("array")) == read_any_as_json(in));

    crdt::doc reloaded;
    REQUIRE(reloaded.apply_update(doc.encode_state_as_update()));
    crdt::check_invariants(reloaded.contents());
    CHECK(reloaded.text("text") == doc.text("text"));
    CHECK(reloaded.map_json("map") == doc.map_json("map"));
    CHECK(reloaded.array_json("array") == doc.array_json("array"));
    CHECK(reloaded.state_vector() == doc.state_vector());
  }
  REQUIRE(in.ok());
  REQUIRE(in.at_end());
}

}  // namespace troupe::dataset_test
