#include "protocol/origin.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::origin_test {

TEST_CASE("an origin is a session, a peer or the server", "[origin]") {
  CHECK(origin::of_session(7).kind == origin_kind::session);
  CHECK(origin::of_session(7).id == 7);
  CHECK(origin::of_peer(3).kind == origin_kind::peer);
  CHECK(origin::of_peer(3).id == 3);
  CHECK(origin::of_server().kind == origin_kind::server);
  CHECK(origin::of_server().id == 0);
  CHECK(origin{} == origin::of_server());
}

TEST_CASE("only a session is a session", "[origin]") {
  CHECK(origin::of_session(7).session() == 7);
  CHECK(origin::of_peer(7).session() == no_session);
  CHECK(origin::of_server().session() == no_session);
}

TEST_CASE("a peer and a session with one number are two origins", "[origin]") {
  CHECK(origin::of_session(7) == origin::of_session(7));
  CHECK(origin::of_session(7) != origin::of_session(8));
  CHECK(origin::of_session(7) != origin::of_peer(7));
  CHECK(origin::of_peer(0) != origin::of_server());
}

TEST_CASE("an origin has a name for the log", "[origin]") {
  CHECK(to_string(origin::of_session(7)) == "session 7");
  CHECK(to_string(origin::of_peer(3)) == "peer 3");
  CHECK(to_string(origin::of_server()) == "the server");
}

}  // namespace troupe::origin_test
