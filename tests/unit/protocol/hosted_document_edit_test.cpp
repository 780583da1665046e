// Edits by programs without a Yjs library: who hears of them, what is stored, what is refused. What
// the operations do is in edits/apply_test.cpp.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/document_host.hpp"
#include "tests/support/edit_checks.hpp"

namespace troupe::hosted_document_edit_test {

using namespace troupe::test;
using texts = std::vector<std::string>;

namespace {

constexpr session_id alice = 1;
constexpr session_id bob = 2;

edits::batch parsed(std::string_view json) { return *edits::batch::parse(json); }

const std::string append = R"([{"op":"appendText","path":"/t","text":"x"}])";

document_effects edited(document_host& host, std::string_view json, std::string_view origin = {}) {
  document_effects effects;
  host.document.on_edit(origin::of_server(), parsed(json), origin, effects);
  return effects;
}

std::string edit_frame(std::string_view operations, std::string_view id) {
  return std::string{R"({"type":"update","payload":{"edit":)"}
      .append(operations)
      .append(R"(},"messageId":")")
      .append(id)
      .append("\"}");
}

}  // namespace

TEST_CASE("an edit is an update of the server's own, for everybody and for storage",
          "[hosted_document][edits]") {
  document_host host;
  const document_effects effects = edited(host, append, "importer");
  CHECK(host.document.state().text("t") == "x");
  REQUIRE(effects.deliveries.size() == 1);
  CHECK(effects.deliveries[0].to == audience::all);
  crdt::doc client;
  must_apply(client, effects.deliveries[0].what.body.view());
  CHECK(client.text("t") == "x");
  REQUIRE(effects.writes.size() == 1);
  CHECK(effects.writes[0].origin_name == "importer");
  CHECK(effects.writes[0].from == origin::of_server());
  CHECK_FALSE(effects.writes[0].confirmation);
  CHECK(edited(host, R"([{"op":"setText","path":"/t","text":"x"}])").empty());
}

TEST_CASE("all edits of an open document are by one client", "[hosted_document][edits]") {
  document_host host;
  for (int i = 0; i < 50; ++i) edited(host, append);
  CHECK(host.document.state().client_count() == 1);
  CHECK(host.document.state().text("t").size() == 50);
  CHECK(host.document.state().contents().clients().id(0) >= std::uint64_t{1} << 52);
}

TEST_CASE("a clock that came from elsewhere under the editing client ends its use",
          "[hosted_document][edits]") {
  document_host host;
  edited(host, append);
  const crdt::client_id first = host.document.state().contents().clients().id(0);
  crdt::doc thief;
  must_apply(thief, host.document.whole_state());
  const byte_buffer stolen = edit(
      thief, [](crdt::doc_edit& e) { must(e.insert_text("t", 1, "y")); }, first);
  document_effects effects;
  host.document.on_update(origin::of_server(), stolen, effects);
  edited(host, append);
  CHECK(host.document.state().client_count() == 2);
  CHECK(host.document.state().text("t").size() == 3);
}

TEST_CASE("a folded document is edited", "[hosted_document][edits]") {
  document_host host;
  edited(host, append);
  const std::string version = host.document.state_version();
  REQUIRE(host.document.fold());
  CHECK(host.document.state_version() == version);
  CHECK(edited(host, append).writes.size() == 1);
  CHECK(host.document.state().text("t") == "xx");
  CHECK(host.document.state().client_count() == 1);
}

TEST_CASE("an edit that fails is refused with its number and changes nothing",
          "[hosted_document][edits]") {
  document_host host;
  edited(host, append);
  const std::uint64_t version = host.document.version();
  const auto effects = edited(host, R"([{"op":"appendText","path":"/t","text":"y"},
                                        {"op":"delete","path":"/m/k"}])");
  REQUIRE(effects.refusals.size() == 1);
  CHECK(effects.refusals[0].edit_index == 1);
  CHECK(effects.refusals[0].part == request_part::edit);
  CHECK(effects.refusals[0].why.detail == "edit 1 at /m/k: there is nothing to delete");
  CHECK(effects.writes.empty());
  CHECK(effects.deliveries.empty());
  CHECK(host.document.version() == version);
  CHECK(host.document.state().text("t") == "x");
}

TEST_CASE("while storage refuses, edits are refused and tests are not",
          "[hosted_document][edits]") {
  document_host host;
  host.document.refuse_edits(std::make_shared<const failure>(failure{errc::disk_full, "no space"}));
  const auto effects = edited(host, append);
  REQUIRE(effects.refusals.size() == 1);
  CHECK(effects.refusals[0].why.code == errc::disk_full);
  CHECK(edited(host, R"([{"op":"test","path":"/t","exists":false}])").empty());
}

TEST_CASE(
    "a JSON session edits, hears of it like all others, and is acknowledged when it is stored",
    "[hosted_document][edits][json]") {
  document_host host;
  host.ask(alice, R"({"type":"sync"})");
  host.ask(bob, R"({"type":"sync"})");
  host.ask(alice, edit_frame(append, "e-1"));
  REQUIRE(host.told_all().size() == 1);  // the author has no document that shows it
  CHECK(host.told_all()[0].find(R"("update":)") != std::string::npos);
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(host.effects.writes[0].sender == alice);
  CHECK(host.effects.writes[0].ack == json::encode_ack("d", "e-1"));
  CHECK_FALSE(host.effects.writes[0].update.empty());
  host.ask(alice, edit_frame(R"([{"op":"test","path":"/t","value":"x"}])", "e-2"));
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(host.effects.writes[0].update.empty());
  CHECK(host.effects.writes[0].ack == json::encode_ack("d", "e-2"));
}

TEST_CASE("an edit of a JSON session that comes again under its id is acknowledged, not repeated",
          "[hosted_document][edits][json]") {
  document_host host;
  host.ask(alice, R"({"type":"sync"})");
  host.ask(alice, edit_frame(append, "e-1"));
  REQUIRE(host.effects.writes.size() == 1);
  CHECK_FALSE(host.effects.writes[0].update.empty());
  host.ask(alice, edit_frame(append, "e-1"));
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(host.effects.writes[0].update.empty());
  CHECK(host.effects.writes[0].ack == json::encode_ack("d", "e-1"));
  CHECK(host.told(bob).empty());
  // Another one under the id is a mistake; one that was refused may be mended.
  host.ask(alice, edit_frame(R"([{"op":"appendText","path":"/t","text":"y"}])", "e-1"));
  REQUIRE(host.told(alice).size() == 1);
  CHECK(host.told(alice)[0].find("MESSAGE_ID_REUSED") != std::string::npos);
  host.ask(alice, edit_frame(R"([{"op":"test","path":"/t","value":"z"}])", "e-2"));
  CHECK(host.effects.writes.empty());
  host.ask(alice, edit_frame(append, "e-2"));
  REQUIRE(host.effects.writes.size() == 1);
  CHECK_FALSE(host.effects.writes[0].update.empty());
  host.ask(alice, edit_frame(R"([{"op":"test","path":"/t","value":"xx"}])", "e-3"));
  CHECK(host.told(alice).empty());
}

TEST_CASE("an edit of a JSON session that is refused says which operation was wrong",
          "[hosted_document][edits][json]") {
  document_host host;
  host.ask(alice, R"({"type":"sync"})");
  host.ask(alice, edit_frame(R"([{"op":"push","path":"/a","values":[1]},{"op":"no"}])", "e-1"));
  CHECK(host.told(alice) ==
        texts{R"({"type":"error","docName":"d","payload":{"message":"Invalid edit: )"
              R"(payload.edit: edit 1: path is missing","code":"INVALID_EDIT",)"
              R"("messageId":"e-1","index":1}})"});
  host.ask(alice, edit_frame(R"([{"op":"test","path":"/a","value":[1]}])", "e-2"));
  REQUIRE(host.told(alice).size() == 1);
  CHECK(host.told(alice)[0].find(R"("code":"EDIT_CONFLICT","messageId":"e-2","index":0)") !=
        std::string::npos);
  CHECK(host.effects.writes.empty());
}

}  // namespace troupe::hosted_document_edit_test
