// Finds the type, or the place in one, that a path names in a document. Roots have no kind in Yjs,
// so that any operation could be carried out on any of them; here what a type holds says what it
// is, and an operation that does not fit is refused, since a wrong path would otherwise mix text
// into a map. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "protocol/crdt/read/element.hpp"
#include "protocol/crdt/store/type_ref.hpp"
#include "protocol/edits/path.hpp"

namespace troupe::edits {

/// What an operation needs its type to be.
enum class family : std::uint8_t { text, sequence, keyed };

/// One place in a type: an entry, or an element.
struct place {
  crdt::type_ref in;
  bool is_key = false;
  std::string key;
  std::uint32_t index = 0;
};

class place_finder {
 public:
  explicit place_finder(const crdt::struct_store& in) : store_(in) {}

  /// The type at the end of a path, which must be one that takes the operations of a family.
  /// Fails with invalid_edit.
  result<crdt::type_ref> find_type(const path& of, family wanted);

  /// The same, whatever it is.
  result<crdt::type_ref> find_any(const path& of);

  /// The place that the last step of a path names; it may hold nothing. Fails with invalid_edit.
  result<place> find_place(const path& of);

  /// What is there, as JSON; nothing if nothing is. A root that is not there is nothing.
  result<std::optional<std::string>> read(const path& of);

  /// What a place holds; handle none: nothing.
  crdt::unit_place unit_at(const place& at);

  /// Items that were walked over.
  std::uint64_t steps() const noexcept { return steps_; }

 private:
  result<crdt::type_ref> descend(const path& of, std::size_t count);
  place step_into(const crdt::type_ref& type, const path::step& step);
  bool is_sequence(const crdt::type_ref& type);
  std::string_view family_of(crdt::type_handle type, family wanted);

  const crdt::struct_store& store_;
  std::uint64_t steps_ = 0;
};

}  // namespace troupe::edits
