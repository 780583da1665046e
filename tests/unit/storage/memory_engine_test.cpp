#include "storage/memory_engine.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace troupe;
using namespace troupe::storage;

namespace {

shared_bytes bytes_of(std::string_view text) { return shared_bytes::copy_of(as_bytes(text)); }

log_append append(const std::string& document, sequence first, std::vector<shared_slice> updates) {
  return {std::make_shared<const std::string>(document), first, std::move(updates)};
}

stored_document loaded(memory_engine& from, const std::string& document) {
  auto stored = from.load(document);
  REQUIRE(stored.has_value());
  return std::move(*stored);
}

std::vector<std::string> updates_of(const stored_document& document) {
  std::vector<std::string> texts;
  for (const shared_slice& update : document.updates) texts.emplace_back(as_text(update.view()));
  return texts;
}

}  // namespace

TEST_CASE("memory engine has nothing of a document that was never written", "[storage]") {
  memory_engine engine;
  const stored_document stored = loaded(engine, "new");
  CHECK(stored.snapshot.empty());
  CHECK(stored.updates.empty());
  CHECK(stored.last == 0);
}

TEST_CASE("memory engine gives back updates in order, each document its own", "[storage]") {
  memory_engine engine;
  batch first;
  first.appends = {append("a", 1, {bytes_of("a1")}), append("b", 1, {bytes_of("b1")}),
                   append("a", 2, {bytes_of("a2")})};
  REQUIRE(engine.write(first));
  batch second;
  second.appends = {append("a", 3, {bytes_of("a3")})};
  REQUIRE(engine.write(second));
  CHECK(updates_of(loaded(engine, "a")) == std::vector<std::string>{"a1", "a2", "a3"});
  CHECK(loaded(engine, "a").last == 3);
  CHECK(updates_of(loaded(engine, "b")) == std::vector<std::string>{"b1"});
  CHECK(loaded(engine, "b").last == 1);
  CHECK(loaded(engine, "c").last == 0);
}

TEST_CASE("memory engine drops the log that a snapshot covers and keeps what is behind it",
          "[storage]") {
  memory_engine engine;
  batch log;
  for (sequence i = 1; i <= 5; ++i)
    log.appends.push_back(append("a", i, {bytes_of("u" + std::to_string(i))}));
  log.appends.push_back(append("b", 1, {bytes_of("other")}));
  REQUIRE(engine.write(log));
  batch compaction;
  compaction.snapshots = {{"a", 3, bytes_of("snapshot")}};
  REQUIRE(engine.write(compaction));
  const stored_document stored = loaded(engine, "a");
  CHECK(as_text(stored.snapshot.view()) == "snapshot");
  CHECK(updates_of(stored) == std::vector<std::string>{"u4", "u5"});
  CHECK(stored.last == 5);
  CHECK(updates_of(loaded(engine, "b")) == std::vector<std::string>{"other"});
}

TEST_CASE("memory engine goes on counting from a snapshot that covers everything", "[storage]") {
  memory_engine engine;
  batch both;
  both.appends = {append("a", 1, {bytes_of("u1")}), append("a", 2, {bytes_of("u2")})};
  both.snapshots = {{"a", 2, bytes_of("s2")}};
  REQUIRE(engine.write(both));
  CHECK(loaded(engine, "a").updates.empty());
  CHECK(loaded(engine, "a").last == 2);
  batch next;
  next.appends = {append("a", 3, {bytes_of("u3")})};
  REQUIRE(engine.write(next));
  CHECK(updates_of(loaded(engine, "a")) == std::vector<std::string>{"u3"});
  CHECK(loaded(engine, "a").last == 3);
}

TEST_CASE("memory engine replaces a snapshot by a newer one", "[storage]") {
  memory_engine engine;
  batch first;
  first.snapshots = {{"a", 2, bytes_of("old")}};
  REQUIRE(engine.write(first));
  batch second;
  second.snapshots = {{"a", 7, bytes_of("new")}};
  REQUIRE(engine.write(second));
  CHECK(as_text(loaded(engine, "a").snapshot.view()) == "new");
  CHECK(loaded(engine, "a").last == 7);
}

TEST_CASE("memory engine takes an empty batch without effect", "[storage]") {
  memory_engine engine;
  batch nothing;
  CHECK(nothing.empty());
  REQUIRE(engine.write(nothing));
  nothing.appends.push_back(append("a", 1, {bytes_of("u")}));
  CHECK_FALSE(nothing.empty());
  nothing.clear();
  CHECK(nothing.empty());
  REQUIRE(engine.write(nothing));
  CHECK(loaded(engine, "a").last == 0);
}

TEST_CASE("memory engine shares bytes with those who read them", "[storage]") {
  stored_document stored;
  const shared_bytes update = bytes_of("kept");
  {
    memory_engine engine;
    batch log;
    log.appends = {append("a", 1, {update})};
    REQUIRE(engine.write(log));
    stored = loaded(engine, "a");
  }
  REQUIRE(stored.updates.size() == 1);
  CHECK(stored.updates[0].view().data() == update.view().data());
  CHECK(as_text(stored.updates[0].view()) == "kept");
}

TEST_CASE("memory engine numbers the updates of one append one behind the other", "[storage]") {
  memory_engine engine;
  batch log;
  log.appends = {append("a", 1, {bytes_of("u1"), bytes_of("u2"), bytes_of("u3")}),
                 append("a", 4, {bytes_of("u4")})};
  REQUIRE(engine.write(log));
  CHECK(updates_of(loaded(engine, "a")) == std::vector<std::string>{"u1", "u2", "u3", "u4"});
  CHECK(loaded(engine, "a").last == 4);
  // A snapshot may cover a part of what was appended as one.
  batch compaction;
  compaction.snapshots = {{"a", 2, bytes_of("s2")}};
  REQUIRE(engine.write(compaction));
  CHECK(updates_of(loaded(engine, "a")) == std::vector<std::string>{"u3", "u4"});
  CHECK(loaded(engine, "a").last == 4);
}

TEST_CASE("memory engine keeps a part of bytes that are shared with others as that part",
          "[storage]") {
  memory_engine engine;
  const shared_bytes message = bytes_of("header|first|second");
  batch log;
  log.appends = {append("a", 1, {{message, 7, 5}, {message, 13, 6}})};
  REQUIRE(engine.write(log));
  const stored_document stored = loaded(engine, "a");
  CHECK(updates_of(stored) == std::vector<std::string>{"first", "second"});
  CHECK(stored.updates[1].view().data() == message.view().data() + 13);
}

TEST_CASE("memory engine takes an append of no updates without effect", "[storage]") {
  memory_engine engine;
  batch log;
  log.appends = {append("a", 1, {})};
  REQUIRE(engine.write(log));
  CHECK(loaded(engine, "a").updates.empty());
  CHECK(loaded(engine, "a").last == 0);
}
