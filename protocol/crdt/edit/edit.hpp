// Edits a document on the server: one open transaction under one client id, written as a Yjs client
// would write it. The owner of the document opens it with doc::edit() and, after commit(), sends
// doc::encode_last_change() to the others.
//
// Always holds: an operation that fails changes nothing; one that succeeds takes effect in the
// document immediately and cannot be undone. The destructor commits, unless an exception unwinds
// the stack. At most one editor is open per document, and updates are applied only while none is.
// Indices and lengths count UTF-16 units in text and elements elsewhere, as in yjs; a cut through a
// surrogate pair is refused, since its halves would become U+FFFD. A root exists as soon as
// something is written to it. Kinds of types are not checked against operations: roots have none,
// and yjs 14 mixes contents. Thread: that of the document.
//
// Every operation on a type can fail with type_gone; with invalid_utf8 and name_too_long (name of a
// root, key); and, if it writes, with number_too_large (no clocks left), update_too_large (the
// document is full) and too_many_clients. Further errors are listed at the operation.
// Source: yjs 13.6 YText.js, AbstractType.js; the pieces are named where they are followed.
#pragma once

#include <optional>
#include <span>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/edit/edit_cursor.hpp"

namespace troupe::crdt {

class doc_edit {
 public:
  doc_edit(doc_edit&& other) noexcept;
  doc_edit& operator=(doc_edit&&) = delete;
  doc_edit(const doc_edit&) = delete;
  doc_edit& operator=(const doc_edit&) = delete;
  ~doc_edit();

  /// Ends the transaction: garbage collection, merging, observers. The editor is done then.
  applied_update commit();

  /// What is edited, as it is now, for readers; a copy of it can be rolled back to. Cost of a copy:
  /// that of its memory.
  const struct_store& contents() const noexcept { return doc_->store_; }
  const struct limits& limits() const noexcept { return doc_->options_.limit; }

  /// Ends the transaction as if it had never been. Requires: `before` is a copy of contents() from
  /// before its first operation.
  void roll_back(struct_store before);

  // --- text ---

  /// Inserts text with the attributes in force at the index. Fails with out_of_range, invalid_utf8.
  result<void> insert_text(const type_ref& into, std::uint32_t index, std::string_view utf8);
  /// Inserts text with exactly these attributes.
  result<void> insert_text(const type_ref& into, std::uint32_t index, std::string_view utf8,
                           const attributes& formats);
  /// Inserts an embedded value, or a new type, with exactly these attributes. Fails with
  /// out_of_range, unknown_content (an embed is JSON-like or a type). Differs: yjs would insert a
  /// string as text.
  result<void> insert_embed(const type_ref& into, std::uint32_t index, const value& embed,
                            const attributes& formats = {});
  /// Removes units and the format markers that have no effect any more. Fails with out_of_range.
  result<void> remove_text(const type_ref& from, std::uint32_t index, std::uint32_t length);
  /// Sets attributes of a range; null ends one. Fails with out_of_range. Differs: yjs appends
  /// newlines where the range goes beyond the end.
  result<void> format_text(const type_ref& in, std::uint32_t index, std::uint32_t length,
                           const attributes& formats);

  /// Makes the text this one by removing and inserting as little as can be found out at a bounded
  /// cost (base/text_diff.hpp), so that cursors in what stays survive. Embedded values go. Differs
  /// from the other operations: one that fails for want of room may have changed a part. Fails with
  /// invalid_utf8.
  result<void> set_text(const type_ref& in, std::string_view utf8);

  // --- elements of arrays, children of XML fragments and elements ---

  /// Inserts values in front of the element at `index`. Fails with out_of_range.
  result<void> insert(const type_ref& into, std::uint32_t index, std::span<const value> values);
  /// Inserts a new type, see value::type, value::xml_element. Fails with out_of_range,
  /// unknown_content (no type).
  result<type_ref> insert_type(const type_ref& into, std::uint32_t index, const value& type);
  /// Appends behind everything, removed elements too, as YArray.push does.
  result<void> push(const type_ref& onto, std::span<const value> values);
  /// Fails with out_of_range.
  result<void> remove(const type_ref& from, std::uint32_t index, std::uint32_t length = 1);

  // --- entries of maps, attributes of XML elements and texts ---

  result<void> set(const type_ref& in, std::string_view key, const value& to);
  /// Fails with unknown_content (no type).
  result<type_ref> set_type(const type_ref& in, std::string_view key, const value& type);
  /// Does nothing if the key has no value.
  result<void> remove_key(const type_ref& from, std::string_view key);
  result<void> clear_keys(const type_ref& in);

  // --- the past ---

  /// Brings back what the document showed in the state `then` of its own history: see
  /// restore_plan.hpp. What shows now and then alike stays as it is, with the cursors in it; the
  /// rest is deleted or inserted again, types with all that is in them. Places that were found
  /// before are forgotten. Fails with document_full and the errors of every operation that writes.
  result<void> restore(const doc& then);

  // --- lengths and nested types ---

  /// Visible units of the sequence.
  result<std::uint32_t> length(const type_ref& of) const;
  /// The nested type at an index, or under a key. Fails with out_of_range, type_gone (something
  /// else is there, or nothing).
  result<type_ref> child(const type_ref& of, std::uint32_t index) const;
  result<type_ref> child(const type_ref& of, std::string_view key) const;

  /// Items walked over in search of indices so far, for figures.
  std::size_t steps() const noexcept { return cursor_.steps(); }

 private:
  friend class doc;
  doc_edit(doc& in, client_id own);

  /// A type to write to; its handles are none until something is in it.
  struct target {
    const type_ref& ref;
    type_handle type = none;
    chain_handle sequence = none;
    std::uint32_t length = 0;
  };
  result<target> open(const type_ref& ref) const;
  result<sequence_place> open_at(const target& in, std::uint32_t index, std::uint32_t length);
  result<void> check_room(std::uint64_t units, std::uint64_t bytes) const;
  result<std::uint64_t> measure(const sequence_place& from, std::uint32_t length) const;
  result<void> check_key(std::string_view key) const;

  parent_view parent_of(const target& in) const;
  void insert_struct(const target& in, sequence_place& at, struct_view view);
  void insert_values(const target& in, sequence_place& at, std::span<const value> values);
  result<void> insert_with_formats(const type_ref& into, std::uint32_t index,
                                   const struct_view& content, const attributes* formats);
  void insert_format(const target& in, sequence_place& at, std::string_view key, byte_view any);
  void skip_formats(sequence_place& at, const attributes& wanted) const;
  attributes begin_formats(const target& in, sequence_place& at, const attributes& wanted);
  void end_formats(const target& in, sequence_place& at, attributes negated);
  void replace_formats(sequence_place& at, std::uint32_t length, const attributes& wanted,
                       attributes& negated);
  void remove_units(const sequence_place& from, std::uint32_t length);
  void clean_gap(item_handle start, const attributes& before);
  item_handle entry_of(const target& in, std::string_view key) const;
  type_ref last_written() const;

  doc* doc_;
  client_id own_;
  edit_cursor cursor_;
  std::vector<clock_range> unknown_;
};

}  // namespace troupe::crdt
