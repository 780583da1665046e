#include "protocol/dialects/hocuspocus.hpp"

#include "protocol/dialects/hocuspocus_message.hpp"
#include "protocol/json/text.hpp"
#include "protocol/json/write.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe {

namespace {

using hocuspocus::auth_type;
using hocuspocus::message_head;
using hocuspocus::message_type;
using hocuspocus::sync_step;

constexpr std::uint8_t applied = 1;
constexpr std::uint8_t not_applied = 0;
constexpr std::uint8_t pong[] = {static_cast<std::uint8_t>(message_type::pong)};

/// Frames of one session.
class messages {
 public:
  messages(std::string_view address, frame_sink& out) noexcept : address_(address), out_(out) {}

  void add_sync(sync_step step, byte_view body) const {
    message_head head{address_, message_type::sync};
    head.put_byte(static_cast<std::uint8_t>(step));
    add(head, body);
  }
  void add_awareness(byte_view body) const { add({address_, message_type::awareness}, body); }
  void add_text(message_type type, std::string_view text) const {
    add({address_, type}, as_bytes(text));
  }
  void add_auth(auth_type what, std::string_view text) const {
    message_head head{address_, message_type::auth};
    head.put_byte(static_cast<std::uint8_t>(what));
    add(head, as_bytes(text));
  }
  void ask_for_token() const {
    message_head head{address_, message_type::auth};
    head.put_byte(static_cast<std::uint8_t>(auth_type::token));
    out_.add(head.view(), {});
  }
  void add_status(std::uint8_t status) const {
    message_head head{address_, message_type::sync_status};
    head.put_byte(status);
    out_.add(head.view(), {});
  }

 private:
  /// With the size of the body before it.
  void add(message_head head, byte_view body) const {
    head.put_size(body.size());
    out_.add(head.view(), body);
  }

  std::string_view address_;
  frame_sink& out_;
};

/// A stateless message is a string; in other dialects an event is any JSON. So a string stays what
/// it is between Hocuspocus clients, and other JSON reaches them as its text.
void add_event(std::string_view json, const messages& to) {
  std::string scratch;
  const auto text = json::string_of(json, scratch);
  to.add_text(message_type::stateless, text ? *text : json);
}

void read_event(std::string_view text, decoded_frame& into) {
  std::string json;
  json::append_string(text, json);
  const byte_view bytes = as_bytes(json);
  into.own_body.assign(bytes.begin(), bytes.end());
  into.body = into.own_body;
}

/// A longer address is not repeated.
constexpr std::size_t denied_address_bytes_max = 4096;

/// Denies the session of an address that is too long to be one; what else comes under it says
/// nothing.
result<envelope> deny_address(byte_view frame, failure why) {
  lib0::decoder in{frame};
  const std::string_view whole = in.read_var_string("address");
  const std::uint64_t type = in.read_var_uint();
  if (!in.ok() || whole.size() > denied_address_bytes_max) return tl::unexpected(std::move(why));
  envelope read;
  if (type != static_cast<std::uint64_t>(message_type::auth)) return read;
  lib0::encoder out;
  out.write_var_string(whole);
  out.write_var_uint(static_cast<std::uint64_t>(message_type::auth));
  out.write_var_uint(static_cast<std::uint64_t>(auth_type::denied));
  out.write_var_string("The name of the document is too long");
  read.own_answer = out.take();
  read.answer = read.own_answer;
  return read;
}

}  // namespace

result<envelope> hocuspocus_codec::read_envelope(byte_view frame) const {
  if (frame.size() == 1) {
    const auto type = static_cast<message_type>(frame.front());
    if (type == message_type::ping) return envelope{.address = {}, .document = {}, .answer = pong};
    if (type == message_type::pong) return envelope{.address = {}, .document = {}, .answer = {}};
  }
  const byte_view whole = frame;
  auto address = hocuspocus::take_address(frame);
  if (!address && address.error().code == errc::name_too_long)
    return deny_address(whole, std::move(address).error());
  if (!address) return tl::unexpected(std::move(address).error());
  envelope read{envelope::content::message, address->whole, address->document, {}};
  if (frame.empty()) return fail(errc::truncated, "message type");
  // Types are below 128, so they are one byte.
  const auto type = static_cast<message_type>(frame.front());
  if (type == message_type::auth) read.what = envelope::content::token;
  if (type == message_type::close) read.what = envelope::content::leave;
  return read;
}

void hocuspocus_codec::readdress(byte_view payload, std::string_view address,
                                 frame_sink& out) const {
  byte_view rest = payload;
  if (!hocuspocus::take_address(rest) || rest.empty()) return;
  const message_head head{address, static_cast<message_type>(rest.front())};
  out.add(head.view(), rest.subspan(1));
}

result<void> hocuspocus_codec::decode(byte_view frame, decoded_frame& into) const {
  into.clear();
  TROUPE_TRY(hocuspocus::take_address(frame));
  TROUPE_ASSIGN(const auto message, hocuspocus::read_message(frame));
  into.body = message.body;
  switch (message.type) {
    case message_type::sync:
      into.kind = message.step == sync_step::step1 ? request_kind::sync : request_kind::update;
      into.answers_question = message.step == sync_step::step2;
      break;
    case message_type::awareness: into.kind = request_kind::presence; break;
    case message_type::auth: into.kind = request_kind::token; break;
    case message_type::stateless:
      into.kind = request_kind::event;
      read_event(as_text(message.body), into);
      break;
    case message_type::close: into.kind = request_kind::leave; break;
    default: into.kind = request_kind::query_presence; break;
  }
  return {};
}

void hocuspocus_codec::encode(const notice& what, std::optional<std::string_view> document,
                              frame_sink& out) const {
  const messages to{document.value_or(std::string_view{}), out};
  const byte_view body = what.body.view();
  switch (what.kind) {
    case notice_kind::state:
      for (const byte_buffer& piece : what.pieces) to.add_sync(sync_step::update, piece);
      to.add_sync(sync_step::step2, body);
      return to.add_sync(sync_step::step1, what.extra.view());
    case notice_kind::question: return to.add_sync(sync_step::step1, body);
    case notice_kind::update: return to.add_sync(sync_step::update, body);
    case notice_kind::presence:
      for (const byte_buffer& piece : what.pieces) to.add_awareness(piece);
      return to.add_awareness(body);
    case notice_kind::event: return add_event(as_text(body), to);
    case notice_kind::ack:
      for (std::uint32_t i = 0; i < what.count; ++i) to.add_status(applied);
      return;
    case notice_kind::error:
      // Of all that can be forbidden, providers wait for an answer to updates only.
      if (what.error == request_error::forbidden && what.part == request_part::update)
        to.add_status(not_applied);
      return;
    case notice_kind::admitted:
      return to.add_auth(auth_type::authenticated,
                         what.may.contains(right::write) ? "read-write" : "readonly");
    case notice_kind::token_wanted: return to.ask_for_token();
    case notice_kind::denied: return to.add_auth(auth_type::denied, as_text(body));
    case notice_kind::closed: return to.add_text(message_type::close, as_text(body));
    case notice_kind::whole_state:
    case notice_kind::contents:
    case notice_kind::new_contents: return;
  }
}

}  // namespace troupe
