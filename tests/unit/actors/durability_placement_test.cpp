// Whom an acknowledgement waits for where keepers come and go, and what is given back meanwhile.
#include <catch2/catch_test_macros.hpp>

#include "actors/durability.hpp"

namespace troupe::durability_placement_test {

namespace {

constexpr keeper_id local = durability::local_store;
constexpr keeper_id second = 2;
constexpr keeper_id third = 3;
constexpr keeper_id stranger = 9;

/// Appends an update that its session waits for; it changed so many bytes.
void append_for(durability& log, session_id session, std::size_t size = 1) {
  log.append(shared_bytes::copy_of(as_bytes("x")));
  durability::unconfirmed one;
  one.from = origin::of_session(session);
  one.change = shared_bytes::copy_of(byte_buffer(size));
  log.await(std::move(one));
}

using sessions = std::vector<session_id>;

sessions confirmed_by(durability& log) {
  sessions all;
  while (const auto* const one = log.next_confirmed()) {
    all.push_back(one->from.session());
    log.pop_confirmed();
  }
  return all;
}

sessions credited_by(durability& log) {
  sessions all;
  while (const auto* const one = log.next_to_credit()) all.push_back(one->from.session());
  return all;
}

}  // namespace

TEST_CASE("of the stores that confirm only those of keepers count", "[durability]") {
  durability log;
  log.expect(2, {local, second, third});
  append_for(log, 1);
  log.on_stored(stranger, 1);
  log.on_stored(local, 1);
  CHECK(confirmed_by(log).empty());
  log.on_stored(third, 1);
  CHECK(confirmed_by(log) == sessions{1});
}

TEST_CASE("the node's own store does not count where it is no keeper", "[durability]") {
  durability log;
  log.expect(1, {second});
  append_for(log, 1);
  log.on_stored(local, 1);
  CHECK(confirmed_by(log).empty());
  CHECK_FALSE(log.is_storing());
  log.on_stored(second, 1);
  CHECK(confirmed_by(log) == sessions{1});
}

TEST_CASE("what was loaded is confirmed only once other keepers have it", "[durability]") {
  durability log;
  log.load({{}, {}, 5});
  REQUIRE(log.confirmed() == 5);
  log.expect(2, {local, second});
  CHECK(log.confirmed() == 0);
  log.on_stored(second, 4);
  CHECK(log.confirmed() == 4);
  log.on_stored(second, 5);
  CHECK(log.confirmed() == 5);
}

TEST_CASE("a keeper that had confirmed before it was one counts from then on", "[durability]") {
  durability log;
  log.expect(2, {local, second});
  append_for(log, 1);
  log.on_stored(local, 1);
  log.on_stored(third, 1);
  CHECK(confirmed_by(log).empty());
  log.expect(2, {local, third});
  CHECK(confirmed_by(log) == sessions{1});
}

TEST_CASE("fewer confirmations suffice as soon as fewer are expected", "[durability]") {
  durability log;
  log.expect(2, {local, second});
  append_for(log, 1);
  log.on_stored(local, 1);
  CHECK(confirmed_by(log).empty());
  log.expect(1, {local, second});
  CHECK(confirmed_by(log) == sessions{1});
}

TEST_CASE("what has been confirmed stays confirmed when keepers change", "[durability]") {
  durability log;
  log.expect(1, {local});
  append_for(log, 1);
  log.on_stored(local, 1);
  log.expect(2, {second, third});
  CHECK(log.confirmed() == 1);
  CHECK(confirmed_by(log) == sessions{1});
}

// --- credit ---

TEST_CASE("credit is given back once an update is stored here, before keepers confirm it",
          "[durability]") {
  durability log;
  log.expect(2, {local, second});
  append_for(log, 1);
  append_for(log, 2);
  CHECK(credited_by(log).empty());
  log.on_stored(local, 1);
  CHECK(credited_by(log) == sessions{1});
  CHECK(credited_by(log).empty());
  log.on_stored(local, 2);
  CHECK(credited_by(log) == sessions{2});
  CHECK(confirmed_by(log).empty());

  log.on_stored(second, 2);
  const auto* const one = log.next_confirmed();
  REQUIRE(one != nullptr);
  CHECK(one->is_credited);
  CHECK(confirmed_by(log) == sessions{1, 2});
}

TEST_CASE("a node that is alone gives credit back with the acknowledgement", "[durability]") {
  durability log;
  append_for(log, 1);
  log.on_stored(local, 1);
  CHECK(log.next_to_credit() == nullptr);
  REQUIRE(log.next_confirmed() != nullptr);
  CHECK_FALSE(log.next_confirmed()->is_credited);
}

TEST_CASE("no credit is given back while too much waits for keepers", "[durability]") {
  durability log;
  log.expect(2, {local, second});
  append_for(log, 1, durability::waiting_bytes_max);
  append_for(log, 2);
  log.on_stored(local, 2);
  CHECK(credited_by(log).empty());
  log.on_stored(second, 1);
  CHECK(confirmed_by(log) == sessions{1});
  CHECK(credited_by(log) == sessions{2});
}

TEST_CASE("as much as may wait for keepers is credited", "[durability]") {
  durability log;
  log.expect(2, {local, second});
  append_for(log, 1, durability::waiting_bytes_max);
  log.on_stored(local, 1);
  CHECK(credited_by(log) == sessions{1});
}

TEST_CASE("what was credited before is not credited again when others are confirmed",
          "[durability]") {
  durability log;
  log.expect(2, {local, second});
  for (const session_id each : {1, 2, 3}) append_for(log, each);
  log.on_stored(local, 2);
  CHECK(credited_by(log) == sessions{1, 2});
  log.on_stored(second, 1);
  CHECK(confirmed_by(log) == sessions{1});
  CHECK(credited_by(log).empty());
  log.on_stored(local, 3);
  CHECK(credited_by(log) == sessions{3});
}

// --- what came from peers ---

TEST_CASE("who has written nothing waits until keepers have what came from peers, too",
          "[durability]") {
  durability log;
  log.expect(2, {local, second});
  log.append(shared_bytes::copy_of(as_bytes("of a peer")));
  document_effects::storage_write write;
  write.from = origin::of_session(1);
  log.add(write, {}, 0);
  CHECK(log.is_whole_awaited());
  log.on_stored(local, 1);
  log.on_stored(second, 1, 0);
  CHECK(log.confirmed() == 1);
  CHECK(confirmed_by(log).empty());
  log.on_stored(second, 1, 1);
  CHECK_FALSE(log.is_whole_awaited());
  CHECK(confirmed_by(log) == sessions{1});
}

TEST_CASE("who has written something does not wait for what came from peers", "[durability]") {
  durability log;
  log.expect(2, {local, second});
  log.append(shared_bytes::copy_of(as_bytes("of a peer")));
  append_for(log, 1);
  CHECK_FALSE(log.is_whole_awaited());
  log.on_stored(local, 2);
  log.on_stored(second, 2, 0);
  CHECK(confirmed_by(log) == sessions{1});
}

TEST_CASE("a keeper has no more as a whole than it has", "[durability]") {
  durability log;
  log.expect(1, {second});
  log.append(shared_bytes::copy_of(as_bytes("of a peer")));
  log.append(shared_bytes::copy_of(as_bytes("of a peer")));
  document_effects::storage_write write;
  write.from = origin::of_session(1);
  log.add(write, {}, 0);
  log.on_stored(second, 1, 2);
  CHECK(log.is_whole_awaited());
  log.on_stored(second, 2, 2);
  CHECK_FALSE(log.is_whole_awaited());
}

}  // namespace troupe::durability_placement_test
