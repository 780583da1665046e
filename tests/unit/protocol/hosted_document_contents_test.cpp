// Contents for sessions without a Yjs library: the answer to a question, and what they hear of
// changes.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/document_host.hpp"
#include "tests/support/edit_checks.hpp"

namespace troupe::hosted_document_contents_test {

using namespace troupe::test;
using texts = std::vector<std::string>;

namespace {

constexpr session_id alice = 1;
constexpr session_id bob = 2;

void change(document_host& host, std::string_view operations) {
  document_effects effects;
  host.document.on_edit(origin::of_server(), *edits::batch::parse(operations), {}, effects);
  REQUIRE(effects.refusals.empty());
}

std::string contents(std::string_view payload) {
  return json::encode_contents("contents", "d", payload);
}

}  // namespace

TEST_CASE("a sync that asks for contents is answered with them and their version",
          "[hosted_document][contents]") {
  document_host host;
  change(host,
         R"([{"op":"setText","path":"/t","text":"hi"},{"op":"set","path":"/m/k","value":1}])");
  const std::string version = host.document.state_version();
  host.ask(alice, R"({"type":"sync","messageId":"s","payload":{"as":"json"}})");
  CHECK(host.told(alice) ==
        texts{R"({"type":"sync","docName":"d","payload":{"as":"json","contents":)"
              R"({"m":{"k":1},"t":"hi"},"version":")" +
                  version + R"("}})",
              json::encode_ack("d", "s")});
  host.ask(bob, R"({"type":"sync","payload":{"as":"text","root":"t"}})");
  CHECK(host.told(bob)[0].find(R"("as":"text","root":"t","contents":"hi","version")") !=
        std::string::npos);
}

TEST_CASE("a session that reads contents hears of each change once a turn, and of no update",
          "[hosted_document][contents]") {
  document_host host;
  host.ask(alice, R"({"type":"sync","payload":{"as":"json"}})");
  host.end_turn();
  CHECK(host.is_quiet());
  change(host, R"([{"op":"setText","path":"/t","text":"a"}])");
  change(host,
         R"([{"op":"appendText","path":"/t","text":"b"},{"op":"set","path":"/m/k","value":1}])");
  CHECK(host.document.has_gathered());
  host.end_turn();
  CHECK(host.told(alice) == texts{contents(R"({"as":"json","contents":{"m":{"k":1},"t":"ab"}})")});
  host.end_turn();
  CHECK(host.is_quiet());
}

TEST_CASE("changes in nested types are told as those of their root",
          "[hosted_document][contents]") {
  document_host host;
  change(host,
         R"([{"op":"push","path":"/a","type":"map","value":{"x":{"$type":"text","value":"1"}}}])");
  host.ask(alice, R"({"type":"sync","payload":{"as":"json","root":"a"}})");
  host.ask(bob, R"({"type":"sync","payload":{"as":"json","root":"other"}})");
  change(host, R"([{"op":"appendText","path":"/a/0/x","text":"2"}])");
  host.end_turn();
  CHECK(host.told(alice) == texts{contents(R"({"as":"json","root":"a","contents":[{"x":"12"}]})")});
  CHECK(host.told(bob).empty());
}

TEST_CASE("a large root is told by its name alone", "[hosted_document][contents]") {
  document_host host;
  host.ask(alice, R"({"type":"sync","payload":{"as":"json"}})");
  host.ask(bob, R"({"type":"sync","payload":{"as":"text","root":"t"}})");
  const std::string large(hosted_document::sent_contents_bytes_max + 1, 'x');
  change(host, R"([{"op":"setText","path":"/t","text":")" + large +
                   R"("},{"op":"push","path":"/a","values":[1]}])");
  host.end_turn();
  CHECK(host.told(alice) == texts{contents(R"({"as":"json","contents":{"a":[1]},"large":["t"]})")});
  CHECK(host.told(bob) == texts{contents(R"({"as":"text","root":"t"})")});
}

TEST_CASE("a large value is looked at once until the next tick", "[hosted_document][contents]") {
  document_host host;
  host.ask(alice, R"({"type":"sync","payload":{"as":"json","root":"m"}})");
  const std::string large(hosted_document::sent_contents_bytes_max, 'x');
  change(host, R"([{"op":"set","path":"/m/k","value":")" + large + R"("}])");
  host.end_turn();
  CHECK(host.told(alice) == texts{contents(R"({"as":"json","root":"m"})")});
  change(host, R"([{"op":"set","path":"/m/k","value":1}])");
  host.end_turn();
  CHECK(host.told(alice) == texts{contents(R"({"as":"json","root":"m"})")});
  host.document.on_tick({});
  change(host, R"([{"op":"set","path":"/m/k","value":2}])");
  host.end_turn();
  CHECK(host.told(alice) == texts{contents(R"({"as":"json","root":"m","contents":{"k":2}})")});
}

TEST_CASE("who leaves, or never asked, costs and hears nothing", "[hosted_document][contents]") {
  document_host host;
  change(host, R"([{"op":"setText","path":"/t","text":"a"}])");
  CHECK_FALSE(host.document.has_gathered());
  host.ask(alice, R"({"type":"sync","payload":{"as":"json"}})");
  host.leave(alice);
  change(host, R"([{"op":"setText","path":"/t","text":"b"}])");
  CHECK_FALSE(host.document.has_gathered());
}

TEST_CASE("events and presence reach sessions that read contents", "[hosted_document][contents]") {
  document_host host;
  host.ask(alice, R"({"type":"sync","payload":{"as":"json"}})");
  host.server_event(R"({"event":"x"})");
  CHECK(host.told_all() == texts{json::encode_event("d", R"({"event":"x"})")});
}

}  // namespace troupe::hosted_document_contents_test
