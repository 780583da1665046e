#include <catch2/catch_test_macros.hpp>

#include "actors/session_table.hpp"

using namespace troupe;

namespace {

struct recording_session final : table_session {
  std::string heard;
  std::vector<frame_run> runs;
  std::uint32_t handled = 0;
  std::vector<close_reason> closed;
  std::vector<document_id> failed;
  bool is_slow = false;
  std::vector<document_id> asked;  // whether presence is skipped

  void deliver(const frame_run& frames) override {
    heard += as_text(frames.bytes.view());
    runs.push_back(frames);
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
  void on_handled(const deliver_batch::handled& progress) override { handled += progress.messages; }
  void on_second(time_point) override {}
  void close(close_reason reason) override { closed.push_back(reason); }
};

shared_bytes frame(std::string_view text) { return shared_bytes::copy_of(as_bytes(text)); }

deliver_batch::delivery to(receivers whom, session_id session, const shared_slice& frames,
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
    for (const session_id id : {1, 2}) table.hear(7, id, dialect::binary);
    table.hear(8, 3, dialect::binary);
  }
};

}  // namespace

TEST_CASE("a batch reaches the subscribers of its document, each delivery its receivers",
          "[actors]") {
  table_of_three t;
  deliver_batch batch;
  batch.document = 7;
  batch.binary = {to(receivers::all, no_session, frame("a")),
                  to(receivers::all_but_one, 1, frame("b")), to(receivers::one, 1, frame("c"))};
  batch.progress = {{2, 5, 100}};
  t.table.deliver(batch);
  CHECK(t.one.heard == "ac");
  CHECK(t.two.heard == "ab");
  CHECK(t.two.handled == 5);
  CHECK(t.other.heard.empty());
}

TEST_CASE("a session that has left hears nothing more", "[actors]") {
  table_of_three t;
  t.table.unsubscribe(7, 1);
  t.table.remove(1);
  deliver_batch batch;
  batch.document = 7;
  batch.binary = {to(receivers::all, no_session, frame("a")), to(receivers::one, 1, frame("b"))};
  batch.closings = {{1, close_reason::invalid_update}};
  t.table.deliver(batch);
  CHECK(t.one.heard.empty());
  CHECK(t.one.closed.empty());
  CHECK(t.two.heard == "a");
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
}
