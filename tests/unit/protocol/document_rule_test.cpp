#include "protocol/document_rule.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::document_rule_test {

using crdt::garbage_collection;

TEST_CASE("a rule names a document, or with * at the end what names begin with",
          "[document_rule]") {
  CHECK(document_rule{"notes/a"}.matches("notes/a"));
  CHECK_FALSE(document_rule{"notes/a"}.matches("notes/ab"));
  CHECK_FALSE(document_rule{"notes/a"}.matches("notes/"));
  CHECK(document_rule{"notes/*"}.matches("notes/a"));
  CHECK(document_rule{"notes/*"}.matches("notes/"));
  CHECK_FALSE(document_rule{"notes/*"}.matches("note"));
  CHECK_FALSE(document_rule{"no*es"}.matches("notes"));
  CHECK(document_rule{"*"}.matches("anything"));
}

TEST_CASE("the first rule that matches counts, and without one nothing changes",
          "[document_rule]") {
  const std::vector<document_rule> rules{{"wiki/private", garbage_collection::on},
                                         {"wiki/*", garbage_collection::off},
                                         {"*", garbage_collection::on}};
  crdt::doc_settings general;
  general.limit.clients_max = 7;
  CHECK(settings_for("wiki/private", rules, general).gc == garbage_collection::on);
  CHECK(settings_for("wiki/start", rules, general).gc == garbage_collection::off);
  CHECK(settings_for("wiki/start", rules, general).limit.clients_max == 7);
  CHECK(settings_for("else", rules, general).gc == garbage_collection::on);
  CHECK(settings_for("wiki/start", {}, general).gc == garbage_collection::on);
}

}  // namespace troupe::document_rule_test
