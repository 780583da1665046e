#include "actors/durability.hpp"

namespace troupe {

namespace {

/// The bytes of an effect, shared with the event they came with where they are a part of it.
shared_slice share(const effect_bytes& bytes, const shared_bytes& event_bytes) {
  const byte_view part = bytes.view();
  const byte_view whole = event_bytes.view();
  const bool is_part = !part.empty() && !whole.empty() && part.data() >= whole.data() &&
                       part.data() + part.size() <= whole.data() + whole.size();
  if (is_part)
    return {event_bytes, static_cast<std::size_t>(part.data() - whole.data()), part.size()};
  return shared_bytes::copy_of(part);
}

}  // namespace

void durability::add(const document_effects::storage_write& write, const shared_bytes& event_bytes,
                     std::size_t credit_bytes) {
  if (!write.update.empty()) {
    if (is_shared_ && write.from.kind == origin_kind::peer)
      note_foreign();
    else
      append(share(write.update, event_bytes));
  }
  // Peers learn what is durable here, from the replica core.
  if (write.from.kind == origin_kind::peer) return;
  unconfirmed waiting;
  waiting.from = write.from;
  waiting.in = write.in;
  waiting.credit_bytes = credit_bytes;
  waiting.needs_whole = write.update.empty();
  if (write.confirmation) {
    waiting.has_confirmation = true;
    waiting.acknowledged = write.confirmation->count;
    waiting.change = share(write.confirmation->body, event_bytes);
    waiting.message_id = share(write.confirmation->extra, event_bytes);
  }
  await(std::move(waiting));
}

void durability::expect(std::size_t confirmations_needed, std::vector<keeper_id> keepers) {
  confirmations_needed_ = std::max<std::size_t>(confirmations_needed, 1);
  if (counted_.empty()) confirmed_ = confirmed_whole_ = 0;
  counted_ = std::move(keepers);
  advance_confirmed();
}

void durability::on_stored(keeper_id by, storage::sequence up_to, storage::sequence whole) {
  up_to = std::min(up_to, last_);  // a keeper cannot have what was not sent
  whole = std::min(whole, up_to);
  if (by == local_store) stored_here_ = std::max(stored_here_, up_to);
  const auto known = std::ranges::find(keepers_, by, &keeper::id);
  if (known == keepers_.end()) {
    keepers_.push_back({by, up_to, whole});
  } else {
    known->stored = std::max(known->stored, up_to);
    known->whole = std::max(known->whole, whole);
  }
  advance_confirmed();
}

void durability::advance_confirmed() {
  raise(confirmed_, &keeper::stored);
  raise(confirmed_whole_, &keeper::whole);
}

/// The highest number that as many keepers as needed have reached. They are few.
void durability::raise(storage::sequence& confirmed, storage::sequence keeper::*of) const {
  for (const keeper& candidate : keepers_) {
    if (!counts(candidate.id)) continue;
    const auto reached = std::ranges::count_if(
        keepers_, [&](const keeper& each) { return counts(each.id) && each.*of >= candidate.*of; });
    if (static_cast<std::size_t>(reached) >= confirmations_needed_)
      confirmed = std::max(confirmed, candidate.*of);
  }
}

}  // namespace troupe
