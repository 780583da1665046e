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

}  // namespace troupe::session_rights_test
