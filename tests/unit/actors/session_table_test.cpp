#include <catch2/catch_test_macros.hpp>

#include "actors/session_table.hpp"

namespace troupe::session_table_test {

namespace {

struct recording_session final : subscriber_session, frame_output {
  std::string heard;
  std::vector<frame_run> runs;
  std::uint32_t handled = 0;
  std::vector<close_reason> closed;
  std::vector<document_id> failed;
  bool is_slow = false;
  std::vector<document_id> asked;  // whether presence is skipped
  std::vector<document_id> probed_by;

  frame_output& output() noexcept override { return *this; }
  void send(const shared_slice& frames, std::uint32_t count) override {
    heard += as_text(frames.view());
    runs.push_back({frames, count});
  }
  bool skips_presence(document_id document) override {
    asked.push_back(document);
    return is_slow;
  }
  void on_document_failed(document_id document, close_reason reason) override {
    failed.push_back(document);
    close(reason);
  }
  session_info describe() const override { return {}; }
  void on_handled(document_id, credit_amount amount) override { handled += amount.messages; }
  void on_probe(document_id document) override { probed_by.push_back(document); }
  void on_second(time_point) override {}
  void on_pause_ended(time_point) override {}
  void close(close_reason reason) override { closed.push_back(reason); }
};

shared_bytes frame(std::string_view text) { return shared_bytes::copy_of(as_bytes(text)); }

delivery to(audience whom, session_id session, const shared_slice& frames,
            traffic what = traffic::content) {
  return {whom, session, what, frames};
}

struct table_of_three {
  session_table table;
  recording_session one, two, other;

  table_of_three() {
    table.add(1, &one);
    table.add(2, &two);
    table.add(3, &other);
    table.subscribe(7, 1);
    table.subscribe(7, 2);
    table.subscribe(8, 3);
    for (const session_id id : {1, 2}) table.enable_dialect(7, id, dialect::y_websocket);
    table.enable_dialect(8, 3, dialect::y_websocket);
  }
};

}  // namespace

TEST_CASE("a batch reaches the subscribers of its document, each delivery its receivers",
          "[actors]") {
  table_of_three t;
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::y_websocket) = {to(audience::all, no_session, frame("a")),
                                    to(audience::all_but_one, 1, frame("b")),
                                    to(audience::one, 1, frame("c"))};
  batch.progress = {{2, {5, 100}}};
  t.table.deliver(batch);
  CHECK(t.one.heard == "ac");
  CHECK(t.two.heard == "ab");
  CHECK(t.two.handled == 5);
  CHECK(t.other.heard.empty());
}

TEST_CASE("what is pushed to sessions is counted, whoever it is for", "[actors][metrics]") {
  table_of_three t;
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::y_websocket) = {to(audience::all, no_session, frame("a"))};
  t.table.deliver(batch);
  CHECK(t.table.tally().take_deliveries() == 2);
  batch.in(dialect::y_websocket) = {to(audience::one, 1, frame("a")),
                                    to(audience::all_but_one, 1, frame("b")),
                                    to(audience::all, no_session, frame("c"))};
  t.table.deliver(batch);
  CHECK(t.table.tally().take_deliveries() == 4);
  CHECK(t.table.tally().take_deliveries() == 0);
}

TEST_CASE("a session that has left hears nothing more", "[actors]") {
  table_of_three t;
  t.table.unsubscribe(7, 1);
  t.table.remove(1);
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::y_websocket) = {to(audience::all, no_session, frame("a")),
                                    to(audience::one, 1, frame("b"))};
  batch.closings = {{1, close_reason::invalid_update}};
  t.table.deliver(batch);
  CHECK(t.one.heard.empty());
  CHECK(t.one.closed.empty());
  CHECK(t.two.heard == "a");
}

TEST_CASE("only the sessions that a batch names are probed, as far as they are there", "[actors]") {
  table_of_three t;
  deliver_batch batch;
  batch.document = 7;
  batch.probes = {2, 99};
  t.table.deliver(batch);
  CHECK(t.one.probed_by.empty());
  CHECK(t.two.probed_by == std::vector<document_id>{7});
}

TEST_CASE("closing the subscribers of a failed document leaves the others alone", "[actors]") {
  table_of_three t;
  t.table.close_subscribers(7, close_reason::document_failed);
  CHECK(t.one.closed == std::vector{close_reason::document_failed});
  CHECK(t.two.closed == std::vector{close_reason::document_failed});
  CHECK(t.other.closed.empty());
}

TEST_CASE("nobody can subscribe to a document that has failed", "[actors]") {
  table_of_three t;
  t.table.close_subscribers(7, close_reason::document_failed);
  CHECK_FALSE(t.table.subscribe(7, 3));
  CHECK(t.table.subscribe(9, 3));
  CHECK(t.table.why_failed(7) == close_reason::document_failed);
  t.table.close_subscribers(8, close_reason::document_removed);
  CHECK_FALSE(t.table.subscribe(8, 3));
  CHECK(t.table.why_failed(8) == close_reason::document_removed);
}

TEST_CASE("a subscriber is told that its document failed, and may leave by that", "[actors]") {
  table_of_three t;
  struct leaving_session final : subscriber_session, frame_output {
    session_table& table;
    int told = 0;
    explicit leaving_session(session_table& of) : table(of) {}
    frame_output& output() noexcept override { return *this; }
    void send(const shared_slice&, std::uint32_t) override {}
    bool skips_presence(document_id) override { return false; }
    void on_handled(document_id, credit_amount) override {}
    void on_second(time_point) override {}
    void on_pause_ended(time_point) override {}
    void close(close_reason) override {}
    void on_document_failed(document_id document, close_reason) override {
      ++told;
      table.unsubscribe(document, 4);
      table.remove(4);
    }
    session_info describe() const override { return {}; }
  } leaving{t.table};
  t.table.add(4, &leaving);
  t.table.subscribe(7, 4);
  t.table.close_subscribers(7, close_reason::document_failed);
  CHECK(leaving.told == 1);
  CHECK(t.one.failed == std::vector<document_id>{7});
  CHECK(t.two.failed == std::vector<document_id>{7});
  CHECK(t.table.size() == 3);
}

// --- dialects ---

TEST_CASE("a subscriber hears only the dialects that it has spoken", "[actors]") {
  session_table table;
  recording_session silent, binary, json, both;
  recording_session* const sessions[] = {&silent, &binary, &json, &both};
  for (session_id id = 1; id <= 4; ++id) {
    table.add(id, sessions[id - 1]);
    CHECK(table.subscribe(7, id));
  }
  table.enable_dialect(7, 2, dialect::y_websocket);
  table.enable_dialect(7, 3, dialect::json);
  table.enable_dialect(7, 4, dialect::y_websocket);
  table.enable_dialect(7, 4, dialect::json);
  table.enable_dialect(8, 1,
                       dialect::y_websocket);  // another document, to which it is not subscribed
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::y_websocket) = {to(audience::all, no_session, frame("b"))};
  batch.in(dialect::json) = {to(audience::one, 3, frame("3")), to(audience::one, 4, frame("4")),
                             to(audience::all, no_session, frame("j"))};
  table.deliver(batch);
  CHECK(silent.heard.empty());
  CHECK(binary.heard == "b");
  CHECK(json.heard == "3j");
  CHECK(both.heard == "b4j");
}

TEST_CASE("a subscriber hears a dialect no more that is disabled for it", "[actors]") {
  session_table table;
  recording_session both;
  table.add(1, &both);
  table.subscribe(7, 1);
  table.enable_dialect(7, 1, dialect::y_websocket);
  table.enable_dialect(7, 1, dialect::json);
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::y_websocket) = {to(audience::all, no_session, frame("b"))};
  batch.in(dialect::json) = {to(audience::one, 1, frame("1"))};
  table.disable_dialect(7, 2, dialect::json);
  table.disable_dialect(8, 1, dialect::json);
  table.deliver(batch);
  CHECK(both.heard == "b1");
  table.disable_dialect(7, 1, dialect::json);
  table.deliver(batch);
  CHECK(both.heard == "b1b");
  // Enabled again, it begins with the answer to a sync.
  table.enable_dialect(7, 1, dialect::json);
  batch.in(dialect::json) = {to(audience::all, no_session, frame("a"))};
  table.deliver(batch);
  CHECK(both.heard == "b1bb");
}

TEST_CASE("a JSON session hears nothing before the answer to its sync", "[actors]") {
  session_table table;
  recording_session early, late;
  table.add(1, &early);
  table.add(2, &late);
  for (const session_id id : {1, 2}) {
    table.subscribe(7, id);
    table.enable_dialect(7, id, dialect::json);
  }
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::json) = {
      to(audience::all, no_session, frame("a")), to(audience::one, 1, frame("1")),
      to(audience::all_but_one, 2, frame("b")), to(audience::all, no_session, frame("c"))};
  table.deliver(batch);
  CHECK(early.heard == "1bc");
  CHECK(late.heard.empty());
  batch.in(dialect::json) = {to(audience::one, 2, frame("2")),
                             to(audience::all, no_session, frame("d"))};
  table.deliver(batch);
  CHECK(early.heard == "1bcd");
  CHECK(late.heard == "2d");
}

TEST_CASE("what is for one session alone is heard in its dialect only", "[actors]") {
  session_table table;
  recording_session binary, json;
  table.add(1, &binary);
  table.add(2, &json);
  for (const session_id id : {1, 2}) table.subscribe(7, id);
  table.enable_dialect(7, 1, dialect::y_websocket);
  table.enable_dialect(7, 2, dialect::json);
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::y_websocket) = {to(audience::one, 1, frame("x")),
                                    to(audience::one, 2, frame("y"))};
  batch.in(dialect::json) = {to(audience::one, 1, frame("z")),
                             to(audience::all_but_one, 2, frame("w"))};
  table.deliver(batch);
  CHECK(binary.heard == "x");
  CHECK(json.heard.empty());
}

// --- runs ---

namespace {

/// The letters of one block as a frame each.
std::vector<shared_slice> frames_of(std::string_view letters) {
  const shared_bytes block = frame(letters);
  std::vector<shared_slice> frames;
  for (std::size_t i = 0; i < letters.size(); ++i) frames.emplace_back(block, i, 1);
  return frames;
}

}  // namespace

TEST_CASE("neighbouring frames are pushed at once, with their number", "[actors]") {
  table_of_three t;
  const auto frames = frames_of("abc");
  deliver_batch batch;
  batch.document = 7;
  for (const auto& one : frames)
    batch.in(dialect::y_websocket).push_back(to(audience::all, no_session, one));
  t.table.deliver(batch);
  for (const recording_session* each : {&t.one, &t.two}) {
    REQUIRE(each->runs.size() == 1);
    CHECK(each->runs[0].count == 3);
    CHECK(each->runs[0].bytes.view().data() == frames[0].view().data());
    CHECK(each->heard == "abc");
  }
}

TEST_CASE("frames of other memory, and those with a gap between, are pushes of their own",
          "[actors]") {
  table_of_three t;
  const auto frames = frames_of("abcd");
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::y_websocket) = {
      to(audience::all, no_session, frames[0]), to(audience::all, no_session, frame("X")),
      to(audience::all, no_session, frames[1]), to(audience::all, no_session, frames[3])};
  t.table.deliver(batch);
  CHECK(t.one.heard == "aXbd");
  CHECK(t.one.runs.size() == 4);
}

TEST_CASE("a session that is named hears what is for it in its place among what is for all",
          "[actors]") {
  table_of_three t;
  recording_session third;
  t.table.add(4, &third);
  t.table.subscribe(7, 4);
  t.table.enable_dialect(7, 4, dialect::y_websocket);
  const auto frames = frames_of("abcde");
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::y_websocket) = {
      to(audience::all, no_session, frames[0]), to(audience::one, 1, frames[1]),
      to(audience::all, no_session, frames[2]), to(audience::all_but_one, 2, frames[3]),
      to(audience::all, no_session, frames[4])};
  t.table.deliver(batch);
  CHECK(t.one.heard == "abcde");
  CHECK(t.one.runs.size() == 1);
  CHECK(t.two.heard == "ace");
  CHECK(t.two.runs.size() == 3);
  CHECK(third.heard == "acde");
  REQUIRE(third.runs.size() == 2);
  CHECK(third.runs[1].count == 3);
}

// --- presence ---

TEST_CASE("presence is left out for a session that reads too slowly, content is not", "[actors]") {
  table_of_three t;
  t.two.is_slow = true;
  const auto frames = frames_of("apbq");
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::y_websocket) = {to(audience::all, no_session, frames[0]),
                                    to(audience::all, no_session, frames[1], traffic::presence),
                                    to(audience::all, no_session, frames[2]),
                                    to(audience::all, no_session, frames[3], traffic::presence)};
  t.table.deliver(batch);
  CHECK(t.one.heard == "apbq");
  CHECK(t.two.heard == "ab");
  CHECK(t.two.asked == std::vector<document_id>{7});
}

TEST_CASE("a slow session that is named misses presence for all, not what is for it alone",
          "[actors]") {
  table_of_three t;
  t.one.is_slow = true;
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::y_websocket) = {to(audience::all, no_session, frame("p"), traffic::presence),
                                    to(audience::one, 1, frame("q"), traffic::presence),
                                    to(audience::all_but_one, 2, frame("r"), traffic::presence),
                                    to(audience::one, 1, frame("c"))};
  t.table.deliver(batch);
  CHECK(t.one.heard == "qc");
  CHECK(t.two.heard == "p");
}

TEST_CASE("a session is not asked whether it skips presence where there is none", "[actors]") {
  table_of_three t;
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::y_websocket) = {to(audience::all, no_session, frame("a")),
                                    to(audience::one, 1, frame("b"))};
  t.table.deliver(batch);
  CHECK(t.one.asked.empty());
  CHECK(t.two.asked.empty());
  // What is remembered of a batch does not reach into the next one.
  t.two.is_slow = true;
  batch.in(dialect::y_websocket) = {to(audience::all, no_session, frame("p"), traffic::presence)};
  t.table.deliver(batch);
  batch.in(dialect::y_websocket) = {to(audience::all, no_session, frame("c"))};
  t.table.deliver(batch);
  CHECK(t.two.heard == "ac");
}

TEST_CASE("a session of a slow batch hears the other dialect by its own rule", "[actors]") {
  session_table table;
  recording_session slow;
  slow.is_slow = true;
  table.add(1, &slow);
  table.subscribe(7, 1);
  table.enable_dialect(7, 1, dialect::y_websocket);
  table.enable_dialect(7, 1, dialect::json);
  deliver_batch batch;
  batch.document = 7;
  batch.in(dialect::json) = {to(audience::one, 1, frame("s"))};
  table.deliver(batch);
  batch.in(dialect::y_websocket) = {to(audience::all, no_session, frame("p"), traffic::presence)};
  batch.in(dialect::json) = {to(audience::all, no_session, frame("q"), traffic::presence),
                             to(audience::all, no_session, frame("c"))};
  table.deliver(batch);
  CHECK(slow.heard == "sc");
}

}  // namespace troupe::session_table_test
