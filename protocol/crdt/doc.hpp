// A Yjs document: the public face of the engine. Applies updates whole or not at all, answers with
// updates and state vectors, and reads out contents. Usable alone: no actor, socket, clock or
// thread. Thread: one owner at a time. Source: yjs 13.6; the specification of each format stands
// where it is read and written.
#pragma once

#include <string>

#include "protocol/crdt/decoded_update.hpp"
#include "protocol/crdt/integrate.hpp"
#include "protocol/crdt/pending.hpp"
#include "protocol/crdt/state_vector.hpp"
#include "protocol/crdt/store.hpp"
#include "protocol/crdt/transaction.hpp"

namespace troupe::crdt {

struct doc_options {
  garbage_collection gc = garbage_collection::on;
  limits limit;
};

/// What an update did to a document.
struct applied_update {
  bool changed = false;  ///< Something was inserted or deleted.
  /// Everything in the update was new and took effect: its own bytes are what others need. If false
  /// and `changed`, encode_last_change() is.
  bool is_verbatim = false;
  bool has_parked = false;  ///< Part of it waits for an update that has not come yet.
};

class doc {
 public:
  explicit doc(doc_options options = {});
  doc(const doc&) = delete;
  doc& operator=(const doc&) = delete;

  /// Applies an update. On failure the document is as it was.
  /// Fails with what decode_update() fails with; with too_many_clients, pending_limit,
  /// update_too_large.
  result<applied_update> apply_update(byte_view update, update_format format = update_format::v1);

  /// What the last apply_update changed, as an update of its own.
  byte_buffer encode_last_change(update_format format = update_format::v1) const;

  /// Everything that a document with the given state vector may lack; of all that waits, too. The
  /// whole in format v1 is kept until the next update and only copied by then.
  byte_buffer encode_state_as_update(const class state_vector& from = {},
                                     update_format format = update_format::v1) const;

  class state_vector state_vector() const;

  /// The plain text of the root's sequence: its strings, without embeds and formats.
  std::string text(std::string_view root) const;

  /// The root read as an array, or as a map, as JSON. Nested types are written by their kind:
  /// arrays, maps, texts as plain strings; XML types as null. Map keys in the order of their bytes.
  /// Iterative.
  std::string array_json(std::string_view root) const;
  std::string map_json(std::string_view root) const;

  /// Structs and bytes that wait for others.
  std::size_t pending_size() const noexcept { return pending_.size(); }
  std::size_t item_count() const noexcept { return store_.item_count(); }

  /// Bytes allocated, for figures.
  std::size_t memory() const { return store_.memory() + pending_.size() + encoded_.capacity(); }

  const store& contents() const noexcept { return store_; }

 private:
  result<void> prepare(byte_view update);

  doc_options options_;
  store store_;
  pending pending_;
  integrator integrator_{store_, pending_};
  transaction change_{store_};
  decoded_update decoded_;       // kept for its memory
  mutable byte_buffer encoded_;  // the whole state, format v1; empty: not known
};

/// Throws broken_promise if an invariant of the store does not hold. Cost: linear in the document.
/// For tests.
void check_invariants(const store& of);

}  // namespace troupe::crdt
