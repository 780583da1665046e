// A Yjs document, the public face of the engine. It applies updates whole or not at all, encodes
// updates and state vectors, and shows contents. It needs no actor, socket, clock or thread.
// Thread: one owner at a time. Source: yjs 13.6; each format is specified where it is read and
// written.
#pragma once

#include <algorithm>
#include <functional>
#include <string>

#include "protocol/crdt/apply/changes.hpp"
#include "protocol/crdt/apply/integrate.hpp"
#include "protocol/crdt/apply/pending.hpp"
#include "protocol/crdt/apply/state_pieces.hpp"
#include "protocol/crdt/apply/transaction.hpp"
#include "protocol/crdt/read/export.hpp"
#include "protocol/crdt/store/struct_store.hpp"
#include "protocol/crdt/wire/decoded_update.hpp"
#include "protocol/crdt/wire/state_vector.hpp"

namespace troupe::crdt {

struct doc_settings {
  garbage_collection gc = garbage_collection::on;
  limits limit;
};

/// What an update did to a document.
struct applied_update {
  /// Something was inserted or deleted.
  bool changed = false;
  /// Everything in the update was new and took effect, so others need exactly its bytes. If false,
  /// and `changed`, they need encode_last_change().
  bool is_verbatim = false;
  /// A part waits for an update that has not arrived yet.
  bool has_parked = false;
  /// Its author has sent more than has arrived: a part waits, or a clock below it is missing.
  bool leaves_gap = false;
  /// What waited has taken effect with it. Others sent that, so its author may lack it.
  bool ended_waiting = false;
  /// Nothing has happened: it might take more steps than were allowed for now.
  bool is_deferred = false;
};

/// What one sender of updates has used of the limits of a document.
struct sender_usage {
  std::size_t new_clients = 0;  ///< Client ids that the document did not know before.
};

class doc_edit;  // edit.hpp

class doc {
 public:
  /// Called with the changes of the last update or edit. It must not change the document, nor
  /// throw.
  using observer = std::function<void(const std::vector<type_change>&)>;
  using observer_id = std::uint64_t;

  explicit doc(doc_settings options = {});
  doc(const doc&) = delete;
  doc& operator=(const doc&) = delete;

  /// Applies an update. On failure the document is as it was.
  /// Fails with what decode_update() fails with; with too_many_clients, document_full (a deletion
  /// alone never does), pending_limit, update_too_large; with too_complex
  /// (limits::update_steps_max). A detail names the limit and its value. Defers an update that
  /// might take more than `steps_for_now` steps of some nanoseconds each.
  result<applied_update> apply_update(byte_view update, update_format format = update_format::v1,
                                      std::uint64_t steps_for_now = unlimited_steps);

  /// As apply_update() for a sender who may not use up what others need: once the document is
  /// nearly full of client ids, it takes limits::new_clients_max new ones of each sender. Up to
  /// there it takes whole histories, as a client brings one that knows more than the server.
  result<applied_update> apply_update(byte_view update, sender_usage& by,
                                      std::uint64_t steps_for_now = unlimited_steps);

  /// Applies an update that was taken before, whatever the limits are now. Contents that no client
  /// could use are repaired; `repaired` receives which.
  result<applied_update> load_update(byte_view update, std::vector<repaired_struct>& repaired);

  /// Opens a transaction for an edit by the server, see edit.hpp. `own` is its author: a client id
  /// that nobody else ever uses in this document. Requires: no transaction is open, and no observer
  /// is being called; apply_update requires the same. Fails with number_too_large (id above
  /// 2^53 - 1).
  result<doc_edit> edit(client_id own);

  /// Which types the last apply_update or edit changed. Cost: linear in that change.
  std::vector<type_change> last_changes() const;

  /// Calls `call` after each later update or edit that changes something, until unobserve().
  observer_id observe(observer call);
  void unobserve(observer_id id);

  /// The path from the document down to a type. Fails with type_gone.
  result<std::vector<path_step>> path_of(const type_ref& type) const;

  /// The changes of the last apply_update or edit, as an update.
  byte_buffer encode_last_change(update_format format = update_format::v1) const;

  /// Everything that a document with the given state vector may lack, waiting structs included. The
  /// whole state in format v1, asked for twice, is cached until the next update.
  byte_buffer encode_state_as_update(const class state_vector& from = {},
                                     update_format format = update_format::v1) const;

  /// The same in format v1 as several updates, to be applied in their order, if it is large: most
  /// of them take effect at once (state_pieces.hpp). The last one is small. One update if it is
  /// not.
  std::vector<byte_buffer> encode_state_in_pieces(const class state_vector& from = {},
                                                  const piece_sizes& sizes = {}) const;

  /// Frees the cached state.
  void forget_encoded_state() const noexcept {
    byte_buffer{}.swap(encoded_);
    is_asked_again_ = false;
  }

  /// Frees memory that is reserved for growth; for a document that will not change for a while.
  void shrink() {
    forget_encoded_state();
    decoded_ = {};
    store_.shrink();
  }

  class state_vector state_vector() const;

  /// The contents, as described at doc_view (export.hpp). A snapshot must outlive its view.
  std::string text(const type_ref& type) const { return view().text(type); }
  std::string array_json(const type_ref& type) const { return view().array_json(type); }
  std::string map_json(const type_ref& type) const { return view().map_json(type); }
  std::string delta_json(const type_ref& type) const { return view().delta_json(type); }
  std::string xml_string(const type_ref& type) const { return view().xml_string(type); }
  std::string json(const type_ref& type) const { return view().json(type); }
  std::string json() const { return view().json(); }
  std::vector<root_info> roots() const { return view().roots(); }
  doc_view view() const { return doc_view{store_}; }
  doc_view view_at(const struct snapshot& at) const { return doc_view{store_, at}; }
  doc_sizes sizes() const { return sizes_of(store_); }

  /// The known and the deleted clocks at this moment; see snapshot.hpp for encode_state_at() and
  /// is_whole_at().
  struct snapshot snapshot() const {
    return {delete_set_of(store_), state_vector()};
  }

  /// From now on; what waits already may be more.
  void limit_pending(std::size_t bytes_max) noexcept {
    options_.limit.pending_size_max = bytes_max;
  }
  /// Forgets what waits.
  void drop_pending() noexcept {
    pending_ = {};
    forget_encoded_state();
  }
  /// Bytes of structs and deletions that wait for others.
  std::size_t pending_size() const noexcept { return pending_.size(); }
  /// Whether anything is missing below what is known, or waits.
  bool has_gap() const noexcept;
  std::size_t item_count() const noexcept { return store_.item_count(); }

  /// How full the document is. O(1).
  std::size_t client_count() const noexcept { return store_.clients().size(); }
  std::size_t size_in_memory() const noexcept { return store_.size_in_memory(); }
  bool is_nearly_full() const noexcept {
    return client_count() >= nearly_full(clients_max(options_.limit)) ||
           size_in_memory() >= nearly_full(options_.limit.document_size_max);
  }

  const struct limits& limits() const noexcept { return options_.limit; }

  /// Bytes allocated, for figures.
  std::size_t memory() const { return store_.memory() + pending_.size() + encoded_.capacity(); }

  const struct_store& contents() const noexcept { return store_; }

 private:
  friend class doc_edit;
  enum class phase : std::uint8_t { idle, editing, notifying };

  static std::size_t clients_max(const struct limits& limit) noexcept {
    return std::min(limit.clients_max, client_count_max);
  }
  result<applied_update> apply_foreign(byte_view update, update_format format, sender_usage* by,
                                       std::uint64_t steps_for_now);
  bool needs_more(std::uint64_t steps) const;
  result<applied_update> apply_decoded(byte_view update, const struct limits& limit,
                                       sender_usage* by, std::uint64_t steps);
  bool apply_values(byte_view update, applied_update& applied);
  bool apply_simple(byte_view update, std::uint64_t steps_for_now, applied_update& applied);
  bool leaves_gap() const noexcept;
  bool has_room_for(byte_view update) const noexcept {
    return update.size() * 2 <= store_.content_room();
  }
  bool has_memory_for(std::size_t growth) const noexcept {
    return store_.size_in_memory() + growth <= options_.limit.document_size_max;
  }
  result<void> prepare(byte_view update, const struct limits& limit, sender_usage* by);
  bool is_sure_to_take(std::uint64_t steps) const;
  result<integration_outcome> integrate_or_restore(byte_view update, const struct limits& limit,
                                                   sender_usage* by, std::uint64_t steps);
  result<std::size_t> count_new_clients(const struct limits& limit, const sender_usage* by) const;
  bool brings_structs() const;
  void notify();

  doc_settings options_;
  struct_store store_;
  pending pending_;
  integrator integrator_{store_, pending_, options_.limit};
  transaction change_{store_};
  decoded_update decoded_;       // kept for its memory
  mutable byte_buffer encoded_;  // the whole state, format v1; empty: not known
  mutable bool is_asked_again_ = false;
  std::vector<std::pair<observer_id, observer>> observers_;
  observer_id next_observer_ = 1;
  phase phase_ = phase::idle;
};

/// Whether both know and have deleted the same, and as much waits in them. Linear in both.
bool holds_the_same(const doc& one, const doc& other);

}  // namespace troupe::crdt
