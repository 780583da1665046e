#include "tests/support/actor_node.hpp"

#include <catch2/catch_test_macros.hpp>

#include <caf/actor_cast.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <troupe/client.hpp>

#include "actors/failure_codes.hpp"
#include "actors/inspect_wire.hpp"
#include "actors/store.hpp"
#include "actors/store_reader.hpp"
#include "net/websocket_frame.hpp"
#include "protocol/dialects/dialects.hpp"
#include "protocol/session/input_gatherer.hpp"

namespace troupe::test {

namespace {

constexpr std::chrono::seconds patience{10};

}  // namespace

void register_types_once() {
  static const bool done = [] {
    caf::core::init_global_meta_objects();
    caf::init_global_meta_objects<caf::id_block::troupe_wire>();
    caf::init_global_meta_objects<caf::id_block::troupe_inspection>();
    caf::init_global_meta_objects<caf::id_block::troupe_client>();
    caf::init_global_meta_objects<caf::id_block::troupe_actors>();
    return true;
  }();
  static_cast<void>(done);
}

actor_node::actor_node(directory_settings settings, hosting where,
                       std::chrono::milliseconds store_patience,
                       const std::function<upstream_actor(caf::actor_system&)>& upstream) {
  register_types_once();
  config_.set("caf.scheduler.max-threads", 2);
  config_.set("caf.scheduler.policy", "sharing");
  config_.set("caf.logger.console.verbosity", "quiet");
  system_ = std::make_unique<caf::actor_system>(config_);
  self_ = std::make_unique<caf::scoped_actor>(*system_);
  if (where == hosting::on_unit) {
    unit_ = std::make_unique<io_unit>();
    unit_->bind(*system_);
    unit_thread_ = system_->launch_thread("io", [this] { unit_->run(); });
    settings.units = {unit_.get()};
    settings.workers = workers_ = std::make_shared<worker_pool>(workers);
  }
  const auto reader = system_->spawn<store_reader, caf::detached>(backend);
  reader_ = reader;
  settings.log_reader = reader;
  store_settings storing;
  storing.backend = backend;
  if (settings.webhooks)
    storing.backend = std::make_shared<announcing_backend>(backend, settings.webhooks);
  storing.webhooks = settings.webhooks;
  storing.archive = std::shared_ptr<storage::archive>{backend, &backend->archive()};
  storing.health = settings.health = health;
  storing.upstream_documents = settings.upstream_documents;
  if (upstream) settings.upstream = upstream_ = upstream(*system_);
  storing.recovery_interval = std::chrono::milliseconds{5};
  storing.patience = store_patience;
  store_ = system_->spawn<store, caf::detached>(std::move(storing));
  directory_ = system_->spawn<directory>(settings, store_, reader_,
                                         std::vector{caf::actor_cast<hub_actor>(self_->ptr())});
}

actor_node::~actor_node() {
  backend->open_gate();
  release_workers();
  if (workers_) workers_->stop(patience);
  // Their sessions never leave, so the documents would not end by themselves.
  for (const document_actor& document : opened_)
    caf::anon_send_exit(document, caf::exit_reason::kill);
  if (unit_) end_unit();
  opened_.clear();
  caf::anon_send_exit(directory_, caf::exit_reason::user_shutdown);
  if (upstream_) caf::anon_send_exit(upstream_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(store_, caf::exit_reason::user_shutdown);
  directory_ = nullptr;
  caf::anon_send_exit(reader_, caf::exit_reason::user_shutdown);
  store_ = nullptr;
  upstream_ = nullptr;
  reader_ = nullptr;
  self_.reset();
  system_.reset();
}

/// A unit must not stop before its actors have ended.
void actor_node::end_unit() {
  for (const document_actor& document : opened_) (*self_)->wait_for(document);
  unit_->finish();
  unit_thread_.join();
}

void actor_node::occupy_workers() {
  const std::shared_future<void> released = workers_released_.get_future().share();
  std::vector<std::future<void>> occupied;
  for (std::size_t i = 0; i < workers; ++i) {
    const auto here = std::make_shared<std::promise<void>>();
    occupied.push_back(here->get_future());
    workers_->submit(
        [here, released] {
          here->set_value();
          released.wait();
        },
        [] {});
  }
  for (const auto& one : occupied) one.wait();
  workers_are_occupied_ = true;
}

void actor_node::release_workers() {
  if (std::exchange(workers_are_occupied_, false)) workers_released_.set_value();
}

bool actor_node::drain(std::chrono::milliseconds patience) {
  bool has_drained = false;
  (*self_)
      ->request(directory_, patience, close_documents{})
      .receive([&](const node_drained&) { has_drained = true; }, [](const caf::error&) {});
  return has_drained;
}

tl::expected<opened_document, close_reason> actor_node::open(const std::string& name,
                                                             session_id session, identity_ptr who) {
  tl::expected<opened_document, close_reason> answer = tl::unexpected(close_reason::io_error);
  joining_session joining;
  joining.session = session;
  joining.may = rights::all();
  joining.who = std::move(who);
  (*self_)
      ->request(
          directory_, patience,
          open_document{name, join_document{joining, caf::actor_cast<hub_actor>(self_->ptr())}})
      .receive(
          [&](const opened_document& opened) {
            answer = opened;
            opened_.push_back(opened.document);
          },
          [&](const caf::error& why) { answer = tl::unexpected(to_close_reason(why)); });
  return answer;
}

void actor_node::send(const opened_document& to, session_id from, sync::message_kind kind,
                      byte_view body) {
  send(to, from, {{kind, byte_buffer(body.begin(), body.end())}});
}

void actor_node::send(const opened_document& to, session_id from,
                      const std::vector<std::pair<sync::message_kind, byte_buffer>>& messages) {
  std::vector<std::pair<dialect, byte_buffer>> frames;
  for (const auto& [kind, body] : messages)
    frames.emplace_back(dialect::y_websocket, sync::encode_message(kind, body));
  say(to, from, frames);
}

void actor_node::ask(const opened_document& to, session_id from, std::string_view frame) {
  say(to, from, {{dialect::json, byte_buffer(frame.begin(), frame.end())}});
}

void actor_node::say(const opened_document& to, session_id from,
                     const std::vector<std::pair<dialect, byte_buffer>>& frames) {
  input_gatherer input;
  decoded_frame decoded;
  for (const auto& [in, frame] : frames) {
    // What is no message of its dialect would have ended with the session; it goes on as an update.
    if (!codec_of(in).decode(frame, decoded)) REQUIRE(decoded.kind == request_kind::update);
    input.add(from, to.id, {decoded.kind, in, decoded.body, decoded.message_id});
  }
  input.take_all(from, [&](document_id, request_batch batch) {
    (*self_)->send(to.document, client_batch{from, std::move(batch)});
  });
}

void actor_node::leave(const opened_document& from, session_id session) {
  (*self_)->send(from.document, leave_document{session});
}

void actor_node::pass_second() { (*self_)->send(directory_, second_passed{}); }

deliver_batch actor_node::next_batch() {
  deliver_batch next;
  (*self_)->receive([&](const deliver_batch& batch) { next = batch; },
                    caf::after(patience) >> [] { FAIL("no batch came"); });
  return next;
}

close_subscribers actor_node::next_close() {
  close_subscribers next;
  (*self_)->receive([&](const close_subscribers& which) { next = which; },
                    caf::after(patience) >> [] { FAIL("no document was closed"); });
  return next;
}

std::vector<delivery> actor_node::next_deliveries() {
  for (;;) {
    deliver_batch batch = next_batch();
    if (!batch.in(dialect::y_websocket).empty()) return std::move(batch.in(dialect::y_websocket));
  }
}

std::vector<delivery> actor_node::next_deliveries(const opened_document& of) {
  for (;;) {
    deliver_batch batch = next_batch();
    if (batch.document == of.id && !batch.in(dialect::y_websocket).empty())
      return std::move(batch.in(dialect::y_websocket));
  }
}

std::vector<std::string> actor_node::next_texts() {
  for (;;) {
    const deliver_batch batch = next_batch();
    std::vector<std::string> texts;
    for (const auto& one : batch.in(dialect::json))
      texts.emplace_back(as_text(payload_of(one.frames)));
    if (!texts.empty()) return texts;
  }
}

bool actor_node::is_quiet() {
  constexpr std::chrono::milliseconds moment{20};
  bool is_quiet = true;
  (*self_)->receive([&](const deliver_batch& batch) { is_quiet = batch.document == 0; },
                    caf::after(moment) >> [] {});
  return is_quiet;
}

byte_view payload_of(const shared_slice& frame) {
  const byte_view bytes = frame.view();
  const std::size_t header = bytes[1] < 126 ? 2 : bytes[1] == 126 ? 4 : 10;
  return bytes.subspan(header);
}

}  // namespace troupe::test
