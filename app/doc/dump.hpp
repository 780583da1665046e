// `troupe doc dump`: the structs of an update in the order of the wire, without a document. Also
// the names that other commands use for kinds of contents.
#pragma once

#include <string>

#include "app/doc/input.hpp"

namespace troupe {

std::string_view to_string(crdt::content_kind kind) noexcept;
std::string_view to_string(crdt::type_kind kind) noexcept;

/// A line for each update, client, struct, gap (Skip) and deleted range of the input. A line of a
/// struct is `CLIENT:CLOCK +LENGTH KIND`, then its position, then its content.
std::string dump_text(const doc_source& source);

}  // namespace troupe
