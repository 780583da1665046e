// A session actor between a recording connection and the test, which stands in the place of the
// directory and of the documents. The session table is the real one, so what a document has to say
// is delivered as a hub would.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "actors/session.hpp"
#include "protocol/dialects/y_websocket_message.hpp"
#include "tests/support/recording_connection.hpp"
#include "tests/support/unit_thread.hpp"

namespace troupe::test {

/// A request as a document hears it.
struct heard_request {
  request_kind kind = request_kind::sync;
  dialect in = dialect::y_websocket;
  std::string body;
  std::string message_id;
};

class session_bed {
 public:
  static constexpr session_id id = 7;
  static constexpr std::chrono::seconds patience{10};

  /// `document`: of its address; empty: none.
  explicit session_bed(session_settings settings = {}, std::string document = "notes",
                       std::string user = {});
  ~session_bed();

  /// Runs `work` on the unit, and all that follows from it.
  void run(std::function<void()> work) {
    thread.run(std::move(work));
    thread.settle();
  }

  /// The connection opens. The session asks for its document, if it has one.
  void connect() {
    run([this] {
      connection->client_opens();
      started = thread.unit.now();
    });
  }
  /// Answers what the session asks of the directory next; returns that.
  open_document answer_open(document_id with);
  open_document refuse_open(close_reason why);
  /// Connects and opens its document as 1.
  void open();
  /// Joins another document in the JSON dialect.
  void join(const std::string& document, document_id with);

  void says(const std::vector<byte_buffer>& binary_messages);
  void says(std::string_view text) { says_at_once({std::string{text}}); }
  /// No time passes between them.
  void says_at_once(const std::vector<std::string>& texts);
  void has_handled(document_id document, std::uint32_t messages, std::size_t bytes);
  /// As the hub: a frame for all sessions of a document.
  void deliver(document_id document, dialect how, traffic what, std::string_view payload);
  /// A second passes; it is so long after the connection has opened.
  void second_passes(std::chrono::milliseconds since_start);

  /// The texts that the client has got since the last call.
  std::vector<nlohmann::json> texts();
  /// The same of its binary messages.
  std::vector<std::string> binaries();

  /// What a document hears next.
  template <class Message>
  Message next(document_id document = 1) {
    Message heard;
    at(document)->receive([&](const Message& message) { heard = message; },
                          caf::after(patience) >> [] { FAIL("the document hears nothing"); });
    return heard;
  }
  /// The next request that a document hears, of whichever batch.
  heard_request next_request(document_id document = 1);
  /// Whether no request is left for the document.
  bool has_no_request(document_id document = 1);

  /// Whether there is nothing of this kind for the document.
  template <class Message>
  bool is_quiet(document_id document = 1) {
    thread.settle();
    bool is_quiet = true;
    at(document)->receive([&](const Message&) { is_quiet = false; },
                          caf::after(std::chrono::seconds{0}) >> [] {});
    return is_quiet;
  }
  /// Waits until the session actor has ended.
  void wait_until_ended();
  /// Looks until `holds`, which some timer of the session brings; false after a while.
  bool comes_true(const std::function<bool()>& holds);

  caf::scoped_actor& at(document_id document);

  unit_thread thread;
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<session_environment> environment;
  std::shared_ptr<recording_connection> connection;
  session_actor session;
  io_unit::clock::time_point started;

 private:
  std::unique_ptr<caf::scoped_actor> directory_;
  std::map<document_id, caf::scoped_actor> documents_;
  std::map<document_id, std::deque<heard_request>> requests_;
};

/// The codes of errors among texts.
std::vector<std::string> error_codes(const std::vector<nlohmann::json>& texts);

}  // namespace troupe::test
