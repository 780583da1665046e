#include "tests/support/session_bed.hpp"

#include <caf/actor_cast.hpp>
#include <caf/init_global_meta_objects.hpp>

#include "actors/failure_codes.hpp"
#include "net/websocket_frame.hpp"
#include "protocol/dialects/dialects.hpp"
#include "tests/support/actor_node.hpp"

namespace troupe::test {

session_bed::session_bed(session_settings settings, std::string document, std::string user) {
  register_types_once();
  config.set("caf.scheduler.max-threads", 1);
  config.set("caf.scheduler.policy", "sharing");
  config.set("caf.logger.console.verbosity", "quiet");
  system = std::make_unique<caf::actor_system>(config);
  directory_ = std::make_unique<caf::scoped_actor>(*system);
  environment = std::make_shared<session_environment>();
  environment->settings = settings;
  environment->table = std::make_shared<session_table>();
  environment->slots = std::make_shared<connection_slots>(1);
  environment->metrics = std::make_shared<node_metrics>(*system);
  environment->directory = caf::actor_cast<directory_actor>(directory_->ptr());
  environment->hub = caf::actor_cast<hub_actor>(directory_->ptr());
  environment->slots->acquire();
  // No query can name some of the users that tests use.
  route way = route_for({.path = "/" + document, .user = {}}).value();
  if (!user.empty()) way.who = std::make_shared<const identity>(identity{user});
  run([&] {
    started = thread.unit.now();
    thread.unit.bind(*system);
    connection = std::make_shared<recording_connection>(thread.unit);
    caf::actor_config with{&thread.unit};
    session = system->spawn_class<troupe::session, caf::no_spawn_options>(
        with, thread.unit, environment, id, std::move(way), connection);
  });
}

session_bed::~session_bed() {
  run([this] { connection->end(close_reason::io_error); });
  // A request that was not answered fails with these.
  documents_.clear();
  environment->directory = nullptr;
  environment->hub = nullptr;
  directory_.reset();
  wait_until_ended();
  session = nullptr;
  thread.stop();
  connection.reset();
  environment.reset();
  system.reset();
}

void session_bed::wait_until_ended() {
  caf::scoped_actor waiter{*system};
  waiter->wait_for(session);
}

bool session_bed::comes_true(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (bool is_true = false; std::chrono::steady_clock::now() < end;) {
    run([&] { is_true = holds(); });
    if (is_true) return true;
  }
  return false;
}

caf::scoped_actor& session_bed::at(document_id document) {
  const auto found = documents_.find(document);
  return found == documents_.end() ? documents_.emplace(document, *system).first->second
                                   : found->second;
}

open_document session_bed::answer_open(document_id with) {
  open_document asked;
  const auto document = caf::actor_cast<document_actor>(at(with).ptr());
  (*directory_)
      ->receive(
          [&](const open_document& request) {
            asked = request;
            return opened_document{with, document};
          },
          caf::after(patience) >> [] { FAIL("no document was asked for"); });
  thread.settle();
  return asked;
}

open_document session_bed::refuse_open(close_reason why) {
  open_document asked;
  (*directory_)
      ->receive(
          [&](const open_document& request) -> caf::result<opened_document> {
            asked = request;
            return to_caf_error(why);
          },
          caf::after(patience) >> [] { FAIL("no document was asked for"); });
  thread.settle();
  return asked;
}

void session_bed::open() {
  connect();
  answer_open(1);
}

void session_bed::join(const std::string& document, document_id with) {
  says(nlohmann::json{{"type", "sync"}, {"docName", document}}.dump());
  answer_open(with);
}

void session_bed::says(const std::vector<byte_buffer>& binary_messages) {
  std::vector<std::pair<frame_kind, byte_buffer>> messages;
  for (const byte_buffer& message : binary_messages)
    messages.emplace_back(frame_kind::binary, message);
  run([&] { connection->client_says(messages); });
}

void session_bed::says_at_once(const std::vector<std::string>& texts) {
  std::vector<std::pair<frame_kind, byte_buffer>> messages;
  for (const std::string& text : texts)
    messages.emplace_back(frame_kind::text, byte_buffer{text.begin(), text.end()});
  run([&] { connection->client_says(messages); });
}

void session_bed::has_handled(document_id document, std::uint32_t messages, std::size_t bytes) {
  deliver_batch batch;
  batch.document = document;
  batch.progress.push_back({id, {messages, bytes}});
  run([&] { environment->table->deliver(batch); });
}

void session_bed::deliver(document_id document, dialect how, traffic what,
                          std::string_view payload) {
  deliver_batch batch;
  batch.document = document;
  batch.in(how).push_back(
      {audience::all, no_session, what,
       shared_slice{encode_frame(codec_of(how).traits().frames, as_bytes(payload))}});
  run([&] { environment->table->deliver(batch); });
}

void session_bed::second_passes(std::chrono::milliseconds since_start) {
  run([&] { environment->table->on_second(started + since_start); });
}

heard_request session_bed::next_request(document_id document) {
  std::deque<heard_request>& waiting = requests_[document];
  if (waiting.empty()) {
    const auto batch = next<client_batch>(document);
    for (std::size_t i = 0; i < batch.requests.entries.size(); ++i) {
      const client_request one = batch.requests.at(i);
      waiting.push_back(
          {one.kind, one.in, std::string{as_text(one.body)}, std::string{one.message_id}});
    }
  }
  REQUIRE_FALSE(waiting.empty());
  heard_request first = std::move(waiting.front());
  waiting.pop_front();
  return first;
}

bool session_bed::has_no_request(document_id document) {
  return requests_[document].empty() && is_quiet<client_batch>(document);
}

std::vector<nlohmann::json> session_bed::texts() {
  std::vector<nlohmann::json> texts;
  std::vector<server_frame> frames;
  run([&] { frames = connection->take_sent(); });
  for (const server_frame& frame : frames)
    if (frame.first == final_text) texts.push_back(nlohmann::json::parse(frame.payload));
  return texts;
}

std::vector<std::string> session_bed::binaries() {
  std::vector<std::string> payloads;
  std::vector<server_frame> frames;
  run([&] { frames = connection->take_sent(); });
  for (const server_frame& frame : frames)
    if (frame.first == final_binary) payloads.push_back(frame.payload);
  return payloads;
}

std::vector<std::string> error_codes(const std::vector<nlohmann::json>& texts) {
  std::vector<std::string> codes;
  for (const nlohmann::json& text : texts)
    if (text.at("type") == "error") codes.push_back(text.at("payload").at("code"));
  return codes;
}

}  // namespace troupe::test
