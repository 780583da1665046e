#include "protocol/webhook/event.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/json/validate.hpp"

namespace troupe::event_test {

using namespace troupe::webhook;

namespace {

event some(event_kind what) {
  event of;
  of.what = what;
  for (std::size_t i = 0; i < of.id.size(); ++i) of.id[i] = static_cast<std::uint8_t>(i * 17);
  of.happened_at = 1'700'000'000'123;
  of.document = "a \"plan\"";
  return of;
}

}  // namespace

TEST_CASE("events have names, and are found by them", "[webhook]") {
  for (std::size_t i = 0; i < event_kind_count; ++i) {
    const auto kind = static_cast<event_kind>(i);
    CHECK(find_event(name_of(kind)) == kind);
  }
  CHECK(name_of(event_kind::session_left) == "session.left");
  CHECK(find_event("document.renamed") == std::nullopt);
  event_set set;
  CHECK(set.empty());
  set.insert(event_kind::document_deleted);
  CHECK(set.contains(event_kind::document_deleted));
  CHECK_FALSE(set.contains(event_kind::document_changed));
}

TEST_CASE("the body of a change says what the document is", "[webhook]") {
  event of = some(event_kind::document_changed);
  of.by = {{"ada", "bob"}, {"importer"}};
  const document_facts facts{{0x01, 0x01, 0x05}, 1234, R"({"text":"hello"})"};
  CHECK(body_of(of, &facts) ==
        R"({"event":"document.changed","delivery":"00112233445566778899aabbccddeeff",)"
        R"("at":1700000000123,"document":"a \"plan\"","authors":["ada","bob"],)"
        R"("origins":["importer"],"stateVector":"AQEF","bytes":1234,)"
        R"("contents":{"text":"hello"}})");
  of.by = {};
  const document_facts bare{{0x00}, 2};
  CHECK(
      body_of(of, &bare).ends_with(R"("authors":[],"origins":[],"stateVector":"AA==","bytes":2})"));
  CHECK(body_of(of, nullptr).ends_with(R"("stateVector":null,"bytes":null})"));
}

TEST_CASE("the body of another event says who it was", "[webhook]") {
  event of = some(event_kind::session_joined);
  of.session = 7;
  of.user = "ada";
  CHECK(body_of(of, nullptr).ends_with(R"("document":"a \"plan\"","session":7,"user":"ada"})"));
  of.user.clear();
  CHECK(body_of(of, nullptr).ends_with(R"("session":7,"user":null})"));
  CHECK(body_of(some(event_kind::document_deleted), nullptr).ends_with(R"("a \"plan\""})"));
}

TEST_CASE("the details of an event are read as they were written", "[webhook]") {
  event change = some(event_kind::document_changed);
  CHECK(details_of(change).empty());
  change.by = {{"ada", "\xF0\x9F\x8E\xAD"}, {"importer"}};
  event left = some(event_kind::session_left);
  left.session = 12;
  left.user = "bob";
  CHECK(details_of(some(event_kind::document_opened)).empty());
  for (const event& each : {change, left}) {
    event read = some(each.what);
    read_details(details_of(each), read);
    CHECK(read == each);
  }
  event read = some(event_kind::document_changed);
  for (const char* const bad :
       {"", "{", "[]", "1", R"({"authors":1,"origins":[1,null]})", R"({"session":-1,"user":3})"})
    read_details(bad, read);
  CHECK(read == some(event_kind::document_changed));
}

TEST_CASE("a body is JSON whatever the names are", "[webhook]") {
  event of = some(event_kind::document_changed);
  of.document = "\x01\xFF\"\\";
  of.by.add({{"\xC0", "\n"}, {"\x7F"}});
  const std::string body = body_of(of, nullptr);
  CHECK(json::is_valid_json(body, 10));
}

}  // namespace troupe::event_test
