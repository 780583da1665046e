#include "actors/durability.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::durability_test {

namespace {

shared_slice bytes_of(std::size_t size) { return shared_bytes::copy_of(byte_buffer(size, 'x')); }

durability::unconfirmed of_sender(session_id sender) {
  durability::unconfirmed one;
  one.from = origin::of_session(sender);
  return one;
}

std::vector<session_id> confirmed_by(durability& log) {
  std::vector<session_id> senders;
  while (const auto* const one = log.next_confirmed()) {
    senders.push_back(one->from.session());
    log.pop_confirmed();
  }
  return senders;
}

}  // namespace

TEST_CASE("updates are numbered on from what was loaded", "[durability]") {
  durability log;
  log.load({shared_bytes::copy_of(byte_buffer(10, 's')), {bytes_of(3), bytes_of(4)}, 7});
  CHECK(log.checkpoint_size() == 10);
  CHECK(log.state_size() >= 17);
  CHECK(log.take_append().updates.empty());

  log.append(bytes_of(1));
  log.append(bytes_of(2));
  const storage::log_append first = log.take_append();
  CHECK(first.first == 8);
  REQUIRE(first.updates.size() == 2);
  CHECK(first.updates[1].size == 2);

  log.append(bytes_of(1));
  CHECK(log.take_append().first == 10);
  CHECK(log.last() == 10);
}

TEST_CASE("nobody is told before all that came before is stored", "[durability]") {
  durability log;
  log.append(bytes_of(1));
  log.await(of_sender(1));
  log.append(bytes_of(1));
  log.append(bytes_of(1));
  log.await(of_sender(2));
  log.await(of_sender(3));  // had nothing to store itself
  CHECK(log.next_confirmed() == nullptr);
  log.on_stored(durability::local_store, 2);
  CHECK(confirmed_by(log) == std::vector<session_id>{1});
  CHECK(log.is_awaited());
  log.on_stored(durability::local_store, 3);
  CHECK(confirmed_by(log) == std::vector<session_id>{2, 3});
  CHECK_FALSE(log.is_awaited());
}

TEST_CASE("who waits for nothing is told at once", "[durability]") {
  durability log;
  log.await(of_sender(1));
  CHECK(confirmed_by(log) == std::vector<session_id>{1});
}

TEST_CASE("a log is long when it outgrows its checkpoint, and 256 KiB", "[durability]") {
  durability log;
  log.append(bytes_of(250 * 1024));
  CHECK_FALSE(log.is_long());
  log.append(bytes_of(7 * 1024));
  CHECK(log.is_long());

  log.begin_checkpoint();
  log.append(bytes_of(40 * 1024));  // while it was made
  log.end_checkpoint(300 * 1024);
  CHECK_FALSE(log.is_checkpointed());
  CHECK_FALSE(log.is_long());
  CHECK_FALSE(log.is_worth_checkpoint());
  log.append(bytes_of(115 * 1024));
  CHECK(log.is_worth_checkpoint());
  log.append(bytes_of(150 * 1024));
  CHECK(log.is_long());
}

TEST_CASE("a log of many small records is as long as their records", "[durability]") {
  durability log;
  for (int i = 0; i < 9000; ++i) log.append(bytes_of(1));
  CHECK(log.is_long());
  log.begin_checkpoint();
  CHECK(log.is_checkpointed());
}

TEST_CASE("a document that was only read is not written", "[durability]") {
  storage::stored_document stored;
  stored.updates.push_back(bytes_of(300 * 1024));
  stored.last = 1;
  SECTION("however long its log is") {
    durability log;
    log.load(stored);
    CHECK_FALSE(log.is_long());
    CHECK_FALSE(log.is_worth_checkpoint());
    CHECK(log.is_checkpointed());
    log.append(bytes_of(1));
    CHECK(log.is_long());
    CHECK_FALSE(log.is_checkpointed());
  }
  SECTION("but for what is better replaced") {
    stored.damage = "the newest checkpoint cannot be read";
    durability log;
    log.load(stored);
    CHECK(log.is_long());
    durability repaired;
    repaired.load(
        {.checkpoint = shared_bytes::copy_of(byte_buffer(10, 's')), .updates = {}, .last = 7});
    CHECK(repaired.is_checkpointed());
    repaired.want_checkpoint();
    CHECK_FALSE(repaired.is_checkpointed());
  }
}

}  // namespace troupe::durability_test
