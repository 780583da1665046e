#include <catch2/catch_test_macros.hpp>

#include "actors/session_table.hpp"

using namespace troupe;

namespace {

struct recording_session final : table_session {
  std::string heard;
  std::uint32_t handled = 0;
  std::vector<close_reason> closed;

  void deliver(const shared_bytes& frame) override { heard += as_text(frame.view()); }
  void on_handled(const deliver_batch::handled& progress) override { handled += progress.messages; }
  void on_second(time_point) override {}
  void close(close_reason reason) override { closed.push_back(reason); }
};

shared_bytes frame(std::string_view text) { return shared_bytes::copy_of(as_bytes(text)); }

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
  }
};

}  // namespace

TEST_CASE("a batch reaches the subscribers of its document, each delivery its receivers",
          "[actors]") {
  table_of_three t;
  deliver_batch batch;
  batch.document = 7;
  batch.deliveries = {{receivers::all, no_session, frame("a")},
                      {receivers::all_but_one, 1, frame("b")},
                      {receivers::one, 1, frame("c")}};
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
  batch.deliveries = {{receivers::all, no_session, frame("a")}, {receivers::one, 1, frame("b")}};
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
