// What the `doc` commands share: inputs as updates, documents made from them, and contents made
// safe for a terminal. A failure is one line that names the input, its format and the byte.
#pragma once

#include <memory>

#include "app/doc/tool.hpp"

namespace troupe {

/// Success, or a line that says what is wrong.
template <class T>
using doc_result = tl::expected<T, std::string>;

/// An input and the updates in it.
struct doc_source {
  const doc_input* input = nullptr;
  crdt::update_list list;  ///< Views of the input.
  /// What no Yjs client could use. The commands show and write it repaired.
  std::vector<crdt::repaired_struct> repaired;
};

/// "1:0", its client and clock.
std::string id_text(const crdt::repaired_struct& of);

/// The limits that files are read with: what a server has stored, it may have taken under others.
crdt::limits reading_limits() noexcept;

std::string_view to_string(crdt::update_container container) noexcept;

/// Checks the whole input. Requires: it outlives the result.
doc_result<doc_source> read_source(const doc_input& input,
                                   std::optional<crdt::update_container> format);

/// A document that has applied all updates in order, as a server would.
doc_result<std::unique_ptr<crdt::doc>> load_sources(std::span<const doc_source> sources);

/// The names of all roots, in the order in which the document met them; doc::roots() sorts them.
std::vector<std::string_view> root_names(const crdt::doc& of);

/// `text` on one line, safe for a terminal: controls, line separators and direction marks are
/// escaped as in JSON. A text longer than `size_max` bytes is cut, and its size appended.
std::string one_line(std::string_view text, std::size_t size_max = 72);

/// The same between quotes; quotes and backslashes within are escaped too.
std::string quoted_text(std::string_view text, std::size_t size_max = 60);

}  // namespace troupe
