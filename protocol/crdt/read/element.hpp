// What stands at one place of a type: an element by its index, an entry by its key, and what a
// sequence begins with. For whoever follows a path into a document. Changes nothing.
#pragma once

#include <optional>

#include "protocol/crdt/read/visibility.hpp"

namespace troupe::crdt {

/// The visible unit with so many before it; handle none: the sequence is shorter. Adds the items
/// that it walked over to `steps`.
unit_place find_element(const struct_store& in, type_handle type, std::uint32_t index,
                        std::uint64_t& steps);

/// The value of a key; handle none: it has none.
unit_place find_entry(const struct_store& in, type_handle type, std::string_view key);

/// The kind of the first item of the sequence that shows or formats; none: nothing does. Adds to
/// `steps` as above.
std::optional<content_kind> first_kind_of(const struct_store& in, type_handle type,
                                          std::uint64_t& steps);

/// Whether any key has a value. Cost: the keys that had one, up to the first that has.
bool has_entries(const struct_store& in, type_handle type);

}  // namespace troupe::crdt
