#include "storage/memory_backend.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace troupe;
using namespace troupe::storage;

namespace {

shared_bytes bytes_of(std::string_view text) { return shared_bytes::copy_of(as_bytes(text)); }

log_append append(const std::string& document, sequence first, std::vector<shared_slice> updates) {
  return {std::make_shared<const std::string>(document), first, std::move(updates)};
}

stored_document loaded(memory_backend& from, const std::string& document) {
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

TEST_CASE("memory backend has nothing of a document that was never written", "[storage]") {
  memory_backend backend;
  const stored_document stored = loaded(backend, "new");
  CHECK(stored.checkpoint.empty());
  CHECK(stored.updates.empty());
  CHECK(stored.last == 0);
}

TEST_CASE("memory backend gives back updates in order, each document its own", "[storage]") {
  memory_backend backend;
  batch first;
  first.appends = {append("a", 1, {bytes_of("a1")}), append("b", 1, {bytes_of("b1")}),
                   append("a", 2, {bytes_of("a2")})};
  REQUIRE(backend.write(first));
  batch second;
  second.appends = {append("a", 3, {bytes_of("a3")})};
  REQUIRE(backend.write(second));
  CHECK(updates_of(loaded(backend, "a")) == std::vector<std::string>{"a1", "a2", "a3"});
  CHECK(loaded(backend, "a").last == 3);
  CHECK(updates_of(loaded(backend, "b")) == std::vector<std::string>{"b1"});
  CHECK(loaded(backend, "b").last == 1);
  CHECK(loaded(backend, "c").last == 0);
}

TEST_CASE("memory backend drops the log that a checkpoint covers and keeps what is behind it",
          "[storage]") {
  memory_backend backend;
  batch log;
  for (sequence i = 1; i <= 5; ++i)
    log.appends.push_back(append("a", i, {bytes_of("u" + std::to_string(i))}));
  log.appends.push_back(append("b", 1, {bytes_of("other")}));
  REQUIRE(backend.write(log));
  batch compaction;
  compaction.checkpoints = {{"a", 3, bytes_of("checkpoint")}};
  REQUIRE(backend.write(compaction));
  const stored_document stored = loaded(backend, "a");
  CHECK(as_text(stored.checkpoint.view()) == "checkpoint");
  CHECK(updates_of(stored) == std::vector<std::string>{"u4", "u5"});
  CHECK(stored.last == 5);
  CHECK(updates_of(loaded(backend, "b")) == std::vector<std::string>{"other"});
}

TEST_CASE("memory backend goes on counting from a checkpoint that covers everything", "[storage]") {
  memory_backend backend;
  batch both;
  both.appends = {append("a", 1, {bytes_of("u1")}), append("a", 2, {bytes_of("u2")})};
  both.checkpoints = {{"a", 2, bytes_of("s2")}};
  REQUIRE(backend.write(both));
  CHECK(loaded(backend, "a").updates.empty());
  CHECK(loaded(backend, "a").last == 2);
  batch next;
  next.appends = {append("a", 3, {bytes_of("u3")})};
  REQUIRE(backend.write(next));
  CHECK(updates_of(loaded(backend, "a")) == std::vector<std::string>{"u3"});
  CHECK(loaded(backend, "a").last == 3);
}

TEST_CASE("memory backend replaces a checkpoint by a newer one", "[storage]") {
  memory_backend backend;
  batch first;
  first.checkpoints = {{"a", 2, bytes_of("old")}};
  REQUIRE(backend.write(first));
  batch second;
  second.checkpoints = {{"a", 7, bytes_of("new")}};
  REQUIRE(backend.write(second));
  CHECK(as_text(loaded(backend, "a").checkpoint.view()) == "new");
  CHECK(loaded(backend, "a").last == 7);
}

TEST_CASE("memory backend takes an empty batch without effect", "[storage]") {
  memory_backend backend;
  batch nothing;
  CHECK(nothing.empty());
  REQUIRE(backend.write(nothing));
  nothing.appends.push_back(append("a", 1, {bytes_of("u")}));
  CHECK_FALSE(nothing.empty());
  nothing.clear();
  CHECK(nothing.empty());
  REQUIRE(backend.write(nothing));
  CHECK(loaded(backend, "a").last == 0);
}

TEST_CASE("memory backend shares bytes with those who read them", "[storage]") {
  stored_document stored;
  const shared_bytes update = bytes_of("kept");
  {
    memory_backend backend;
    batch log;
    log.appends = {append("a", 1, {update})};
    REQUIRE(backend.write(log));
    stored = loaded(backend, "a");
  }
  REQUIRE(stored.updates.size() == 1);
  CHECK(stored.updates[0].view().data() == update.view().data());
  CHECK(as_text(stored.updates[0].view()) == "kept");
}

TEST_CASE("memory backend numbers the updates of one append one behind the other", "[storage]") {
  memory_backend backend;
  batch log;
  log.appends = {append("a", 1, {bytes_of("u1"), bytes_of("u2"), bytes_of("u3")}),
                 append("a", 4, {bytes_of("u4")})};
  REQUIRE(backend.write(log));
  CHECK(updates_of(loaded(backend, "a")) == std::vector<std::string>{"u1", "u2", "u3", "u4"});
  CHECK(loaded(backend, "a").last == 4);
  // A checkpoint may cover a part of what was appended as one.
  batch compaction;
  compaction.checkpoints = {{"a", 2, bytes_of("s2")}};
  REQUIRE(backend.write(compaction));
  CHECK(updates_of(loaded(backend, "a")) == std::vector<std::string>{"u3", "u4"});
  CHECK(loaded(backend, "a").last == 4);
}

TEST_CASE("memory backend keeps a part of bytes that are shared with others as that part",
          "[storage]") {
  memory_backend backend;
  const shared_bytes message = bytes_of("header|first|second");
  batch log;
  log.appends = {append("a", 1, {{message, 7, 5}, {message, 13, 6}})};
  REQUIRE(backend.write(log));
  const stored_document stored = loaded(backend, "a");
  CHECK(updates_of(stored) == std::vector<std::string>{"first", "second"});
  CHECK(stored.updates[1].view().data() == message.view().data() + 13);
}

TEST_CASE("memory backend takes an append of no updates without effect", "[storage]") {
  memory_backend backend;
  batch log;
  log.appends = {append("a", 1, {})};
  REQUIRE(backend.write(log));
  CHECK(loaded(backend, "a").updates.empty());
  CHECK(loaded(backend, "a").last == 0);
}
