#include "protocol/cluster/shared_log.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace troupe;
using namespace troupe::cluster;
using namespace std::chrono_literals;

namespace troupe::shared_log_test {

using time_point = shared_log::time_point;

constexpr peer_id other = 1;
constexpr peer_id third = 2;
constexpr replica_life its_life = 70;

shared_slice slice(std::string_view text) { return shared_bytes::copy_of(as_bytes(text)); }

/// A log of which all up to 10 is loaded, at the replica's state 10.
class bed {
 public:
  bed() {
    log.begin(10, 1, now);
    log.on_life(other, its_life);
    log.on_life(third, its_life + 1);
  }
  void streamed(peer_id from, state_number theirs, state_number here, std::string_view text) {
    log.on_taken(from, peer_update{slice(text), theirs}, here, now);
  }
  void filled(peer_id from, state_number theirs, state_number here, std::string_view text) {
    log.on_taken(from, peer_fill{5, slice(text), theirs}, here, now);
  }
  /// A look that finds nothing.
  void look() {
    log.begin_look(now);
    log.on_looked(log.known(), 1, true, now);
  }
  std::size_t missing(bool may_hurry = true) { return log.to_take_over(now, may_hurry).size(); }

  time_point now{1h};
  shared_log log;
};

TEST_CASE("what this node writes is settled once it is in the log", "[cluster][shared]") {
  bed on;
  CHECK(on.log.settled(10) == 10);
  on.log.on_own(11, on.now);
  on.log.on_own(12, on.now);
  CHECK(on.log.settled(12) == 10);
  on.log.on_stored(11);
  CHECK(on.log.settled(12) == 11);
  on.log.on_stored(12);
  CHECK(on.log.settled(12) == 12);
}

TEST_CASE("what came from a peer is settled once the peer says so", "[cluster][shared]") {
  bed on;
  on.streamed(other, 5, 11, "a");
  on.log.on_own(12, on.now);
  on.log.on_stored(12);
  CHECK(on.log.settled(12) == 10);
  on.log.on_stored(other, peer_stored{its_life + 9, 5, 5});  // of another life
  on.log.on_stored(third, peer_stored{its_life + 1, 5, 5});  // of another peer
  CHECK(on.log.settled(12) == 10);
  on.log.on_stored(other, peer_stored{its_life, 5, 0});
  CHECK(on.log.settled(12) == 12);
  CHECK(on.log.unlogged() == 0);
}

TEST_CASE("an answer to a comparison is settled once all that the peer had is",
          "[cluster][shared]") {
  bed on;
  on.filled(other, 5, 11, "a");
  on.log.on_stored(other, peer_stored{its_life, 7, 4});
  CHECK(on.log.settled(11) == 10);
  on.log.on_stored(other, peer_stored{its_life, 7, 5});
  CHECK(on.log.settled(11) == 11);
}

TEST_CASE("what the peer has said before counts for what comes later", "[cluster][shared]") {
  bed on;
  on.log.on_stored(other, peer_stored{its_life, 7, 7});
  on.streamed(other, 6, 11, "a");
  CHECK(on.log.settled(11) == 11);
}

TEST_CASE("parts of an answer have the number of its end", "[cluster][shared]") {
  bed on;
  on.log.on_taken(other, peer_part{5, answer_to::ask, slice("a")}, 11, on.now);
  on.log.on_stored(other, peer_stored{its_life, 9, 9});
  CHECK(on.log.settled(11) == 10);
  on.log.on_taken(other, peer_fill{5, slice("b"), 8}, std::nullopt, on.now);
  CHECK(on.log.settled(11) == 11);
}

TEST_CASE("peers hear of what this node has written, and of the whole", "[cluster][shared]") {
  bed on;
  on.streamed(other, 5, 11, "a");
  on.log.on_own(12, on.now);
  CHECK(on.log.logged(9, 12).up_to == 11);
  CHECK(on.log.logged(9, 12).whole == 10);
  on.log.on_stored(12);
  CHECK(on.log.logged(9, 12).up_to == 12);
  CHECK(on.log.logged(9, 12).whole == 10);
  CHECK(on.log.logged(9, 12).life == 9);
}

TEST_CASE("what a lost peer has not written is looked for in the log, and then written here",
          "[cluster][shared]") {
  bed on;
  on.streamed(other, 5, 11, "a");
  on.streamed(other, 6, 12, "b");
  on.log.begin_look(on.now);
  on.log.on_lost(other);
  on.log.on_looked(10, 1, true, on.now);
  CHECK(on.missing() == 0);  // that look may have been too early
  CHECK(on.log.is_look_due(on.now));
  on.log.begin_look(on.now);
  CHECK(on.missing() == 0);  // it is under way
  on.log.on_read(as_bytes("a"));
  on.log.on_looked(11, 1, true, on.now);
  REQUIRE(on.missing() == 1);
  CHECK(as_text(on.log.to_take_over(on.now, true).front().view()) == "b");
  on.log.on_own(13, on.now);
  on.log.on_taken_over(13, on.now, true);
  CHECK(on.missing() == 0);
  CHECK(on.log.settled(13) == 11);
  on.log.on_stored(13);
  CHECK(on.log.settled(13) == 13);
}

TEST_CASE("what waits for an update goes on waiting while it is written for its author",
          "[cluster][shared]") {
  bed on;
  on.streamed(other, 5, 11, "a");
  on.log.on_own(12, on.now);
  on.log.on_stored(12);
  on.log.on_lost(other);
  on.look();
  REQUIRE(on.missing() == 1);
  on.log.on_own(13, on.now);
  on.log.on_taken_over(13, on.now, true);
  CHECK(on.log.settled(13) == 10);
  on.log.on_stored(13);
  CHECK(on.log.settled(13) == 13);
}

TEST_CASE("a peer that is back with the same replica writes what it has", "[cluster][shared]") {
  bed on;
  on.streamed(other, 5, 11, "a");
  on.log.on_lost(other);
  on.log.on_life(other, its_life);
  on.look();
  CHECK(on.missing() == 0);
  on.log.on_stored(other, peer_stored{its_life, 5, 5});
  CHECK(on.log.settled(11) == 11);
}

TEST_CASE("what the replica before has not written is lost with it", "[cluster][shared]") {
  bed on;
  on.streamed(other, 5, 11, "a");
  on.log.on_life(other, its_life + 100);
  on.log.on_stored(other, peer_stored{its_life + 100, 9, 9});
  CHECK(on.log.settled(11) == 10);
  on.look();
  CHECK(on.missing() == 1);
}

TEST_CASE("what a peer does not write for long is written here, if that works",
          "[cluster][shared]") {
  bed on;
  on.streamed(other, 5, 11, "a");
  on.now += 4'999ms;
  CHECK(on.missing() == 0);
  on.now += 1ms;
  CHECK(on.missing() == 1);
  CHECK(on.missing(false) == 0);
}

TEST_CASE("the log is looked at more often where something changes", "[cluster][shared]") {
  bed on;
  CHECK_FALSE(on.log.is_look_due(on.now + 1'999ms));
  CHECK(on.log.is_look_due(on.now + 2s));
  on.now += 60s;
  on.look();
  CHECK_FALSE(on.log.is_look_due(on.now + 9s));
  CHECK(on.log.is_look_due(on.now + 10s));
  on.log.begin_look(on.now);
  CHECK_FALSE(on.log.is_look_due(on.now + 1h));  // one at a time
  on.log.on_looked(12, 1, false, on.now);
  CHECK(on.log.is_look_due(on.now));  // there is more
  CHECK(on.log.known() == 12);
}

TEST_CASE("who waits for a look waits for one that begins from then on", "[cluster][shared]") {
  bed on;
  on.log.begin_look(on.now);
  on.log.want_look();
  on.log.on_looked(10, 1, true, on.now);
  CHECK(on.log.is_look_awaited());
  REQUIRE(on.log.is_look_due(on.now));
  on.log.begin_look(on.now);
  on.log.on_looked(10, 2, true, on.now);
  CHECK_FALSE(on.log.is_look_awaited());
  CHECK(on.log.checkpoint() == 2);
  on.log.want_look();
  on.log.begin_look(on.now);
  on.log.on_look_failed();
  CHECK_FALSE(on.log.is_look_awaited());
  on.log.want_look();
  CHECK_FALSE(on.log.is_look_due(on.now + 999ms));
  CHECK(on.log.is_look_due(on.now + 1s));
}

TEST_CASE("a replica that is to end writes what others have not, without waiting for them",
          "[cluster][shared]") {
  bed on;
  on.streamed(other, 5, 11, "a");
  on.streamed(other, 6, 12, "b");
  on.log.on_ending();
  REQUIRE(on.log.is_look_due(on.now));
  on.log.begin_look(on.now);
  on.log.on_read(as_bytes("a"));
  on.log.on_looked(11, 1, true, on.now);
  CHECK(on.missing() == 1);
}

}  // namespace troupe::shared_log_test
