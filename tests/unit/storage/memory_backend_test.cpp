// What is the memory backend's own; what it shares with others is in backend_contract_test.cpp.
#include "storage/memory_backend.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/storage_bed.hpp"

namespace troupe::memory_backend_test {

using namespace troupe::storage;

TEST_CASE("memory backend shares bytes with those who read them", "[storage]") {
  stored_document stored;
  const shared_bytes message = test::bytes_of("header|first|second");
  {
    memory_backend backend;
    batch log;
    log.appends = {test::append_of("a", 1, {})};
    log.appends[0].updates = {{message, 7, 5}, {message, 13, 6}};
    REQUIRE(backend.write(log));
    stored = *backend.load("a");
  }
  REQUIRE(stored.updates.size() == 2);
  CHECK(stored.updates[1].view().data() == message.view().data() + 13);
  CHECK(as_text(stored.updates[1].view()) == "second");
}

TEST_CASE("memory backend keeps a checkpoint small, and gives it back as it was", "[storage]") {
  memory_backend backend;
  const std::string state(5000, 'x');
  batch written;
  written.checkpoints = {{"a", 3, shared_bytes::copy_of(as_bytes(state))}};
  REQUIRE(backend.write(written));
  CHECK(as_text(backend.load("a")->checkpoint.view()) == state);
  CHECK(backend.info("a")->value().checkpoint_size == state.size());
  CHECK(backend.stats()->checkpoint_bytes == state.size());
}

TEST_CASE("memory backend tells what others have written", "[storage][shared]") {
  memory_backend backend;
  batch what;
  what.appends = {test::append_of("a", next_number, {"u1"}),
                  test::append_of("a", next_number, {"v2"})};
  what.appends[0].origin = 1;
  what.appends[1].origin = 2;
  REQUIRE(backend.write(what));
  const auto seen = backend.look({{"a", 0, 0, 1}, {"b", 0, 0, 1}});
  REQUIRE(seen);
  REQUIRE(seen->at(0).updates.size() == 1);
  CHECK(as_text(seen->at(0).updates[0].view()) == "v2");
  CHECK(seen->at(0).known == 2);
  CHECK(seen->at(1).generation == 0);
  REQUIRE(test::write_checkpoint(backend, "a", 2, "s2"));
  const auto whole = backend.look({{"a", 2, 0, 1}});
  CHECK(as_text(whole->front().updates.front().view()) == "s2");
  CHECK(backend.look({{"a", 2, 1, 1}})->front().updates.empty());
  // Another life takes nothing that was meant for this one.
  REQUIRE(backend.remove("a"));
  REQUIRE(backend.admit("a"));
  what.appends.resize(1);
  what.appends[0].generation = 2;
  CHECK(backend.write(what).error().code == errc::document_removed);
}

TEST_CASE("memory backend has nothing to back up", "[storage]") {
  memory_backend backend;
  const auto copied = backend.backup("/nowhere");
  REQUIRE_FALSE(copied.has_value());
  CHECK(copied.error().code == errc::invalid_config);
}

}  // namespace troupe::memory_backend_test
