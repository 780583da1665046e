// Contents that are well-formed and that Yjs clients cannot use all the same: a client throws when
// it loads them, or cannot encode its document any more, so that whoever comes later gets an empty
// one. An update with such contents is refused; one from storage, which may be older than this
// check, is repaired while it is read. Source: yjs 13.6 ContentDoc.js, yjs 14 Item.js, lib0 0.2
// decoding.js readAny; tests/differential/contents.mjs tries every kind of content on both.
#pragma once

#include <cstdint>
#include <span>

#include "protocol/crdt/wire/struct_view.hpp"

namespace troupe::crdt {

/// What is done with contents that clients cannot use.
enum class unusable_content : std::uint8_t { refuse, repair };

/// The causes, and what repairing does.
enum class content_repair : std::uint8_t {
  options_replaced,  ///< Options of a subdocument become an empty object.
  member_renamed,    ///< Members `__proto__` that are bytes become `__bytes__`.
};

/// A struct whose content was repaired.
struct repaired_struct {
  client_id client = 0;
  clock_type clock = 0;
  content_repair how = content_repair::options_replaced;
};

/// For messages: "the options of a subdocument are replaced by an empty object".
const char* to_string(content_repair how) noexcept;

/// Whether a client can make a subdocument with these options: an object whose member `guid`, if
/// there is one, is a text. Requires: one valid `any` value.
bool are_usable_options(byte_view any) noexcept;

/// An empty object, as `any`.
byte_view no_options() noexcept;

/// Renames each member `__proto__` that is bytes. Requires: valid `any` values, one after the
/// other.
void rename_prototypes(std::span<std::uint8_t> values);

}  // namespace troupe::crdt
