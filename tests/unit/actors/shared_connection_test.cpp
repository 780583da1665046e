// A connection that carries sessions, between a recording connection and the test, which stands in
// the place of the directory and of the documents.
#include "actors/shared_connection.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "actors/failure_codes.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/recording_connection.hpp"
#include "tests/support/unit_thread.hpp"

namespace troupe::shared_connection_test {

using namespace std::chrono_literals;
using test::hex;
using test::to_hex;
using frames = std::vector<std::string>;

namespace {

constexpr std::string_view admitted = "02020a726561642d7772697465";

/// Digits of a message for the address "a", "b", ...
std::string of(char address, std::string_view rest) {
  return std::string{"01"}.append(to_hex(as_bytes(std::string_view{&address, 1}))).append(rest);
}

class shared_bed {
 public:
  explicit shared_bed(bool needs_token = true) {
    test::register_types_once();
    config_.set("caf.scheduler.max-threads", 1);
    config_.set("caf.scheduler.policy", "sharing");
    config_.set("caf.logger.console.verbosity", "quiet");
    system_ = std::make_unique<caf::actor_system>(config_);
    others_ = std::make_unique<caf::scoped_actor>(*system_);
    environment = std::make_shared<session_environment>();
    environment->table = std::make_shared<session_table>();
    environment->slots = std::make_shared<connection_slots>(1);
    environment->metrics = std::make_shared<node_metrics>(*system_);
    environment->directory = caf::actor_cast<directory_actor>(others_->ptr());
    environment->hub = caf::actor_cast<hub_actor>(others_->ptr());
    environment->slots->acquire();
    route way;
    way.dialects = dialect::hocuspocus;
    way.may = rights::all();
    way.carries_sessions = true;
    way.awaits_token = needs_token;
    run([&] {
      thread.unit.bind(*system_);
      connection = std::make_shared<test::recording_connection>(thread.unit);
      const auto shared = std::make_shared<shared_connection>(
          thread.unit, environment, 1, way, connection, 0,
          [this](std::shared_ptr<websocket_connection> part, route to) {
            caf::actor_config with{&thread.unit};
            sessions_.push_back(system_->spawn_class<session, caf::no_spawn_options>(
                with, thread.unit, environment, ++last_id_, std::move(to), std::move(part),
                visitor_id{0}, session_place::carried));
          });
      shared->start();
      connection->client_opens();
    });
  }
  ~shared_bed() {
    run([this] { connection->end(close_reason::io_error); });
    environment->directory = nullptr;
    environment->hub = nullptr;
    others_.reset();
    for (const session_actor& each : sessions_) {
      caf::scoped_actor waiter{*system_};
      waiter->wait_for(each);
    }
    sessions_.clear();
    thread.stop();
    connection.reset();
    environment.reset();
    system_.reset();
  }

  void run(std::function<void()> work) {
    thread.run(std::move(work));
    thread.settle();
  }

  /// Frames that come at once, as digits.
  void says(const frames& digits) {
    std::vector<std::pair<frame_kind, byte_buffer>> messages;
    for (const std::string& each : digits) messages.emplace_back(frame_kind::binary, hex(each));
    run([&] { connection->client_says(messages); });
  }
  /// The frames that the client has got since the last call.
  frames heard() {
    frames digits;
    for (const auto& each : connection->take_sent())
      digits.push_back(to_hex(as_bytes(each.payload)));
    return digits;
  }
  /// Answers what a session asks of the directory next; returns the name.
  std::string answer_open(document_id with) {
    std::string name;
    const auto document = caf::actor_cast<document_actor>((*others_).ptr());
    (*others_)->receive(
        [&](const open_document& asked) {
          name = asked.name;
          return opened_document{with, document};
        },
        caf::after(10s) >> [] { FAIL("no document was asked for"); });
    thread.settle();
    return name;
  }
  void refuse_open(close_reason why) {
    (*others_)->receive(
        [&](const open_document&) -> caf::result<opened_document> { return to_caf_error(why); },
        caf::after(10s) >> [] { FAIL("no document was asked for"); });
    thread.settle();
  }
  bool asks_for_nothing() {
    thread.settle();
    bool asks = false;
    (*others_)->receive(
        [&](const open_document&) -> caf::result<opened_document> {
          asks = true;
          return to_caf_error(close_reason::document_failed);
        },
        caf::after(0s) >> [] {});
    return !asks;
  }
  /// The requests that documents hear next.
  client_batch next_batch() {
    client_batch heard;
    (*others_)->receive([&](const client_batch& batch) { heard = batch; },
                        caf::after(10s) >> [] { FAIL("no document hears anything"); });
    return heard;
  }
  void hears_leave() {
    bool has_left = false;
    (*others_)->receive([&](const leave_document&) { has_left = true; },
                        caf::after(10s) >> [] { FAIL("nobody leaves"); });
    CHECK(has_left);
  }
  /// Opens the document of an address as `with`.
  void open(char address, document_id with) {
    says({of(address, "02000158")});
    CHECK(answer_open(with) == std::string(1, address));
    CHECK(heard() == frames{of(address, admitted)});
  }
  /// So much later.
  void seconds_pass(std::chrono::seconds since_start) {
    run([&] { environment->table->on_second(started + since_start); });
  }

  test::unit_thread thread;
  std::shared_ptr<session_environment> environment;
  std::shared_ptr<test::recording_connection> connection;
  io_unit::clock::time_point started = io_unit::clock::now();

 private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<caf::scoped_actor> others_;
  std::vector<session_actor> sessions_;
  session_id last_id_ = 10;
};

}  // namespace

TEST_CASE("each address of a connection has a session of its own", "[shared_connection]") {
  shared_bed bed;
  bed.says({of('a', "02000158"), of('a', "00000100"), of('b', "02000158")});
  CHECK(bed.heard().empty());
  CHECK(bed.answer_open(1) == "a");
  CHECK(bed.heard() == frames{of('a', admitted)});
  const client_batch first = bed.next_batch();
  REQUIRE(first.requests.entries.size() == 1);
  CHECK(first.requests.at(0).kind == request_kind::sync);
  CHECK(first.requests.at(0).in == dialect::hocuspocus);
  CHECK(bed.answer_open(2) == "b");
  CHECK(bed.heard() == frames{of('b', admitted)});
  CHECK(bed.environment->metrics->sessions().value() == 2);
  CHECK(bed.environment->slots->connections() == 1);
}

TEST_CASE("a document that opens slowly keeps no other waiting", "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  bed.says({of('b', "02000158"), of('b', "0002020000"), of('a', "0002020000")});
  const client_batch batch = bed.next_batch();
  CHECK(batch.requests.entries.size() == 1);
  CHECK_FALSE(bed.connection->is_paused);
  CHECK(bed.answer_open(2) == "b");
  CHECK(bed.next_batch().session != batch.session);
}

TEST_CASE("frames of several sessions in one read all arrive, in order", "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  bed.open('b', 2);
  bed.says({of('a', "00020101"), of('b', "00020102"), of('a', "00020103"), of('a', "00020104")});
  std::map<session_id, std::string> bodies;
  for (int i = 0; i < 3; ++i) {
    const client_batch batch = bed.next_batch();
    for (std::size_t n = 0; n < batch.requests.entries.size(); ++n)
      bodies[batch.session] += to_hex(batch.requests.at(n).body);
  }
  REQUIRE(bodies.size() == 2);
  CHECK(bodies.begin()->second == "010304");
  CHECK(bodies.rbegin()->second == "02");
}

TEST_CASE("what comes before a token waits for it, for a while", "[shared_connection]") {
  shared_bed bed;
  bed.says({of('a', "0002020000")});
  CHECK(bed.asks_for_nothing());
  bed.seconds_pass(29s);
  CHECK_FALSE(bed.connection->closing);
  bed.seconds_pass(31s);
  CHECK(bed.connection->closing == close_reason::not_authenticated);
}

TEST_CASE("an address without a token is denied where others have shown theirs",
          "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  bed.says({of('b', "0002020000")});
  bed.seconds_pass(31s);
  CHECK_FALSE(bed.connection->closing);
  const std::string denied = of('b', "0201");
  const frames heard = bed.heard();
  CHECK(std::ranges::count_if(
            heard, [&](const std::string& each) { return each.starts_with(denied); }) == 1);
}

TEST_CASE("a document that is refused is denied, and the connection stays", "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  bed.says({of('b', "02000158"), of('b', "0002020000")});
  bed.refuse_open(close_reason::too_many_documents);
  const frames heard = bed.heard();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].starts_with(of('b', "0201")));
  CHECK_FALSE(bed.connection->closing);
  // What it goes on sending is dropped, until it shows a token again.
  bed.says({of('b', "0002020000")});
  CHECK(bed.asks_for_nothing());
  bed.open('b', 2);
}

TEST_CASE("a document that cannot be opened now keeps its session waiting, and no other",
          "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  bed.says({of('b', "02000158"), of('b', "00000100"), of('b', "0002020000")});
  bed.refuse_open(close_reason::storage_unavailable);
  CHECK_FALSE(bed.connection->closing);
  CHECK(bed.heard().empty());
  // More than the connection would be read for; the other session reads on.
  frames many(carried_sessions::waiting_messages_max - 2, of('b', "0002020000"));
  bed.says(many);
  bed.says({of('a', "0002020000")});
  CHECK(bed.next_batch().requests.entries.size() == 1);
  CHECK_FALSE(bed.connection->is_paused);
  CHECK(bed.asks_for_nothing());
  bed.seconds_pass(5s);
  CHECK(bed.answer_open(2) == "b");
  CHECK(bed.heard() == frames{of('b', admitted)});
  const client_batch first = bed.next_batch();
  CHECK(first.requests.at(0).kind == request_kind::sync);
}

TEST_CASE("what is sent for a document that stays closed has a bound", "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  bed.says({of('b', "02000158")});
  bed.refuse_open(close_reason::document_failed);
  const frames many(carried_sessions::waiting_messages_max, of('b', "0002020000"));
  bed.says(many);
  CHECK_FALSE(bed.connection->closing);
  bed.says({of('b', "0002020000")});
  CHECK(bed.connection->closing == close_reason::document_failed);
}

TEST_CASE("whoever leaves a document that stays closed is gone", "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  bed.says({of('b', "02000158"), of('b', "0002020000")});
  bed.refuse_open(close_reason::upstream_unavailable);
  bed.says({of('b', "07")});
  CHECK(bed.environment->metrics->sessions().value() == 1);
  bed.seconds_pass(20s);
  CHECK(bed.asks_for_nothing());
  CHECK_FALSE(bed.connection->closing);
  bed.open('b', 2);
}

TEST_CASE("a name that no document can have is denied", "[shared_connection]") {
  shared_bed bed;
  bed.says({"010a02000158"});
  CHECK(bed.asks_for_nothing());
  const frames heard = bed.heard();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].starts_with("010a0201"));
}

TEST_CASE("a session that ends for good is closed by a message, one that may return is not",
          "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  bed.open('b', 2);
  bed.run([&] { bed.environment->table->close_subscribers(1, close_reason::document_removed); });
  const frames heard = bed.heard();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].starts_with(of('a', "07")));
  CHECK_FALSE(bed.connection->closing);
  bed.hears_leave();
  bed.run([&] { bed.environment->table->close_subscribers(2, close_reason::pending_limit); });
  CHECK(bed.connection->closing == close_reason::pending_limit);
}

TEST_CASE("a client leaves one session and comes back to it", "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  bed.says({of('a', "0002020000"), of('a', "07")});
  CHECK(bed.next_batch().requests.entries.size() == 1);
  bed.hears_leave();
  // The answer could reach a provider that has come back meanwhile.
  CHECK(bed.heard().empty());
  CHECK_FALSE(bed.connection->closing);
  bed.open('a', 3);
}

TEST_CASE("what a client sends before it leaves is kept, also if its document is not open yet",
          "[shared_connection]") {
  shared_bed bed;
  bed.says({of('a', "02000158"), of('a', "0002020000"), of('a', "0002020000"), of('a', "07")});
  CHECK(bed.answer_open(1) == "a");
  CHECK(bed.next_batch().requests.entries.size() == 2);
  bed.hears_leave();
  CHECK_FALSE(bed.connection->closing);
  bed.open('a', 3);
}

TEST_CASE("a name that is too long is denied, and the others stay", "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  const std::string name(600, 'x');
  const std::string address = "d804" + to_hex(as_bytes(name));  // 600 as a varUint
  bed.says({address + "02000158", address + "0002020000", of('a', "0002020000")});
  const frames heard = bed.heard();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].starts_with(address + "0201"));
  CHECK(bed.next_batch().requests.entries.size() == 1);
  CHECK_FALSE(bed.connection->closing);
}

TEST_CASE("the same document is open twice, each under its own address", "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  bed.says({"036100780200"
            "0158"});
  CHECK(bed.answer_open(1) == "a");
  CHECK(bed.heard() == frames{std::string{"03610078"}.append(admitted)});
  bed.run([&] {
    const auto frame = encode_frame(frame_kind::binary, hex(of('a', "0002020000")));
    for (const session_id each : {session_id{11}, session_id{12}})
      bed.environment->table->enable_dialect(1, each, dialect::hocuspocus);
    deliver_batch batch{1, {}, {}, {}, {}};
    batch.in(dialect::hocuspocus)
        .push_back({audience::all, no_session, traffic::content, shared_slice{frame}});
    bed.environment->table->deliver(batch);
  });
  frames heard = bed.heard();
  std::sort(heard.begin(), heard.end());
  CHECK(heard == frames{of('a', "0002020000"), "036100780002020000"});
}

TEST_CASE("a ping is answered, and what names nobody is malformed", "[shared_connection]") {
  shared_bed bed;
  bed.says({"09", "0a"});
  CHECK(bed.heard() == frames{"0a"});
  CHECK_FALSE(bed.connection->closing);
  bed.says({"05"});
  CHECK(bed.connection->closing == close_reason::malformed_message);
}

TEST_CASE("where nobody need say who they are a session begins at once", "[shared_connection]") {
  shared_bed bed{false};
  bed.says({of('a', "00000100")});
  CHECK(bed.answer_open(1) == "a");
  CHECK(bed.heard() == frames{of('a', admitted)});
  CHECK(bed.next_batch().requests.entries.size() == 1);
  bed.says({of('a', "020000")});
  CHECK(bed.heard() == frames{of('a', admitted)});
}

TEST_CASE("the end of the connection is the end of its sessions", "[shared_connection]") {
  shared_bed bed;
  bed.open('a', 1);
  bed.says({of('b', "02000158")});
  bed.run([&] { bed.connection->end(close_reason::peer_closed); });
  bed.hears_leave();
  bed.answer_open(2);
  bed.hears_leave();
  CHECK(bed.environment->slots->connections() == 0);
  CHECK(bed.environment->table->size() == 0);
}

}  // namespace troupe::shared_connection_test
