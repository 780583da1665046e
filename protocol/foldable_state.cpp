#include "protocol/foldable_state.hpp"

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "protocol/crdt/wire/update_tools.hpp"
#include "protocol/state_version.hpp"

namespace troupe {

namespace {

/// In front of a delete set it makes an update without structs.
constexpr std::uint8_t no_structs = 0;
constexpr std::array<std::uint8_t, 2> empty_update{no_structs, 0};

/// Whether a document with the state vector `known` lacks no struct of one with the vector `of`.
bool covers(const crdt::state_vector& known, const crdt::state_vector& of) {
  return std::ranges::all_of(of.entries(), [&](const crdt::state_vector::entry& each) {
    return known.clock_of(each.client) >= each.clock;
  });
}

/// Equal hashes of other bytes would only make their sender's own update count as known.
hash128 hash_of(byte_view bytes) { return siphash128(bytes); }

}  // namespace

foldable_state::foldable_state(crdt::doc_settings settings)
    : settings_(settings), doc_(std::make_unique<crdt::doc>(settings)) {}

bool foldable_state::is_restored_by(byte_view whole) const {
  TROUPE_CHECK(!is_folded());
  crdt::doc restored{settings_};
  std::vector<crdt::repaired_struct> repaired;
  return restored.load_update(whole, repaired).has_value() && holds_the_same(restored, *doc_);
}

bool foldable_state::fold(shared_bytes whole) {
  if (is_folded() || doc_->pending_size() > 0) return false;
  if (whole.empty()) {
    whole = shared_bytes::copy_of(doc_->encode_state_as_update());
    if (!is_restored_by(whole.view())) return false;
  }
  auto folded = std::make_unique<folded_state>();
  folded->full = describe();
  folded->version = version_of(*doc_);
  folded->has_gap = has_gap();
  const crdt::state_vector vector = doc_->state_vector();
  folded->vector = shared_bytes::copy_of(vector.encode());
  // Of what is above a gap a state vector says nothing.
  if (!folded->has_gap) {
    const byte_buffer deletes = doc_->encode_state_as_update(vector);
    folded->deletes_size = deletes.size() - 1;
    folded->deletes_hash = hash_of(byte_view{deletes}.subspan(1));
  }
  folded->whole = packed_bytes{std::move(whole)};
  folded_ = std::move(folded);
  doc_.reset();
  return true;
}

std::unique_ptr<crdt::doc> foldable_state::decode() const {
  auto decoded = std::make_unique<crdt::doc>(settings_);
  const bool is_applied = folded_->whole.with([&](byte_view all) {
    std::vector<crdt::repaired_struct> repaired;  // of what was repaired before
    return decoded->load_update(all, repaired).has_value();
  });
  TROUPE_CHECK(is_applied);
  return decoded;
}

void foldable_state::unfold() const {
  doc_ = decode();
  folded_.reset();
}

bool foldable_state::knows_folded(byte_view update) const {
  if (!is_folded()) return false;
  if (std::ranges::equal(update, empty_update)) return true;
  return folded_->deletes_size > 0 && update.size() == folded_->deletes_size + 1 &&
         update.front() == no_structs && hash_of(update.subspan(1)) == folded_->deletes_hash;
}

byte_buffer foldable_state::encode_whole() const {
  return doc_ ? doc_->encode_state_as_update() : folded_->whole.copy();
}

byte_buffer foldable_state::encode_difference(const crdt::state_vector& from) const {
  if (doc_) return doc_->encode_state_as_update(from);
  if (from.empty()) return encode_whole();
  const auto vector = crdt::state_vector::decode(folded_->vector.view());
  TROUPE_CHECK(vector.has_value());
  return folded_->whole.with([&](byte_view all) {
    const byte_view deletes = all.last(folded_->deletes_size);
    if (!deletes.empty() && covers(from, *vector)) {
      byte_buffer update{no_structs};
      update.insert(update.end(), deletes.begin(), deletes.end());
      return update;
    }
    auto update = crdt::diff_update(all, from, crdt::update_format::v1,
                                    crdt::limits_of_stored(settings_.limit));
    TROUPE_CHECK(update.has_value());
    return *std::move(update);
  });
}

std::vector<byte_buffer> foldable_state::encode_in_pieces(const crdt::state_vector& from,
                                                          const crdt::piece_sizes& sizes) const {
  if (doc_) return doc_->encode_state_in_pieces(from, sizes);
  // The structs of a larger one are planned, for which it is decoded.
  std::vector<byte_buffer> updates;
  if (folded_->whole.size() <= sizes.piece || !from.empty()) {
    updates.push_back(encode_difference(from));
    if (updates.back().size() <= 2 * sizes.piece) return updates;
  }
  return decode()->encode_state_in_pieces(from, sizes);
}

byte_buffer foldable_state::encode_state_vector() const {
  if (doc_) return doc_->state_vector().encode();
  const byte_view vector = folded_->vector.view();
  return {vector.begin(), vector.end()};
}

std::string foldable_state::version() const { return doc_ ? version_of(*doc_) : folded_->version; }

foldable_state::figures foldable_state::describe() const noexcept {
  if (!doc_) return folded_->full;
  return {doc_->size_in_memory(), doc_->client_count(), doc_->pending_size(),
          doc_->is_nearly_full()};
}

}  // namespace troupe
