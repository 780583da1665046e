#include "tests/support/actor_node.hpp"

#include <catch2/catch_test_macros.hpp>

#include <caf/actor_cast.hpp>
#include <caf/init_global_meta_objects.hpp>

#include "actors/failure_codes.hpp"
#include "actors/store.hpp"
#include "net/websocket_frame.hpp"

namespace troupe::test {

namespace {

constexpr std::chrono::seconds patience{10};

void register_types_once() {
  static const bool done = [] {
    caf::core::init_global_meta_objects();
    caf::init_global_meta_objects<caf::id_block::troupe_actors>();
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

actor_node::actor_node(directory_settings settings) {
  register_types_once();
  config_.set("caf.scheduler.max-threads", 2);
  config_.set("caf.scheduler.policy", "sharing");
  config_.set("caf.logger.console.verbosity", "quiet");
  system_ = std::make_unique<caf::actor_system>(config_);
  self_ = std::make_unique<caf::scoped_actor>(*system_);
  store_ = system_->spawn<store, caf::detached>(engine);
  directory_ = system_->spawn<directory>(settings, store_,
                                         std::vector{caf::actor_cast<hub_actor>(self_->ptr())});
}

actor_node::~actor_node() {
  engine->open_gate();
  // Their sessions never leave, so the documents would not end by themselves.
  for (const document_actor& document : opened_)
    caf::anon_send_exit(document, caf::exit_reason::kill);
  opened_.clear();
  caf::anon_send_exit(directory_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(store_, caf::exit_reason::user_shutdown);
  directory_ = nullptr;
  store_ = nullptr;
  self_.reset();
  system_.reset();
}

tl::expected<opened_document, close_reason> actor_node::open(const std::string& name,
                                                             session_id session) {
  tl::expected<opened_document, close_reason> answer = tl::unexpected(close_reason::io_error);
  (*self_)
      ->request(directory_, patience,
                open_document{name, session, caf::actor_cast<hub_actor>(self_->ptr())})
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
  (*self_)->send(to.document,
                 client_batch{from, shared_bytes::copy_of(body), {{kind, 0, body.size()}}});
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

std::vector<deliver_batch::delivery> actor_node::next_deliveries() {
  for (;;) {
    deliver_batch batch = next_batch();
    if (!batch.binary.empty()) return std::move(batch.binary);
  }
}

byte_view payload_of(const shared_slice& frame) {
  const byte_view bytes = frame.view();
  const std::size_t header = bytes[1] < 126 ? 2 : bytes[1] == 126 ? 4 : 10;
  return bytes.subspan(header);
}

}  // namespace troupe::test
