#include "actors/document_audience.hpp"

#include <algorithm>

#include <caf/actor_cast.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"

namespace troupe::document_audience_test {

namespace {

constexpr document_id document = 5;

/// The audience of a document between two hubs that only have addresses.
class audience_bed {
 public:
  audience_bed() : first_(node_.system()), second_(node_.system()) {}
  ~audience_bed() { audience.clear(); }

  hub_actor first() { return caf::actor_cast<hub_actor>(first_.ptr()); }
  hub_actor second() { return caf::actor_cast<hub_actor>(second_.ptr()); }

  struct sent {
    bool is_for_first = false;
    deliver_batch batch;
  };
  /// The batches of the turn; `has_frame`: there is a delivery for all.
  std::vector<sent> end_turn(bool has_frame = false) {
    deliveries_by_dialect deliveries;
    if (has_frame)
      deliveries.in(dialect::json)
          .push_back(
              {audience::all, no_session, traffic::content, shared_bytes::copy_of(as_bytes("f"))});
    std::vector<sent> all;
    audience.end_turn(document, deliveries, [&](const hub_actor& hub, deliver_batch batch) {
      all.push_back({hub == first(), std::move(batch)});
    });
    return all;
  }

 private:
  test::actor_node node_;
  caf::scoped_actor first_;
  caf::scoped_actor second_;

 public:
  document_audience audience;
};

credit_amount handled_by(const deliver_batch& batch, session_id session) {
  credit_amount sum;
  for (const auto& each : batch.progress) {
    if (each.session != session) continue;
    sum.messages += each.amount.messages;
    sum.bytes += each.amount.bytes;
  }
  return sum;
}

}  // namespace

TEST_CASE("an audience counts the sessions that are there and the joins it has seen",
          "[document_audience]") {
  audience_bed bed;
  CHECK_FALSE(bed.audience.has_sessions());
  bed.audience.join(1, bed.first());
  bed.audience.join(2, bed.second());
  bed.audience.join(3, bed.first());
  CHECK(bed.audience.session_count() == 3);
  CHECK(bed.audience.joins() == 3);
  CHECK(bed.audience.leave(1));
  CHECK_FALSE(bed.audience.leave(1));
  CHECK_FALSE(bed.audience.leave(9));
  CHECK(bed.audience.session_count() == 2);
  CHECK(bed.audience.joins() == 3);
  CHECK(bed.audience.leave(2));
  CHECK(bed.audience.leave(3));
  CHECK_FALSE(bed.audience.has_sessions());
}

TEST_CASE("a turn is one batch for each hub that has sessions", "[document_audience]") {
  audience_bed bed;
  CHECK(bed.end_turn(true).empty());
  bed.audience.join(1, bed.first());
  bed.audience.join(2, bed.first());
  CHECK(bed.end_turn(true).size() == 1);
  bed.audience.join(3, bed.second());
  const auto both = bed.end_turn(true);
  REQUIRE(both.size() == 2);
  CHECK(both[0].is_for_first != both[1].is_for_first);
  for (const auto& each : both) {
    CHECK(each.batch.document == document);
    CHECK(each.batch.in(dialect::json).size() == 1);
    CHECK(each.batch.progress.empty());
    CHECK(each.batch.closings.empty());
  }
  bed.audience.leave(1);
  bed.audience.leave(2);
  const auto rest = bed.end_turn(true);
  REQUIRE(rest.size() == 1);
  CHECK_FALSE(rest[0].is_for_first);
}

TEST_CASE("a turn without anything is no batch", "[document_audience]") {
  audience_bed bed;
  bed.audience.join(1, bed.first());
  CHECK(bed.end_turn().empty());
}

TEST_CASE("a note goes to the hub of its session only, and once", "[document_audience]") {
  audience_bed bed;
  bed.audience.join(1, bed.first());
  bed.audience.join(2, bed.second());
  bed.audience.note_handled(2, {3, 100});
  bed.audience.note_handled(2, {1, 10});
  const auto progress = bed.end_turn();
  REQUIRE(progress.size() == 1);
  CHECK_FALSE(progress[0].is_for_first);
  CHECK(handled_by(progress[0].batch, 2).messages == 4);
  CHECK(handled_by(progress[0].batch, 2).bytes == 110);
  CHECK(bed.end_turn().empty());

  bed.audience.note_closing(1, close_reason::invalid_update);
  const auto closings = bed.end_turn();
  REQUIRE(closings.size() == 1);
  CHECK(closings[0].is_for_first);
  REQUIRE(closings[0].batch.closings.size() == 1);
  CHECK(closings[0].batch.closings[0].session == 1);
  CHECK(closings[0].batch.closings[0].reason == close_reason::invalid_update);
  CHECK(closings[0].batch.progress.empty());
  CHECK(bed.end_turn().empty());
}

TEST_CASE("the progress of several sessions of one hub is kept apart", "[document_audience]") {
  audience_bed bed;
  bed.audience.join(1, bed.first());
  bed.audience.join(2, bed.first());
  for (int i = 0; i < 3; ++i) {
    bed.audience.note_handled(1, {1, 10});
    bed.audience.note_handled(2, {1, 1});
  }
  const auto sent = bed.end_turn(true);
  REQUIRE(sent.size() == 1);
  CHECK(handled_by(sent[0].batch, 1).messages == 3);
  CHECK(handled_by(sent[0].batch, 1).bytes == 30);
  CHECK(handled_by(sent[0].batch, 2).messages == 3);
  CHECK(handled_by(sent[0].batch, 2).bytes == 3);
  CHECK(sent[0].batch.in(dialect::json).size() == 1);
}

TEST_CASE("a session that has left gets no notes", "[document_audience]") {
  audience_bed bed;
  bed.audience.join(1, bed.first());
  bed.audience.join(2, bed.first());
  bed.audience.leave(1);
  bed.audience.note_handled(1, {1, 10});
  bed.audience.note_closing(1, close_reason::invalid_update);
  bed.audience.note_handled(9, {1, 10});
  CHECK(bed.end_turn().empty());
}

TEST_CASE("a session that joins again is on the hub that it joins from", "[document_audience]") {
  audience_bed bed;
  bed.audience.join(1, bed.first());
  bed.audience.leave(1);
  bed.audience.join(1, bed.second());
  bed.audience.note_handled(1, {1, 1});
  const auto sent = bed.end_turn(true);
  REQUIRE(sent.size() == 1);
  CHECK_FALSE(sent[0].is_for_first);
  CHECK(handled_by(sent[0].batch, 1).messages == 1);
}

TEST_CASE("what was noted for a session that has left is forgotten with the turn", "[actors]") {
  test::actor_node node;
  caf::scoped_actor self{node.system()};
  const auto hub = caf::actor_cast<hub_actor>(self.ptr());
  document_audience audience;
  std::vector<deliver_batch> sent;
  const auto end_turn = [&] {
    sent.clear();
    audience.end_turn(1, {}, [&](const hub_actor&, deliver_batch b) { sent.push_back(b); });
  };
  audience.join(1, hub);
  audience.note_handled(1, {1, 1});
  audience.leave(1);
  end_turn();
  CHECK(sent.empty());
  audience.join(2, hub);
  end_turn();
  CHECK(sent.empty());
}

TEST_CASE("a session that joins a second time is counted once", "[actors]") {
  test::actor_node node;
  caf::scoped_actor self{node.system()};
  caf::scoped_actor other{node.system()};
  const auto hub = caf::actor_cast<hub_actor>(self.ptr());
  document_audience audience;
  audience.join(1, hub);
  audience.join(1, hub);
  audience.leave(1);
  deliveries_by_dialect d;
  d.in(dialect::y_websocket)
      .push_back({audience::all, 0, traffic::content, shared_bytes::copy_of(as_bytes("x"))});
  int n = 0;
  audience.end_turn(1, d, [&](const hub_actor&, deliver_batch) { ++n; });
  CHECK(n == 0);
}

}  // namespace troupe::document_audience_test
