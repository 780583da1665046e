// What comes to a session core late: answers after its connection has closed, or a second time; and
// what a message that is refused costs.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/protocol/session/session_core_bed.hpp"

namespace troupe::session_late_test {

using namespace troupe::test;

TEST_CASE("a session that has closed asks for no document when its rights come late", "[session]") {
  session_core_bed bed;
  bed.open();
  bed.core.on_closed();
  bed.authorise("d");
  CHECK(bed.out.empty());
  CHECK_FALSE(bed.core.is_opening());
}

TEST_CASE("a session that has closed says nothing when its documents fail", "[session]") {
  session_core_bed bed;
  bed.join_address();
  bed.join("x", 2);
  bed.core.on_closed();
  bed.document_failed(2, close_reason::document_failed);
  CHECK(bed.out.empty());
  bed.document_failed(1, close_reason::document_failed);
  CHECK(bed.out.empty());
}

TEST_CASE("rights that come a second time change nothing", "[session]") {
  session_core_bed bed;
  bed.join_address();
  bed.authorise("d");
  CHECK(bed.out.empty());
  bed.says_binary("03");
  CHECK(bed.forwards().size() == 1);
}

TEST_CASE("a text that is too large costs the token that a binary message would need",
          "[session]") {
  session_core_bed bed{with_rate(10, 2)};
  bed.join_address();
  bed.says_binary("00 02 02 0000");
  CHECK_FALSE(bed.is_paused);
  bed.says_too_much(frame_kind::text);
  CHECK(bed.is_paused);
}

TEST_CASE("a text that is no message costs the token that a binary message would need",
          "[session]") {
  session_core_bed bed{with_rate(10, 2)};
  bed.join_address();
  bed.says_binary("00 02 02 0000");
  bed.says("nonsense");
  CHECK(bed.is_paused);
}

}  // namespace troupe::session_late_test
