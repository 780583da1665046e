#include "protocol/dialects/json.hpp"

#include "protocol/crdt/wire/state_vector.hpp"
#include "protocol/dialects/json_reply.hpp"
#include "protocol/dialects/json_request.hpp"
#include "protocol/sync/awareness.hpp"

namespace troupe {

namespace {

/// The state vector of a client that has nothing.
constexpr std::uint8_t empty_vector[] = {0};

/// What a kind of request is among those of all dialects.
request_kind request_of(json::request_kind kind) noexcept {
  switch (kind) {
    case json::request_kind::sync: return request_kind::sync;
    case json::request_kind::contents: return request_kind::contents;
    case json::request_kind::update: return request_kind::update;
    case json::request_kind::edit: return request_kind::edit;
    case json::request_kind::event: return request_kind::event;
    case json::request_kind::leave: return request_kind::leave;
    case json::request_kind::presence: break;
  }
  return request_kind::own_presence;
}

byte_buffer bytes_of(std::string_view text) {
  const byte_view bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

/// Checked here already, since a sync with a bad one must not join its document.
result<void> read_state_vector(std::optional<byte_buffer>& vector, decoded_frame& into) {
  if (!vector) {
    into.body = empty_vector;
    return {};
  }
  into.wrong_part = request_part::state_vector;
  into.own_body = std::move(*vector);
  into.body = into.own_body;
  TROUPE_TRY(crdt::state_vector::decode(into.body));
  return {};
}

void add_text(const std::string& text, frame_sink& out) { out.add({}, as_bytes(text)); }

std::string_view text_of(const effect_bytes& bytes) { return as_text(bytes.view()); }

/// Where a part of a request stands in a message: what the details of an error begin with.
std::string_view field_of(request_part part) noexcept {
  switch (part) {
    case request_part::message: return {};
    case request_part::state_vector: return "payload.stateVector: ";
    case request_part::update: return "payload.update: ";
    case request_part::edit: return "payload.edit: ";
    case request_part::presence: break;
  }
  return "presence: ";
}

std::optional<std::string_view> message_id_of(const notice& what) {
  return what.extra.empty() ? std::nullopt : std::optional{text_of(what.extra)};
}

}  // namespace

result<void> json_codec::decode(byte_view frame, decoded_frame& into) const {
  into.clear();
  auto read = json::decode_request(as_text(frame));
  auto& document = read ? read->document : read.error().document;
  auto& message_id = read ? read->message_id : read.error().message_id;
  into.document = std::move(document);
  if (message_id) into.message_id = std::move(*message_id);
  if (!read) return fail(errc::invalid_json, read.error().text);
  into.kind = request_of(read->kind);
  if (into.kind == request_kind::sync) return read_state_vector(read->state_vector, into);
  if (into.kind == request_kind::update)
    into.own_body = std::move(read->update);
  else if (into.kind == request_kind::contents)
    into.own_body = read->contents.encode();
  else
    into.own_body = bytes_of(read->payload);
  into.body = into.own_body;
  return {};
}

/// Whatever is wrong with it, its document and message id are read if they are right.
void json_codec::decode_head(byte_view head, decoded_frame& into) const {
  (void)decode(as_bytes(json::whole_members(as_text(head))), into);
}

void json_codec::encode(const notice& what, std::optional<std::string_view> document,
                        frame_sink& out) const {
  const std::string_view name = document.value_or(std::string_view{});
  const byte_view body = what.body.view();
  switch (what.kind) {
    case notice_kind::state: return add_text(json::encode_sync(name, body, what.extra.view()), out);
    case notice_kind::contents:
      return add_text(json::encode_contents("sync", name, as_text(body)), out);
    case notice_kind::new_contents:
      return add_text(json::encode_contents("contents", name, as_text(body)), out);
    case notice_kind::update:
      if (which_ == dialect::json_contents) return;
      return add_text(json::encode_update(name, body), out);
    case notice_kind::presence: {
      const auto add_entry = [&](const sync::awareness_entry& entry) {
        add_text(json::encode_presence(name, entry.client, entry.state), out);
      };
      for (const byte_buffer& piece : what.pieces) sync::for_each_entry(piece, add_entry);
      return sync::for_each_entry(body, add_entry);
    }
    case notice_kind::event: return add_text(json::encode_event(name, as_text(body)), out);
    case notice_kind::ack:
      if (what.extra.empty()) return;
      return add_text(json::encode_ack(name, text_of(what.extra)), out);
    case notice_kind::error: {
      const std::string detail = std::string{field_of(what.part)}.append(text_of(what.body));
      return add_text(
          json::encode_error(what.error, detail, document, message_id_of(what), what.edit_index),
          out);
    }
    case notice_kind::question:
      return add_text(json::encode_missing_updates(name, body, message_id_of(what)), out);
    case notice_kind::whole_state:
    case notice_kind::admitted:
    case notice_kind::token_wanted:
    case notice_kind::denied:
    case notice_kind::closed: return;
  }
}

}  // namespace troupe
