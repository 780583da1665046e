// The Yjs state of a document, decoded or folded. Decoded, it is a crdt::doc, which takes updates.
// Folded, it is the encoded state alone, compressed where that saves, with what is asked for often
// beside it. A folded state answers syncs from its bytes; whatever needs the structs decodes it
// again, and it stays decoded until the next fold(). Both give the same answers.
//
// Nothing waits in a folded state: fold() refuses while updates wait for missing ones. Owner: a
// hosted_document; one thread at a time, readers too. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/packed_bytes.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/siphash.hpp"

namespace troupe {

class foldable_state {
 public:
  /// How full the document is; see crdt::doc.
  struct figures {
    std::size_t size_in_memory = 0;
    std::size_t client_count = 0;
    std::size_t pending_size = 0;
    bool is_nearly_full = false;
  };

  explicit foldable_state(crdt::doc_settings settings);

  bool is_folded() const noexcept { return doc_ == nullptr; }

  /// Decodes a folded state: some nanoseconds a byte, and as many as a load takes.
  crdt::doc& decoded() {
    if (is_folded()) unfold();
    return *doc_;
  }
  const crdt::doc& decoded() const {
    if (is_folded()) unfold();
    return *doc_;
  }

  /// Whether a document that loads these bytes is in the same state. Cost: that of a load.
  /// Requires: the state is decoded.
  bool is_restored_by(byte_view whole) const;

  /// Keeps only the encoded state. `whole`: that is it, of this moment, and is_restored_by();
  /// empty: it is encoded and checked here. Returns false, and nothing has happened, while anything
  /// waits, if it is folded already, or if its bytes would not restore it.
  bool fold(shared_bytes whole = {});

  /// Whether the state is folded and an update is sure to change nothing in it: an empty one, or
  /// just the deletions that a document equal to this one has. Clients answer so when they join.
  /// Cost: linear in the update.
  bool knows_folded(byte_view update) const;

  /// As the functions of crdt::doc.
  byte_buffer encode_whole() const;
  byte_buffer encode_difference(const crdt::state_vector& from) const;
  std::vector<byte_buffer> encode_in_pieces(const crdt::state_vector& from,
                                            const crdt::piece_sizes& sizes = {}) const;
  byte_buffer encode_state_vector() const;
  figures describe() const noexcept;
  /// As version_of() (state_version.hpp).
  std::string version() const;
  bool has_gap() const noexcept { return doc_ ? doc_->has_gap() : folded_->has_gap; }
  std::size_t pending_size() const noexcept { return doc_ ? doc_->pending_size() : 0; }
  std::size_t item_count() const noexcept { return doc_ ? doc_->item_count() : 0; }

  /// Frees what a decoded state keeps for growth, and its encoded state.
  void shrink() {
    if (doc_) doc_->shrink();
  }
  void forget_encoded() const noexcept {
    if (doc_) doc_->forget_encoded_state();
  }

  /// Bytes that a folded state takes; 0: it is decoded.
  std::size_t folded_size() const noexcept { return folded_ ? folded_->whole.kept_size() : 0; }

 private:
  struct folded_state {
    packed_bytes whole;  // the encoded state
    bool has_gap = false;
    std::size_t deletes_size = 0;  // its last bytes, which are the delete set; 0: not known
    hash128 deletes_hash;
    shared_bytes vector;  // the encoded state vector
    std::string version;
    figures full;
  };

  void unfold() const;
  std::unique_ptr<crdt::doc> decode() const;

  crdt::doc_settings settings_;
  // Exactly one of them is there. A reader may decode.
  mutable std::unique_ptr<crdt::doc> doc_;
  mutable std::unique_ptr<folded_state> folded_;
};

}  // namespace troupe
