// Reads a document as it is, or as it was at a snapshot. A type_ref names a root by its name and a
// nested type by the id of the item that holds it. Any type can be read in any form, since roots
// have no kind. Equal documents give equal text: members and roots come in the order of their
// bytes. Reading changes and caches nothing; its cost is linear in the items read, tombstones
// included.
//
// A view refers to its document and is valid until the document changes.
// At a snapshot, a document without garbage collection shows everything; one with garbage
// collection lacks contents that were deleted since (see is_whole_at() in snapshot.hpp).
#pragma once

#include <optional>

#include "protocol/crdt/read/contents_kind.hpp"
#include "protocol/crdt/read/export_json.hpp"
#include "protocol/crdt/store/type_ref.hpp"

namespace troupe::crdt {

struct root_info {
  /// Valid until the next change of the document.
  std::string_view name;
  type_contents contents;
};

/// What a document is made of, in numbers.
struct doc_sizes {
  std::size_t clients = 0;
  std::size_t items = 0;          ///< Structs that are not deleted.
  std::size_t tombstones = 0;     ///< Structs that are: deleted items and GC structs.
  std::size_t clocks = 0;         ///< Units ever inserted that are known.
  std::size_t content_bytes = 0;  ///< Of the contents of items, encoded.
  std::size_t memory = 0;         ///< Bytes allocated for all of it.
};

doc_sizes sizes_of(const struct_store& state);

class doc_view {
 public:
  explicit doc_view(const struct_store& of) : store_(of) {}
  /// Requires: `at` outlives the view.
  doc_view(const struct_store& of, const snapshot& at) : store_(of), then_(std::in_place, of, at) {}

  /// All roots by the order of their names' bytes, empty ones too.
  std::vector<root_info> roots() const;

  /// Nothing if there is no such type; the functions below read a missing type as an empty one.
  std::optional<type_contents> contents(const type_ref& type) const;

  /// The strings of the sequence, without embeds and formats.
  std::string text(const type_ref& type) const;

  /// The forms of json_form.
  std::string array_json(const type_ref& type) const;
  std::string map_json(const type_ref& type) const;
  std::string delta_json(const type_ref& type) const;

  /// By its kind if it is nested, else by its contents. "null" if there is nothing.
  std::string json(const type_ref& type) const;

  /// {"root name": json, ...} of all roots.
  std::string json() const;

  /// As yjs prints XML types. A root, and a nested type of another kind, is read as `kind`:
  /// xml_fragment, or xml_text, of which formats show as tags.
  std::string xml_string(const type_ref& type, type_kind kind = type_kind::xml_fragment) const;

 private:
  template <class Read>
  auto with_visibility(Read read) const {
    return then_ ? read(*then_) : read(visible_now{});
  }
  std::string json_as(const type_ref& type, json_form form, std::string_view if_absent) const;

  const struct_store& store_;
  std::optional<visible_at> then_;
};

}  // namespace troupe::crdt
