#include "protocol/crdt/doc.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/check.hpp"
#include "protocol/crdt/apply/encode_update.hpp"
#include "protocol/crdt/wire/simple_update.hpp"
#include "protocol/crdt/wire/value_update.hpp"

namespace troupe::crdt {

namespace {

/// A larger list of decoded structs is freed after use.
constexpr std::size_t decoded_structs_kept = 4096;

}  // namespace

doc::doc(doc_settings options) : options_(options) {}

result<applied_update> doc::apply_update(byte_view update, update_format format,
                                         std::uint64_t steps_for_now) {
  return apply_foreign(update, format, nullptr, steps_for_now);
}

result<applied_update> doc::apply_update(byte_view update, sender_usage& by,
                                         std::uint64_t steps_for_now) {
  return apply_foreign(update, update_format::v1, &by, steps_for_now);
}

/// Applies what a client sent.
result<applied_update> doc::apply_foreign(byte_view update, update_format format, sender_usage* by,
                                          std::uint64_t steps_for_now) {
  TROUPE_CHECK(phase_ == phase::idle);
  applied_update applied;
  if (format == update_format::v1 &&
      (apply_simple(update, steps_for_now, applied) || apply_values(update, applied)))
    return applied;
  if (auto decoded = decode_update(update, format, options_.limit, decoded_); !decoded)
    return tl::unexpected(with_limit(std::move(decoded).error(), options_.limit));
  if (needs_more(steps_for_now)) return applied_update{.is_deferred = true};
  return apply_decoded(update, options_.limit, by, steps_for_now);
}

result<applied_update> doc::load_update(byte_view update, std::vector<repaired_struct>& repaired) {
  TROUPE_CHECK(phase_ == phase::idle);
  const struct limits limit = limits_of_stored(options_.limit);
  TROUPE_TRY(decode_update(update, update_format::v1, limit, decoded_));
  repaired.insert(repaired.end(), decoded_.repaired.begin(), decoded_.repaired.end());
  return apply_decoded(update, limit, nullptr, unlimited_steps);
}

/// Whether applying decoded_ might take more steps.
bool doc::needs_more(std::uint64_t steps) const {
  return steps != unlimited_steps && quick_work_bound(store_, decoded_).all() > steps &&
         find_work_bound(store_, decoded_).all() > steps;
}

/// Applies decoded_, which is known to take no more than `steps`.
result<applied_update> doc::apply_decoded(byte_view update, const struct limits& limit,
                                          sender_usage* by, std::uint64_t steps) {
  TROUPE_ASSIGN(const integration_outcome outcome, integrate_or_restore(update, limit, by, steps));
  change_.commit(options_.gc);
  forget_encoded_state();
  applied_update applied;
  applied.leaves_gap = outcome.parked > 0 || leaves_gap();
  const bool is_canonical = decoded_.is_canonical;
  if (decoded_.structs.capacity() > decoded_structs_kept) decoded_ = {};
  applied.changed = change_.changed_anything();
  applied.is_verbatim = is_canonical && outcome.partial == 0 && outcome.known == 0 &&
                        outcome.parked == 0 && outcome.woken == 0;
  applied.has_parked = outcome.parked > 0;
  applied.ended_waiting = outcome.woken > 0;
  notify();
  return applied;
}

/// Integrates decoded_. An update that might turn out too complex begins with a copy of the
/// document, which takes its place if it does.
result<integration_outcome> doc::integrate_or_restore(byte_view update, const struct limits& limit,
                                                      sender_usage* by, std::uint64_t steps) {
  const std::uint64_t most = limit.update_steps_max;
  const bool is_harmless = steps <= most || is_sure_to_take(most);
  std::optional<struct_store> store;
  std::optional<pending> waiting;
  if (!is_harmless) {
    store.emplace(store_);
    waiting.emplace(pending_);
  }
  const sender_usage used = by == nullptr ? sender_usage{} : *by;
  TROUPE_TRY(prepare(update, limit, by));
  change_.clear();
  const integration_outcome outcome =
      integrator_.integrate(decoded_, change_, is_harmless ? unlimited_steps : most);
  if (!integrator_.is_over()) return outcome;
  store_ = std::move(*store);
  pending_ = std::move(*waiting);
  integrator_.reset();
  change_.clear();
  decoded_ = {};
  if (by != nullptr) *by = used;
  return fail(errc::too_complex, "more than " + std::to_string(most) + " steps of searching");
}

/// Whether decoded_ is sure to take no more steps of searching.
bool doc::is_sure_to_take(std::uint64_t steps) const {
  if (quick_work_bound(store_, decoded_).structs <= steps) return true;
  // Where the update is much larger than the document, a copy costs less than a closer look.
  constexpr std::size_t looks_per_copied = 2;
  return store_.item_count() > decoded_.structs.size() / looks_per_copied &&
         find_work_bound(store_, decoded_).structs <= steps;
}

/// The fast path for what an editor sends per keystroke. False, without an effect, if the update is
/// anything else or would not take effect exactly as it is.
bool doc::apply_simple(byte_view update, std::uint64_t steps_for_now, applied_update& applied) {
  simple_update simple;
  const auto kind = simple.read(update, store_.clients());
  if (kind == simple_update::kind::other || !has_room_for(update)) return false;
  const client_index client = simple.client();
  if (kind == simple_update::kind::text) {
    if (!has_memory_for(struct_store::size_of_structs(1) + update.size())) return false;
    const item_handle left = integrator_.find_place_alone(client, simple.text());
    if (left == none) return false;
    change_.clear();
    integrator_.place_alone(client, simple.text(), left, change_);
  } else {
    if (store_.item_count() > steps_for_now / steps_per_deleted ||
        !integrator_.may_delete_alone(client, simple.deleted()))
      return false;
    change_.clear();
    integrator_.delete_alone(client, simple.deleted(), change_);
  }
  change_.commit(options_.gc);
  forget_encoded_state();
  applied = {.changed = change_.changed_anything(),
             .is_verbatim = true,
             .leaves_gap = !store_.state_of(client).holes.empty()};
  notify();
  return true;
}

/// The fast path for what an application sends per step: values that replace others, or stand
/// behind them. False, without an effect, if the update is anything else or would not take effect
/// exactly as it is.
bool doc::apply_values(byte_view update, applied_update& applied) {
  if (!value_update::may_be(update)) return false;
  value_update values;
  std::array<item_handle, value_update::values_max> places;
  if (!values.read(update, store_.clients()) || !has_room_for(update) ||
      !has_memory_for(struct_store::size_of_structs(values.values().size()) + update.size()) ||
      !integrator_.find_places_alone(values, places))
    return false;
  change_.clear();
  integrator_.place_alone(values, places, change_);
  change_.commit(options_.gc);
  forget_encoded_state();
  applied = {.changed = true,
             .is_verbatim = true,
             .leaves_gap = !store_.state_of(values.client()).holes.empty()};
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
result<void> doc::prepare(byte_view update, const struct limits& limit, sender_usage* by) {
  if (!has_room_for(update)) return fail(errc::update_too_large, "document is full");
  TROUPE_ASSIGN(const std::size_t new_clients, count_new_clients(limit, by));
  const std::size_t growth = struct_store::size_of_structs(decoded_.structs.size()) +
                             struct_store::size_of_clients(new_clients) + update.size();
  if (store_.size_in_memory() + growth > limit.document_size_max && brings_structs())
    return fail(errc::document_full, "limits.max_document_size is " +
                                         std::to_string(limit.document_size_max) +
                                         " bytes; contents can only be deleted");
  // A waiting struct needs a few times its encoded size in memory; would_park() is worth its cost
  // only near the limit.
  const std::size_t might_wait = update.size() +
                                 decoded_.structs.size() * pending::struct_size_max +
                                 decoded_.deletes.size() * pending::delete_size;
  if (pending_.size() + might_wait > limit.pending_size_max && integrator_.would_park(decoded_))
    return fail(errc::pending_limit, "updates that wait for missing ones");
  if (by != nullptr) by->new_clients += new_clients;
  integrator_.translate_clients(decoded_);
  return {};
}

/// The client ids of decoded_ that the document does not know, if it may take them.
result<std::size_t> doc::count_new_clients(const struct limits& limit,
                                           const sender_usage* by) const {
  std::size_t count = 0;
  for (const client_id id : decoded_.clients.ids()) count += store_.clients().find(id) == no_client;
  const std::size_t all = store_.clients().size() + count;
  const std::size_t all_max = clients_max(limit);
  if (all > all_max)
    return fail(errc::too_many_clients,
                "client ids of the document, limits.max_client_ids is " + std::to_string(all_max));
  if (by != nullptr && count > 0 && all > nearly_full(all_max) &&
      by->new_clients + count > limit.new_clients_max)
    return fail(errc::too_many_clients, "new client ids of one sender, limits.max_new_client_ids "
                                        "of a document that is nearly full of them is " +
                                            std::to_string(limit.new_clients_max));
  return count;
}

/// Whether decoded_ has structs that the document does not know. Linear in them.
bool doc::brings_structs() const {
  std::vector<clock_range> unknown;
  return std::ranges::any_of(decoded_.blocks, [&](const client_block& block) {
    const client_index client = store_.clients().find(decoded_.clients.id(block.client));
    if (client == no_client) return true;
    const auto structs = std::span{decoded_.structs}.subspan(block.first, block.count);
    return std::ranges::any_of(structs, [&](const struct_view& view) {
      store_.find_unknown(client, {view.clock, view.length}, unknown);
      return !unknown.empty();
    });
  });
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
  if (!encoded_.empty()) return encoded_;
  lib0::encoder out{likely_state_size(store_)};
  encode_state(store_, pending_, from, format, out);
  const std::size_t room = out.capacity();
  byte_buffer state = out.take();
  if (room - state.size() > state.size() / 8) state.shrink_to_fit();
  // Whoever asks once mostly does not ask again before the next change.
  if (std::exchange(is_asked_again_, true)) encoded_ = state;
  return state;
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

bool holds_the_same(const doc& one, const doc& other) {
  return one.snapshot() == other.snapshot() && one.pending_size() == other.pending_size();
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
