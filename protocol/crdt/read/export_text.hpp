// The plain text of a type: its strings, without embeds and formats. The fast path of reading: one
// walk along the sequence that appends runs. Source: yjs 13.6 YText.toString.
#pragma once

#include "protocol/crdt/read/content_text.hpp"
#include "protocol/crdt/read/visibility.hpp"

namespace troupe::crdt {

template <class Visibility>
void append_text(const struct_store& from, const Visibility& visible, type_handle type,
                 std::string& out) {
  out.reserve(out.size() + from.type_at(type).length);
  byte_buffer scratch;
  for (item_handle at = from.chain_at(from.type_at(type).sequence).head; at != none;) {
    const item& current = from.at(at);
    at = current.right;
    if (current.kind() != content_kind::string) continue;
    visible.for_each_part(current, [&](clock_type offset, clock_type length) {
      out.append(as_text(content_part(from, current, offset, length, scratch)));
    });
  }
}

}  // namespace troupe::crdt
