// Writes new values into a type: plain JSON, or shared types made of JSON, with what is in them.
// Within the value of a shared type an object {"$type": ..., "value": ...} is a shared type again;
// all else is plain. Pure. Format: docs/backend-api.md.
#pragma once

#include <string_view>

#include "protocol/crdt/edit/edit.hpp"
#include "protocol/edits/batch.hpp"
#include "protocol/edits/place.hpp"

namespace troupe::edits {

/// Puts a value into an entry, which it replaces, or in front of an element. `json` is valid and
/// nested no deeper than value_depth_max. Fails with invalid_edit and the errors of doc_edit; then
/// a part of it may have been written.
result<void> write_value(crdt::doc_edit& edit, const place& to, content_type type,
                         std::string_view json);

/// Puts plain values in front of an element, or at the end of an array.
result<void> insert_values(crdt::doc_edit& edit, const crdt::type_ref& into, std::uint32_t index,
                           std::string_view json_array);
result<void> push_values(crdt::doc_edit& edit, const crdt::type_ref& onto,
                         std::string_view json_array);

/// Attributes of text from a JSON object; null ends one. Empty: none.
result<crdt::attributes> read_attributes(const crdt::doc_edit& edit, std::string_view json_object);

}  // namespace troupe::edits
