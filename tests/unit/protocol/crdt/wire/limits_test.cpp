#include "protocol/crdt/wire/limits.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/doc_checks.hpp"

namespace troupe::limits_test {

using namespace troupe::test;

namespace {

/// `depth` arrays, each the only element of the one before.
std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string error_of(const update_builder& update, const crdt::limits& limit) {
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  const auto applied = doc.apply_update(update.build());
  return applied ? "taken" : to_string(applied.error());
}

}  // namespace

TEST_CASE("what is above a limit is refused with its name and value", "[crdt]") {
  crdt::limits limit;
  limit.name_size_max = 4;
  limit.any_depth_max = 3;
  CHECK(error_of(update_builder{}.client(2).text(in_root("four"), "a"), limit) == "taken");
  CHECK(error_of(update_builder{}.client(2).text(in_root("fifth"), "a"), limit) ==
        "name_too_long: root name, limits.max_name_size is 4 bytes at byte 12");
  CHECK(error_of(update_builder{}.client(2).embed(in_root("t"), nested(3)), limit) == "taken");
  CHECK(error_of(update_builder{}.client(2).embed(in_root("t"), nested(4)), limit) ==
        "too_deep: embed, limits.max_nesting is 3 levels at byte 17");
  CHECK(error_of(update_builder{}.client(2).format(in_root("t"), "k", nested(4)), limit)
            .starts_with("too_deep: format value, limits.max_nesting is 3 levels"));
  CHECK(error_of(update_builder{}.client(2).json(in_root("t"), {"undefined", nested(4)}), limit)
            .starts_with("too_deep: JSON value, limits.max_nesting is 3 levels"));
  CHECK(error_of(update_builder{}.client(2).any(in_root("t"), 1, hex("75 01 75 01 75 01 75 00")),
                 limit)
            .starts_with("too_deep: nested value, limits.max_nesting is 3 levels"));
}

TEST_CASE("nobody's editor reaches the default limits", "[crdt]") {
  const std::string name(100'000, 'n');
  const std::string deep = nested(1000);
  const byte_buffer update = update_builder{}
                                 .client(1)
                                 .text(in_root(name), "a")
                                 .numbers(in_root("map", name), {1})
                                 .embed(in_root("t"), deep)
                                 .format(in_root("t"), name, deep)
                                 .element(in_root("x"), crdt::type_kind::xml_element, name)
                                 .build();
  crdt::doc doc;
  must_apply(doc, update);
  crdt::doc again;
  must_apply(again, doc.encode_state_as_update());
  CHECK(state_of(again) == state_of(doc));
  CHECK(doc.json().size() > 300'000);
  CHECK(error_of(update_builder{}.client(2).embed(in_root("t"), nested(1001)), {})
            .starts_with("too_deep"));
  CHECK(error_of(update_builder{}.client(2).text(in_root(std::string((1 << 20) + 1, 'n')), ""), {})
            .starts_with("name_too_long"));
}

TEST_CASE("what was stored is read under any limits", "[crdt]") {
  crdt::limits small;
  small.name_size_max = 1;
  small.any_depth_max = 1;
  small.clients_max = 1;
  small.document_size_max = 100;
  small.pending_size_max = 0;
  crdt::doc doc{{crdt::garbage_collection::on, small}};
  std::vector<crdt::repaired_struct> repaired;
  REQUIRE(doc.load_update(update_builder{}
                              .client(1)
                              .text(in_root("long name"), "contents")
                              .embed(in_root("t"), nested(900))
                              .client(2)
                              .text(after({7, 7}), "waits")
                              .build(),
                          repaired));
  CHECK(repaired.empty());
  CHECK(doc.text("long name") == "contents");
  CHECK(doc.pending_size() > 0);
}

TEST_CASE("a document counts as nearly full from 80 % on", "[crdt]") {
  CHECK(crdt::nearly_full(100) == 80);
  CHECK(crdt::nearly_full(10'000'000) == 8'000'000);
  CHECK(crdt::nearly_full(1) == 1);
}

}  // namespace troupe::limits_test
