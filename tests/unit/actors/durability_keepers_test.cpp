// Who has stored the updates of a document, where more than one keeper is to.
#include <catch2/catch_test_macros.hpp>

#include "actors/durability.hpp"

namespace troupe::durability_keepers_test {

namespace {

constexpr keeper_id local = durability::local_store;
constexpr keeper_id second = 2;
constexpr keeper_id third = 3;

void append(durability& log, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) log.append(shared_bytes::copy_of(as_bytes("x")));
}

/// Appends an update that its session waits for.
void append_for(durability& log, session_id session) {
  append(log, 1);
  durability::unconfirmed one;
  one.from = origin::of_session(session);
  log.await(std::move(one));
}

/// Who hears now that all is stored.
std::vector<session_id> confirmed_by(durability& log) {
  std::vector<session_id> sessions;
  while (const auto* const one = log.next_confirmed()) {
    sessions.push_back(one->from.session());
    log.pop_confirmed();
  }
  return sessions;
}

using sessions = std::vector<session_id>;

}  // namespace

TEST_CASE("one keeper is enough unless more are needed", "[durability]") {
  durability log;
  append(log, 3);
  log.on_stored(second, 2);
  CHECK(log.confirmed() == 2);
  log.on_stored(local, 1);
  CHECK(log.confirmed() == 2);
  log.on_stored(local, 3);
  CHECK(log.confirmed() == 3);
}

TEST_CASE("of three keepers two must have stored an update", "[durability]") {
  durability log{2};
  append_for(log, 1);
  append_for(log, 2);
  append_for(log, 3);
  log.on_stored(local, 3);
  CHECK(log.confirmed() == 0);
  CHECK(log.next_confirmed() == nullptr);
  log.on_stored(second, 1);
  CHECK(log.confirmed() == 1);
  CHECK(confirmed_by(log) == sessions{1});
  log.on_stored(third, 2);
  CHECK(log.confirmed() == 2);
  CHECK(confirmed_by(log) == sessions{2});
  CHECK(log.is_awaited());
  log.on_stored(second, 3);
  CHECK(log.confirmed() == 3);
  CHECK(confirmed_by(log) == sessions{3});
  CHECK_FALSE(log.is_awaited());
}

TEST_CASE("a keeper counts once, however often it confirms", "[durability]") {
  durability log{2};
  append_for(log, 1);
  for (int i = 0; i < 3; ++i) log.on_stored(second, 1);
  CHECK(log.confirmed() == 0);
  CHECK(log.next_confirmed() == nullptr);
  log.on_stored(local, 1);
  CHECK(confirmed_by(log) == sessions{1});
}

TEST_CASE("what a keeper has stored stays stored when it goes back", "[durability]") {
  durability log{2};
  append(log, 5);
  log.on_stored(local, 4);
  log.on_stored(second, 4);
  CHECK(log.confirmed() == 4);
  log.on_stored(second, 1);
  log.on_stored(local, 0);
  CHECK(log.confirmed() == 4);
  log.on_stored(third, 5);
  CHECK(log.confirmed() == 4);
  log.on_stored(local, 5);
  CHECK(log.confirmed() == 5);
}

TEST_CASE("a keeper that is new may be behind the others or before them", "[durability]") {
  durability log{3};
  append(log, 9);
  log.on_stored(local, 9);
  log.on_stored(second, 5);
  log.on_stored(third, 7);
  CHECK(log.confirmed() == 5);
  log.on_stored(1'000'000, 6);
  CHECK(log.confirmed() == 6);
  log.on_stored(second, 8);
  CHECK(log.confirmed() == 7);
}

TEST_CASE("too few keepers confirm nothing", "[durability]") {
  durability log{3};
  append_for(log, 1);
  log.on_stored(local, 1);
  log.on_stored(second, 1);
  CHECK(log.confirmed() == 0);
  CHECK(log.is_awaited());
}

TEST_CASE("what was loaded is stored, whoever keeps it", "[durability]") {
  durability log{2};
  log.load({{}, {}, 7});
  CHECK(log.confirmed() == 7);
  durability::unconfirmed one;
  one.from = origin::of_session(4);
  log.await(std::move(one));
  CHECK(confirmed_by(log) == sessions{4});
  append_for(log, 5);
  log.on_stored(local, 8);
  log.on_stored(second, 3);
  CHECK(log.confirmed() == 7);
  log.on_stored(second, 8);
  CHECK(confirmed_by(log) == sessions{5});
}

TEST_CASE("what waits keeps whom it is for and in which words", "[durability]") {
  durability log;
  append(log, 1);
  durability::unconfirmed one;
  one.from = origin::of_peer(3);
  one.in = dialect::json;
  one.has_confirmation = true;
  one.change = shared_bytes::copy_of(as_bytes("change"));
  one.message_id = shared_bytes::copy_of(as_bytes("m"));
  one.credit_bytes = 12;
  log.await(std::move(one));
  log.on_stored(local, 1);
  const auto* const heard = log.next_confirmed();
  REQUIRE(heard != nullptr);
  CHECK(heard->number == 1);
  CHECK(heard->from == origin::of_peer(3));
  CHECK(heard->in == dialect::json);
  CHECK(heard->has_confirmation);
  CHECK(as_text(heard->change.view()) == "change");
  CHECK(as_text(heard->message_id.view()) == "m");
  CHECK(heard->credit_bytes == 12);
}

// --- what a hosted document wants stored ---

TEST_CASE("a write is appended and waits with its confirmation", "[durability]") {
  durability log;
  const shared_bytes event = shared_bytes::copy_of(as_bytes("updatem1"));
  document_effects::storage_write write;
  write.update = event.view().first(6);
  write.from = origin::of_session(4);
  write.in = dialect::json;
  write.confirmation = notice{
      .kind = notice_kind::ack, .body = byte_buffer{1, 2, 3}, .extra = event.view().subspan(6)};
  log.add(write, event, 8);
  CHECK(log.last() == 1);
  CHECK(log.next_confirmed() == nullptr);
  const storage::log_append appended = log.take_append();
  REQUIRE(appended.updates.size() == 1);
  CHECK(as_text(appended.updates[0].view()) == "update");
  CHECK(appended.updates[0].view().data() == event.view().data());  // shared

  log.on_stored(local, 1);
  const auto* const heard = log.next_confirmed();
  REQUIRE(heard != nullptr);
  CHECK(heard->from == origin::of_session(4));
  CHECK(heard->in == dialect::json);
  CHECK(heard->has_confirmation);
  CHECK(heard->change.view().size() == 3);
  CHECK(as_text(heard->message_id.view()) == "m1");
  CHECK(heard->message_id.view().data() == event.view().data() + 6);
  CHECK(heard->credit_bytes == 8);
}

TEST_CASE("a write without an update waits for those before it, without a confirmation gives back "
          "credit alone",
          "[durability]") {
  durability log;
  append(log, 1);
  document_effects::storage_write write;
  write.from = origin::of_session(4);
  log.add(write, {}, 5);
  CHECK(log.last() == 1);
  CHECK(log.take_append().updates.size() == 1);
  CHECK(log.next_confirmed() == nullptr);
  log.on_stored(local, 1);
  REQUIRE(log.next_confirmed() != nullptr);
  CHECK_FALSE(log.next_confirmed()->has_confirmation);
  CHECK(log.next_confirmed()->change.empty());
  CHECK(log.next_confirmed()->message_id.empty());
  CHECK(log.next_confirmed()->credit_bytes == 5);
}

TEST_CASE("bytes of a write that are not of the event are copied", "[durability]") {
  durability log;
  {
    const byte_buffer own{7, 8};
    document_effects::storage_write write;
    write.update = byte_view{own};
    write.from = origin::of_peer(2);
    log.add(write, {}, 0);
  }
  const storage::log_append appended = log.take_append();
  REQUIRE(appended.updates.size() == 1);
  CHECK(std::ranges::equal(appended.updates[0].view(), byte_buffer{7, 8}));
}

TEST_CASE("a keeper cannot have stored what was not sent", "[durability]") {
  durability log;
  log.append(shared_bytes::copy_of(as_bytes("x")));
  log.on_stored(9, 100);
  CHECK(log.confirmed() == 1);
  log.append(shared_bytes::copy_of(as_bytes("x")));
  log.await({});
  CHECK(log.next_confirmed() == nullptr);
}

TEST_CASE("at least one keeper must have stored an update", "[durability]") {
  durability log{0};
  log.append(shared_bytes::copy_of(as_bytes("x")));
  log.await({});
  CHECK(log.next_confirmed() == nullptr);
  log.on_stored(durability::local_store, 1);
  CHECK(log.next_confirmed() != nullptr);
}

// --- keepers that are named ---

TEST_CASE("only those count that are keepers now", "[durability]") {
  durability log;
  append_for(log, 1);
  log.expect(2, {local, second});
  log.on_stored(local, 1);
  log.on_stored(third, 1);
  CHECK(confirmed_by(log).empty());
  log.expect(2, {local, third});
  CHECK(confirmed_by(log) == sessions{1});
}

TEST_CASE("a node that is no keeper does not count itself", "[durability]") {
  durability log;
  append_for(log, 1);
  log.expect(1, {second, third});
  log.on_stored(local, 1);
  CHECK(confirmed_by(log).empty());
  log.on_stored(third, 1);
  CHECK(confirmed_by(log) == sessions{1});
}

TEST_CASE("what was loaded is not confirmed before other keepers have it", "[durability]") {
  durability log;
  log.load({{}, {}, 7});
  log.expect(2, {local, second});
  durability::unconfirmed again;  // its author sends it again, as nobody has confirmed it
  again.from = origin::of_session(4);
  again.needs_whole = true;
  log.await(std::move(again));
  CHECK(confirmed_by(log).empty());
  log.on_stored(second, 7);
  CHECK(confirmed_by(log) == sessions{4});
}

TEST_CASE("who wrote nothing new waits until keepers have what came from peers", "[durability]") {
  durability log;
  log.expect(2, {local, second});
  append(log, 1);
  document_effects::storage_write write;
  write.from = origin::of_session(4);
  log.add(write, {}, 0);
  CHECK(log.is_whole_awaited());
  append_for(log, 5);
  log.on_stored(local, 2);
  log.on_stored(second, 2, 0);
  CHECK(log.confirmed() == 2);
  CHECK(confirmed_by(log).empty());
  log.on_stored(second, 2, 1);
  CHECK(confirmed_by(log) == sessions{4, 5});
  CHECK_FALSE(log.is_whole_awaited());
}

TEST_CASE("a sender may go on once this node has stored what it sent", "[durability]") {
  durability log;
  log.expect(2, {local, second});
  append_for(log, 1);
  append_for(log, 2);
  CHECK(log.next_to_credit() == nullptr);
  log.on_stored(local, 1);
  const auto* const first = log.next_to_credit();
  REQUIRE(first != nullptr);
  CHECK(first->from.session() == 1);
  CHECK(first->is_credited);
  CHECK(log.next_to_credit() == nullptr);
  log.on_stored(second, 2);
  log.on_stored(local, 2);
  CHECK(confirmed_by(log) == sessions{1, 2});
  CHECK(log.next_to_credit() == nullptr);
}

TEST_CASE("while too much waits for other keepers, senders wait as well", "[durability]") {
  durability log;
  log.expect(2, {local, second});
  append(log, 1);
  durability::unconfirmed large;
  large.change = shared_bytes::copy_of(byte_buffer(durability::waiting_bytes_max + 1));
  log.await(std::move(large));
  log.on_stored(local, 1);
  CHECK(log.next_to_credit() == nullptr);
}

TEST_CASE("a node alone gives credit with the acknowledgement", "[durability]") {
  durability log;
  append_for(log, 1);
  log.on_stored(local, 1);
  CHECK(log.next_to_credit() == nullptr);
}

}  // namespace troupe::durability_keepers_test
