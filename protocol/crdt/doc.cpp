#include "protocol/crdt/doc.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "protocol/crdt/apply/encode_update.hpp"
#include "protocol/crdt/wire/simple_update.hpp"

namespace troupe::crdt {

namespace {

/// A larger list of decoded structs is freed after use.
constexpr std::size_t decoded_structs_kept = 4096;

}  // namespace

doc::doc(doc_settings options) : options_(options) {}

result<applied_update> doc::apply_update(byte_view update, update_format format) {
  TROUPE_CHECK(phase_ == phase::idle);
  applied_update applied;
  if (format == update_format::v1 && apply_simple(update, applied)) return applied;
  TROUPE_TRY(decode_update(update, format, options_.limit, decoded_));
  TROUPE_TRY(prepare(update));
  change_.clear();
  const integration_outcome outcome = integrator_.integrate(decoded_, change_);
  change_.commit(options_.gc);
  encoded_ = {};
  applied.leaves_gap = outcome.parked > 0 || leaves_gap();
  const bool is_canonical = decoded_.is_canonical;
  if (decoded_.structs.capacity() > decoded_structs_kept) decoded_ = {};
  applied.changed = change_.changed_anything();
  applied.is_verbatim = is_canonical && outcome.partial == 0 && outcome.known == 0 &&
                        outcome.parked == 0 && outcome.woken == 0;
  applied.has_parked = outcome.parked > 0;
  notify();
  return applied;
}

/// The fast path for what an editor sends per keystroke. False, without an effect, if the update is
/// anything else or would not take effect exactly as it is.
bool doc::apply_simple(byte_view update, applied_update& applied) {
  simple_update simple;
  const auto kind = simple.read(update, store_.clients());
  if (kind == simple_update::kind::other || !has_room_for(update)) return false;
  const client_index client = simple.client();
  if (kind == simple_update::kind::text) {
    const item_handle left = integrator_.find_place_alone(client, simple.text());
    if (left == none) return false;
    change_.clear();
    integrator_.place_alone(client, simple.text(), left, change_);
  } else {
    if (!integrator_.may_delete_alone(client, simple.deleted())) return false;
    change_.clear();
    integrator_.delete_alone(client, simple.deleted(), change_);
  }
  change_.commit(options_.gc);
  encoded_ = {};
  applied = {.changed = change_.changed_anything(),
             .is_verbatim = true,
             .leaves_gap = !store_.state_of(client).holes.empty()};
  notify();
  return true;
}

/// Whether anything is missing below the structs of decoded_, which have just been integrated.
bool doc::leaves_gap() const noexcept {
  return std::ranges::any_of(decoded_.blocks, [this](const client_block& block) {
    const std::vector<clock_range>& holes = store_.state_of(block.client).holes;
    return !holes.empty() &&
           holes.front().clock < decoded_.structs[block.first + block.count - 1].clock;
  });
}

bool doc::has_gap() const noexcept {
  if (!pending_.empty()) return true;
  for (client_index i = 0; i < store_.clients().size(); ++i)
    if (!store_.state_of(i).holes.empty()) return true;
  return false;
}

void doc::notify() {
  if (observers_.empty() || !change_.changed_anything()) return;
  const std::vector<type_change> changes = last_changes();
  phase_ = phase::notifying;
  for (const auto& [id, call] : observers_) call(changes);
  phase_ = phase::idle;
}

std::vector<type_change> doc::last_changes() const {
  TROUPE_CHECK(phase_ != phase::editing);
  return find_changes(store_, change_);
}

doc::observer_id doc::observe(observer call) {
  TROUPE_CHECK(phase_ != phase::notifying);
  observers_.emplace_back(next_observer_, std::move(call));
  return next_observer_++;
}

void doc::unobserve(observer_id id) {
  TROUPE_CHECK(phase_ != phase::notifying);
  std::erase_if(observers_, [id](const auto& each) { return each.first == id; });
}

result<std::vector<path_step>> doc::path_of(const type_ref& type) const {
  return find_path(store_, type);
}

/// Whether decoded_ fits into the document; the last step that can fail.
result<void> doc::prepare(byte_view update) {
  if (!has_room_for(update)) return fail(errc::update_too_large, "document is full");
  std::size_t new_clients = 0;
  for (const client_id id : decoded_.clients.ids())
    new_clients += store_.clients().find(id) == no_client;
  if (store_.clients().size() + new_clients >
      std::min(options_.limit.clients_max, client_count_max))
    return fail(errc::too_many_clients, "client ids of the document");
  // A waiting struct needs a few times its encoded size in memory; would_park() is worth its cost
  // only near the limit.
  const std::size_t might_wait = update.size() +
                                 decoded_.structs.size() * pending::struct_size_max +
                                 decoded_.deletes.size() * pending::delete_size;
  if (pending_.size() + might_wait > options_.limit.pending_size_max &&
      integrator_.would_park(decoded_))
    return fail(errc::pending_limit, "updates that wait for missing ones");
  integrator_.translate_clients(decoded_);
  return {};
}

byte_buffer doc::encode_last_change(update_format format) const {
  TROUPE_CHECK(phase_ != phase::editing);
  lib0::encoder out{256};
  encode_change(store_, change_, format, out);
  return out.take();
}

byte_buffer doc::encode_state_as_update(const class state_vector& from,
                                        update_format format) const {
  if (!from.empty() || format != update_format::v1) {
    lib0::encoder out{256};
    encode_state(store_, pending_, from, format, out);
    return out.take();
  }
  if (encoded_.empty()) {
    lib0::encoder out{store_.item_count() * 24 + 256};
    encode_state(store_, pending_, from, format, out);
    const std::size_t room = out.capacity();
    encoded_ = out.take();
    if (room - encoded_.size() > encoded_.size() / 8) encoded_.shrink_to_fit();
  }
  return encoded_;
}

std::vector<byte_buffer> doc::encode_state_in_pieces(const class state_vector& from,
                                                     const piece_sizes& sizes) const {
  const std::size_t whole_max = 2 * sizes.piece;
  std::vector<byte_buffer> updates;
  // A difference is mostly small, though the document is large.
  if (!from.empty() || store_.memory() <= whole_max) {
    updates.push_back(encode_state_as_update(from));
    if (updates.back().size() <= whole_max) return updates;
    updates.clear();
  }
  const std::vector<state_piece> pieces = plan_pieces(store_, from, sizes);
  if (pieces.size() <= 1) return {encode_state_as_update(from)};
  for (const state_piece& piece : pieces) {
    lib0::encoder out{sizes.piece + sizes.piece / 4};
    encode_piece(store_, piece, out);
    updates.push_back(out.take());
  }
  lib0::encoder out{256};
  encode_rest(store_, pending_, from, out);
  updates.push_back(out.take());
  return updates;
}

class state_vector doc::state_vector() const {
  class state_vector vector;
  const client_lookup& ids = store_.clients();
  for (client_index i = 0; i < ids.size(); ++i)
    if (store_.state_of(i).state() > 0) vector.add(ids.id(i), store_.state_of(i).state());
  vector.sort();
  return vector;
}

}  // namespace troupe::crdt
