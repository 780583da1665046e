// Answers of an inspector as JSON.
#include "app/inspect/json.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

namespace troupe::inspect_json_test {

using namespace troupe::inspection;
using nlohmann::json;

TEST_CASE("each answer is one line of JSON", "[inspect]") {
  inspected_node node;
  node.program = "0.1.0";
  CHECK(json::parse(node_json(node))["version"] == "0.1.0");
  CHECK(json::parse(node_json(node))["node"].is_null());
  CHECK_FALSE(json::parse(node_json(node)).contains("cluster"));
  node.cluster = "x";
  node.members = {{.name = "n1", .state = "up", .lag = 5}};
  CHECK(json::parse(node_json(node))["cluster"]["members"][0]["lagMs"] == 5);
  CHECK(node_json(node).find('\n') == node_json(node).size() - 1);

  inspected_actors actors;
  actors.actors = {{.name = "troupe.hub", .asked = 2, .answer = 7},
                   {.name = "troupe.store", .mailbox = 0, .messages = 3}};
  const json shown = json::parse(actors_json(actors));
  CHECK(shown["actors"][0]["answerNs"] == 7);
  CHECK(shown["actors"][0]["mailbox"].is_null());
  CHECK(shown["actors"][1]["mailbox"] == 0);
  CHECK(shown["actors"][1]["messages"] == 3);
  CHECK(shown["actors"][1]["answerNs"].is_null());

  inspected_documents documents;
  documents.source = {9, 20, true};
  documents.documents = {{.name = "a", .is_folded = true}};
  documents.silent = {"b"};
  const json list = json::parse(documents_json(documents));
  CHECK(list["count"] == 20);
  CHECK(list["ageMs"] == 9);
  CHECK(list["partial"] == true);
  CHECK(list["silent"] == json::array({"b"}));
  CHECK(list["documents"][0]["folded"] == true);
  CHECK_FALSE(list["documents"][0].contains("keepers"));

  inspected_sessions sessions;
  sessions.sessions = {{.id = 4, .document = "plan", .queued_bytes = 77}};
  CHECK(json::parse(sessions_json(sessions))["sessions"][0]["queuedBytes"] == 77);
  CHECK(json::parse(sessions_json(sessions))["sessions"][0]["userId"].is_null());

  inspected_document document;
  document.row.name = "a";
  CHECK(json::parse(document_json(document))["open"] == false);
  CHECK(json::parse(document_json(document))["silent"] == false);
  CHECK_FALSE(json::parse(document_json(document)).contains("updates"));
  document.is_stored = true;
  document.updates = 6;
  CHECK(json::parse(document_json(document))["updates"] == 6);

  const json all = json::parse(overview_json({node, sessions, documents, actors}));
  CHECK(all["node"]["version"] == "0.1.0");
  CHECK(all["sessions"]["sessions"].size() == 1);
}

TEST_CASE("text that is no UTF-8 does not break the JSON", "[inspect]") {
  inspected_document document;
  document.row.name = "a\xff";
  CHECK(json::parse(document_json(document))["name"] == "a\xef\xbf\xbd");
}

}  // namespace troupe::inspect_json_test
