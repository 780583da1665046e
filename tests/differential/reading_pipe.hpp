// The commands of the engine's pipe that read a document: named by a word, so that a test in
// another language can ask for any form, now or at a snapshot. Arguments and results are bytes;
// types are named by relative positions without an item (the root's name, or the id of the item
// that holds the type).
#pragma once

#include <span>
#include <string>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/read/relative_position.hpp"

namespace troupe {

using reading_reply = result<byte_buffer>;

inline byte_buffer reply_of(std::string_view text) {
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

inline reading_reply read_form(const crdt::doc_view& view, std::string_view form,
                               const crdt::type_ref& type) {
  if (form == "text") return reply_of(view.text(type));
  if (form == "array") return reply_of(view.array_json(type));
  if (form == "map") return reply_of(view.map_json(type));
  if (form == "delta") return reply_of(view.delta_json(type));
  if (form == "json") return reply_of(view.json(type));
  if (form == "all") return reply_of(view.json());
  if (form == "xml") return reply_of(view.xml_string(type));
  if (form == "xml_text") return reply_of(view.xml_string(type, crdt::type_kind::xml_text));
  return fail(errc::unknown_message, "form");
}

/// (form, type [, snapshot])
inline reading_reply read_document(const crdt::doc& doc, std::span<const byte_view> arguments) {
  const auto type = crdt::relative_position::decode(arguments[1]);
  if (!type) return tl::unexpected(type.error());
  if (arguments.size() < 3) return read_form(doc.view(), as_text(arguments[0]), *type->type);
  const auto at = crdt::snapshot::decode(arguments[2]);
  if (!at) return tl::unexpected(at.error());
  return read_form(doc.view_at(*at), as_text(arguments[0]), *type->type);
}

/// (snapshot): an update v2 that restores it, or nothing.
inline reading_reply restore_document(const crdt::doc& doc, byte_view bytes) {
  const auto at = crdt::snapshot::decode(bytes);
  if (!at) return tl::unexpected(at.error());
  return crdt::encode_state_at(doc.contents(), *at, crdt::update_format::v2)
      .value_or(byte_buffer{});
}

/// (type, "index", "assoc"): the position, its JSON behind it with the size of the first in front.
inline reading_reply make_position(const crdt::doc& doc, std::span<const byte_view> arguments) {
  const auto type = crdt::relative_position::decode(arguments[0]);
  if (!type) return tl::unexpected(type.error());
  const auto position = crdt::relative_position_at(doc.contents(), *type->type,
                                                   std::stoull(std::string{as_text(arguments[1])}),
                                                   std::stoll(std::string{as_text(arguments[2])}));
  if (!position) return byte_buffer{};
  const auto again = crdt::relative_position::from_json(position->to_json());
  if (!again || *again != *position) return fail(errc::invalid_json, "position by way of JSON");
  lib0::encoder out;
  out.write_var_bytes(position->encode());
  out.write_bytes(as_bytes(position->to_json()));
  return out.take();
}

/// (position): {"type":position of the end of the type in JSON,"index":n}, or the reason.
inline reading_reply find_position(const crdt::doc& doc, byte_view bytes) {
  const auto position = crdt::relative_position::decode(bytes);
  if (!position) return tl::unexpected(position.error());
  const auto found = crdt::resolve(doc.contents(), *position);
  if (!found)
    return reply_of(found.error() == crdt::unresolved::unknown ? "\"unknown\"" : "\"collected\"");
  crdt::relative_position type;
  type.type = found->type;
  return reply_of("{\"type\":" + type.to_json() + ",\"index\":" + std::to_string(found->index) +
                  "}");
}

/// One request: a word and its arguments.
inline reading_reply carry_out_reading(const crdt::doc& doc, std::span<const byte_view> request) {
  const std::string_view word = as_text(request[0]);
  const auto arguments = request.subspan(1);
  if (word == "read") return read_document(doc, arguments);
  if (word == "snapshot") return doc.snapshot().encode();
  if (word == "snapshot_v2") return doc.snapshot().encode(crdt::update_format::v2);
  if (word == "restore") return restore_document(doc, arguments[0]);
  if (word == "make_position") return make_position(doc, arguments);
  if (word == "find_position") return find_position(doc, arguments[0]);
  if (word == "contains") {
    const auto at = crdt::snapshot::decode(arguments[0]);
    if (!at) return tl::unexpected(at.error());
    const auto contains = crdt::contains_update(*at, arguments[1]);
    if (!contains) return tl::unexpected(contains.error());
    return byte_buffer{static_cast<std::uint8_t>(*contains)};
  }
  return fail(errc::unknown_message, "reading command");
}

}  // namespace troupe
