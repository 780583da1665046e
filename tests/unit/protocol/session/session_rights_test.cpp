// What the session core does with the rights that the authoriser gives and the application changes.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/protocol/session/session_core_bed.hpp"

namespace troupe::session_rights_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr close_reason revoked = close_reason::access_revoked;

rights reading() {
  rights may;
  may.insert(right::read);
  return may;
}

void change(session_core_bed& bed, std::string_view document, rights may) {
  bed.happens([&] { bed.core.on_rights_changed(document, may, revoked, bed.at(), bed.out); });
}

identity_ptr somebody(std::string user) {
  return std::make_shared<const identity>(identity{.user = std::move(user)});
}

/// The application lets the session into a document that it has asked for.
void identify(session_core_bed& bed, std::string_view document, std::string user,
              std::optional<session_protocol::time_point> expires = {}) {
  bed.core.on_identified(document, somebody(std::move(user)), expires);
}

/// Joins a document as this user, until then.
void join_as(session_core_bed& bed, const std::string& document, document_id with,
             const std::string& user, std::optional<session_protocol::time_point> expires = {}) {
  bed.says(R"({"type":"sync","docName":")" + document + "\"}");
  identify(bed, document, user, expires);
  bed.authorise(document);
  bed.opened(document, with);
  bed.handled(with, {question_weight, 1});
}

/// Closes what is due; returns how many documents the session lost and goes on.
int expire(session_core_bed& bed) {
  bool goes_on = false;
  bed.happens([&] { goes_on = bed.core.on_expiry(bed.at(), bed.out); });
  return goes_on ? 1 + (bed.out.close ? 0 : expire(bed)) : 0;
}

}  // namespace

TEST_CASE("without the right to read the directory is not asked", "[session][rights]") {
  session_core_bed bed;
  bed.open();
  bed.authorise("d", {});
  CHECK(bed.out.open.empty());
  CHECK(bed.out.close == close_reason::forbidden);
}

TEST_CASE("a further document without the right to read is an error, and the session lives",
          "[session][rights]") {
  session_core_bed bed;
  bed.join_address();
  bed.says(R"({"type":"sync","docName":"other","messageId":"m"})");
  bed.authorise("other", {});
  CHECK(bed.out.open.empty());
  CHECK_FALSE(bed.out.close);
  CHECK(bed.errors() == texts{"FORBIDDEN other m"});
  CHECK(bed.core.documents().size() == 1);
}

TEST_CASE("the directory hears of the rights that the authoriser gave", "[session][rights]") {
  session_core_bed bed;
  bed.open();
  bed.authorise("d", reading());
  REQUIRE(bed.out.open.size() == 1);
  CHECK(bed.out.open[0].second == reading());
}

TEST_CASE("a joined document hears of new rights", "[session][rights]") {
  session_core_bed bed;
  bed.join_address();
  change(bed, "d", reading());
  REQUIRE(bed.out.new_rights.size() == 1);
  CHECK(bed.out.new_rights[0] == std::pair{document_id{1}, reading()});
  CHECK_FALSE(bed.out.close);
  change(bed, "another", reading());
  CHECK(bed.out.empty());
}

TEST_CASE("the right to read taken back closes the document", "[session][rights]") {
  session_core_bed bed;
  bed.join_address();
  bed.join("other", 2);
  change(bed, "other", {});
  CHECK(bed.errors() == texts{"FORBIDDEN other -"});
  CHECK(bed.out.leaves == 2);
  CHECK_FALSE(bed.out.close);
  change(bed, "d", {});
  CHECK(bed.out.close == revoked);
}

TEST_CASE("a join under way does not slip past a change of rights", "[session][rights]") {
  session_core_bed bed{{}, ""};
  bed.says(R"({"type":"sync","docName":"d"})");
  bed.authorise("d", rights::all());
  change(bed, "d", reading());
  CHECK(bed.out.new_rights.empty());  // nobody is there to hear of it
  bed.opened("d", 1);
  REQUIRE(bed.out.new_rights.size() == 1);
  CHECK(bed.out.new_rights[0] == std::pair{document_id{1}, reading()});

  bed.says(R"({"type":"sync","docName":"e"})");
  bed.authorise("e", rights::all());
  change(bed, "e", {});
  bed.opened("e", 2);
  CHECK(bed.out.leaves == 2);
  CHECK(bed.out.forwards.empty());
}

TEST_CASE("a session ends when its token does", "[session][rights]") {
  session_core_bed bed;
  route way = session_core_bed::way_to("d", both_dialects);
  way.expires = bed.now + 60s;
  session_protocol core{7, std::move(way), bed.settings, bed.now};
  session_effects out;
  core.on_open(bed.at(), out);
  out.clear();
  core.on_second({bed.now + 59s, 0}, {.sent = bed.now + 59s, .alive = bed.now + 59s}, out);
  CHECK_FALSE(out.close);
  out.clear();
  core.on_second({bed.now + 60s, 0}, {.sent = bed.now + 60s, .alive = bed.now + 60s}, out);
  CHECK(out.close == close_reason::token_expired);
}

TEST_CASE("who a session is in one document says nothing of another one", "[session][rights]") {
  session_core_bed bed{{}, ""};
  join_as(bed, "a", 1, "ada");
  join_as(bed, "b", 2, "bob");
  join_as(bed, "c", 3, "");
  CHECK(user_of(bed.core.who_in("a")) == "ada");
  CHECK(user_of(bed.core.who_in("b")) == "bob");
  CHECK(user_of(bed.core.who_in("c")).empty());
  CHECK(user_of(bed.core.way().who) == "ada");  // the first that was named
  CHECK(user_of(bed.core.who_in("none")) == "ada");
  identify(bed, "a", "");
  CHECK(user_of(bed.core.way().who) == "ada");
}

TEST_CASE("a session is named by the first answer that names anybody", "[session][rights]") {
  session_core_bed bed{{}, ""};
  join_as(bed, "a", 1, "");
  CHECK(user_of(bed.core.way().who).empty());
  join_as(bed, "b", 2, "bob");
  CHECK(user_of(bed.core.way().who) == "bob");
  CHECK(user_of(bed.core.who_in("a")).empty());
}

TEST_CASE("an answer that ends closes its document, and the last one the session",
          "[session][rights]") {
  session_core_bed bed{{}, ""};
  join_as(bed, "a", 1, "ada", bed.now + 10s);
  join_as(bed, "b", 2, "ada", bed.now + 20s);
  join_as(bed, "c", 3, "ada", bed.now + 20s);
  bed.now += 9s;
  CHECK_FALSE(bed.core.has_expired(bed.now));
  CHECK(expire(bed) == 0);
  bed.now += 1s;
  CHECK(bed.core.has_expired(bed.now));
  bed.happens([&] { CHECK(bed.core.on_expiry(bed.at(), bed.out)); });
  CHECK_FALSE(bed.core.has_expired(bed.now));
  CHECK(bed.errors() == texts{"FORBIDDEN a -"});
  CHECK(bed.out.leaves == 1);
  CHECK_FALSE(bed.out.close);
  bed.now += 10s;
  CHECK(expire(bed) == 1);
  CHECK(bed.core.documents().size() == 1);
  CHECK(bed.out.close == close_reason::token_expired);
}

TEST_CASE("the last answer about a document says when it ends", "[session][rights]") {
  session_core_bed bed{{}, ""};
  join_as(bed, "a", 1, "ada", bed.now + 10s);
  join_as(bed, "b", 2, "ada", bed.now + 60s);
  bed.core.on_prolonged("a", bed.now + 30s);
  bed.now += 20s;
  CHECK(expire(bed) == 0);
  bed.core.on_prolonged("b", bed.now + 1s);  // sooner than it was
  bed.core.on_prolonged("a", std::nullopt);
  bed.now += 1s;
  CHECK(expire(bed) == 1);
  CHECK(user_of(bed.core.who_in("a")) == "ada");
  bed.now += 1h;
  CHECK(expire(bed) == 0);
  CHECK_FALSE(bed.out.close);
}

TEST_CASE("the answer about the document of its address ends a session", "[session][rights]") {
  session_core_bed bed;
  bed.open();
  identify(bed, "d", "ada", bed.now + 10s);
  bed.authorise("d");
  bed.opened("d", 1);
  join_as(bed, "other", 2, "ada");
  bed.now += 10s;
  CHECK(expire(bed) == 0);
  CHECK(bed.out.close == close_reason::token_expired);
}

}  // namespace troupe::session_rights_test
