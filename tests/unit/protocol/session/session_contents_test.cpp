// In which dialect a session hears a document: what it asks for first decides whether it hears of
// updates or of contents.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/protocol/session/session_core_bed.hpp"

namespace troupe::session_contents_test {

using namespace troupe::test;

namespace {

constexpr const char* read_d = R"({"type":"sync","payload":{"as":"json"},"messageId":"r"})";
constexpr const char* sync_d = R"({"type":"sync"})";
constexpr const char* edit_d = R"({"type":"update","payload":{"edit":[]},"messageId":"e"})";

/// The dialects of the requests of the last event.
std::vector<dialect> spoken(const session_core_bed& bed) {
  std::vector<dialect> in;
  for (const forwarded& each : bed.forwards()) in.push_back(each.in);
  return in;
}

}  // namespace

TEST_CASE("a session that asks for contents first hears of contents", "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.says(read_d);
  CHECK(spoken(bed) == std::vector{dialect::json_contents});
  REQUIRE(bed.out.hears.size() == 1);
  CHECK(bed.out.hears[0].in == dialect::json_contents);
  for (const char* const next : {edit_d, sync_d, R"({"type":"presence","payload":1})", read_d}) {
    bed.handled(1, {question_weight, 0});
    bed.says(next);
    CHECK(spoken(bed) == std::vector{dialect::json_contents});
    CHECK(bed.out.hears.empty());
  }
}

TEST_CASE("a session that has asked for updates goes on hearing them", "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.says(sync_d);
  CHECK(spoken(bed) == std::vector{dialect::json});
  bed.handled(1, {question_weight, 1});
  bed.says(read_d);
  CHECK(bed.forwards()[0].kind == request_kind::contents);
  CHECK(spoken(bed) == std::vector{dialect::json});
  CHECK(bed.out.hears.empty());
}

TEST_CASE("after a leave the next sync decides again", "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.says(read_d);
  bed.handled(1, {question_weight, 2});
  bed.says(R"({"type":"leave","messageId":"l"})");
  CHECK(spoken(bed) == std::vector{dialect::json_contents});
  bed.handled(1, {1, 0});
  CHECK(bed.out.no_longer_hears.has_value());
  CHECK(bed.out.leaves == document_id{1});
}

TEST_CASE("a question for contents joins a document like a sync", "[session_protocol]") {
  session_core_bed bed;
  bed.join_address();
  bed.says(R"({"type":"sync","docName":"x","payload":{"as":"text","root":"t"}})");
  REQUIRE(bed.out.authorise.size() == 1);
  CHECK(bed.out.authorise[0] == "x");
}

}  // namespace troupe::session_contents_test
