// What a node of the simulation does where all share one database. Functions of the class node.
#include <algorithm>
#include <utility>

#include "tests/property/cluster/node.hpp"

namespace troupe::simulation {

using namespace std::chrono_literals;

namespace {

constexpr milliseconds absence_max{15'000};
constexpr milliseconds retry_interval{500};
/// With more a checkpoint replaces them.
constexpr std::size_t checkpoint_rows = 12;

}  // namespace

// --- members ---

/// Says that this node is there, and looks who else is. One whose link is up is there, whatever the
/// database says.
void node::look_who_is_there() {
  if (!world_.reaches_database(index_)) return;
  const auto& self = members_.self();
  const auto own = std::ranges::find_if(shared_->nodes,
                                        [&](const auto& each) { return each.who.id == self.id; });
  if (own == shared_->nodes.end())
    shared_->nodes.push_back({{self.id, self.name, self.address}, world_.now()});
  else
    own->seen = world_.now();
  std::vector<cluster::member> present;
  for (const auto& each : shared_->nodes)
    if (is_linked(each.who.id) || world_.now() - each.seen < absence_max)
      present.push_back(each.who);
  for (const cluster::member& each : members_.peers())
    if (is_linked(each.id)) present.push_back(each);
  members_.on_present(std::move(present));
  look_at_members();
}

void node::leave_database() {
  if (!world_.reaches_database(index_)) return;
  if (is_doubtful_done()) take_committed(std::exchange(doubtful_, 0));
  commit_now(writes_.size());
  take_committed(writes_.size());
  std::erase_if(shared_->nodes,
                [&](const auto& each) { return each.who.id == members_.self().id; });
}

// --- documents ---

bool node::load_shared(open_document& of) {
  if (!world_.reaches_database(index_)) return false;
  of.known_before = world_.known(of.name);
  of.log.share_log();
  storage::stored_document stored;
  const auto at = shared_->documents.find(of.name);
  if (at != shared_->documents.end()) {
    if (is_removed(at->second.generation)) return false;
    of.generation = at->second.generation;
    stored.last = at->second.last;
    of.parked = at->second.all();
    apply_parked(of.state, of.parked);
  }
  of.log.load(stored);
  of.shared.emplace();
  of.shared->begin(stored.last, at == shared_->documents.end() ? 0 : at->second.checkpoints,
                   world_.now());
  return true;
}

/// What other nodes have written, or this one in their place.
void node::note_written(open_document& of, const shared_slice& update, bool is_of_peer) {
  if (is_of_peer) {
    of.log.note_foreign();
    of.peers.on_written(of.log.last(), {});
  } else {
    of.log.append(update);
    of.peers.on_written(of.log.last(), update);
    of.shared->on_own(of.log.last(), world_.now());
  }
  if (!of.parked.empty()) apply_parked(of.state, of.parked);
}

void node::settle(open_document& of) {
  const cluster::state_number first = of.log.last() + 1;
  for (const shared_slice& each : of.shared->to_take_over(world_.now(), stores_)) {
    world_.trace(index_, "writes for others in " + of.name);
    note_written(of, each, false);
  }
  of.shared->on_taken_over(first, world_.now(), stores_);
  const auto settled = of.shared->settled(of.log.last());
  of.log.expect(1, {durability::local_store});
  of.log.on_stored(durability::local_store, settled);
  of.peers.on_durable(settled);
  const auto said = of.shared->logged(of.peers.life(), of.log.last());
  for (const cluster::peer_id each : of.peers.take_new_users()) {
    show_all(of, each);
    of.peers.send_to(each, said);
  }
  if (said.up_to != of.said.up_to || said.whole != of.said.whole) of.peers.send_to_users(said);
  of.said = said;
}

void node::look_at_log(open_document& of) {
  of.shared->begin_look(world_.now());
  if (of.shared->is_look_awaited()) of.known_before = world_.known(of.name);
  const auto to_open = [this, name = of.name,
                        life = of.peers.life()](std::function<void(open_document&)> what) {
    const auto at = documents_.find(name);
    if (at != documents_.end() && at->second->peers.life() == life)
      push(at->second, std::move(what));
  };
  world_.after(soon(8), index_, [this, name = of.name, to_open] {
    if (!world_.reaches_database(index_))
      return to_open([](open_document& doc) { doc.shared->on_look_failed(); });
    const auto at = shared_->documents.find(name);
    const auto news = std::make_shared<shared_document>();
    if (at != shared_->documents.end()) *news = at->second;
    world_.after(soon(8), index_, [this, to_open, news] {
      to_open([this, news](open_document& doc) { take_news(doc, *news); });
    });
  });
}

void node::take_news(open_document& doc, const shared_document& news) {
  if (news.generation != 0 && std::max(news.generation, first_life) != doc.generation)
    return fail(document_ptr{documents_.at(doc.name)});
  const cluster::log_number known = doc.shared->known();
  std::vector<byte_buffer> updates;
  if (doc.shared->checkpoint() != news.checkpoints) {
    updates = news.all();
  } else {
    for (const shared_row& each : news.rows)
      if (each.number > known && each.origin != doc.peers.life()) updates.push_back(each.update);
  }
  for (byte_buffer& each : updates) {
    doc.shared->on_read(each);
    const auto outcome = doc.state.apply(each);
    if (outcome == set_document::outcome::gap) doc.parked.push_back(std::move(each));
    if (outcome == set_document::outcome::changed) note_written(doc, {}, true);
  }
  const bool was_awaited = doc.shared->is_awaited_now();
  doc.shared->on_looked(news.last, news.checkpoints, true, world_.now());
  if (was_awaited) world_.on_loaded(index_, doc.name, doc.state, doc.generation, doc.known_before);
  if (news.last - news.covers > checkpoint_rows && doc.parked.empty() && !doc.is_checkpointing) {
    doc.is_checkpointing = true;
    writes_.push_back({doc.name,
                       doc.peers.life(),
                       doc.shared->known(),
                       {},
                       doc.state.whole_difference({}),
                       doc.generation});
    sync();
  }
}

/// One of this node, whatever it is open for, or that another has told of.
void node::change_shared_generation(const std::string& document) {
  if (!world_.reaches_database(index_)) return;
  const std::uint64_t next = std::max(generation(document), first_life) + 1;
  world_.trace(index_, "makes " + std::to_string(next) + " the generation of " + document);
  if (const auto at = documents_.find(document); at != documents_.end())
    fail(document_ptr{at->second});
  shared_document& of = shared_->documents[document];
  of = {};
  of.generation = next;
  world_.on_generation(document, next);
  send_alone(document, cluster::peer_generation{next});
}

bool node::take_shared_generation(const cluster::document_block& block) {
  if (block.life != 0 || block.messages.size() != 1) return false;
  if (!std::holds_alternative<cluster::peer_generation>(block.messages.front())) return false;
  if (const auto at = documents_.find(block.document);
      at != documents_.end() && at->second->has_begun)
    push(at->second, [](open_document& of) { of.shared->want_look(); });
  return true;
}

// --- the database ---

void node::commit() {
  if (writes_.empty() || std::exchange(is_syncing_, true)) return;
  const milliseconds takes = disk_.is_slow ? 500ms + soon(1'500) : 1ms + soon(8);
  const auto fail_later = [this] {
    stores_ = false;
    world_.after(retry_interval, index_, [this] {
      is_syncing_ = false;
      commit();
    });
  };
  world_.after(takes, index_, [this, fail_later] {
    if (!world_.reaches_database(index_)) return fail_later();
    if (!is_doubtful_done()) {
      doubtful_ = writes_.size();
      commit_now(doubtful_);
    }
    const std::uint64_t start = shared_->starts;
    world_.after(soon(10), index_, [this, fail_later, start] {
      // Whether it is there is not known then.
      if (!world_.reaches_database(index_) || shared_->starts != start) return fail_later();
      stores_ = true;
      is_syncing_ = false;
      take_committed(std::exchange(doubtful_, 0));
      commit();
    });
  });
}

/// Whether the batch of which that was not known is there.
bool node::is_doubtful_done() {
  return doubtful_ > 0 && shared_->batches[members_.self().id].number == batch_ + 1;
}

void node::commit_now(std::size_t count) {
  database::committed_batch& batch = shared_->batches[members_.self().id];
  batch = {batch_ + 1, {}};
  for (std::size_t i = 0; i < count; ++i) {
    const store_write& each = writes_[i];
    shared_document& to = shared_->documents[each.document];
    if (is_removed(to.generation) || std::max(to.generation, first_life) != each.generation) {
      batch.refused.insert(i);
      continue;
    }
    to.generation = each.generation;
    if (each.checkpoint) {
      if (each.first < to.covers) continue;
      to.checkpoint = *each.checkpoint;
      ++to.checkpoints;
      to.dropped = to.covers;
      to.covers = each.first;
      std::erase_if(to.rows, [&](const shared_row& row) { return row.number <= to.dropped; });
      continue;
    }
    for (const byte_buffer& update : each.updates)
      to.rows.push_back({++to.last, each.life, update});
  }
}

/// The first of what waits is there, or was refused.
void node::take_committed(std::size_t count) {
  const auto refused = shared_->batches[members_.self().id].refused;
  ++batch_;
  std::vector<store_write> done{
      std::make_move_iterator(writes_.begin()),
      std::make_move_iterator(writes_.begin() + static_cast<std::ptrdiff_t>(count))};
  writes_.erase(writes_.begin(), writes_.begin() + static_cast<std::ptrdiff_t>(count));
  for (std::size_t i = 0; i < done.size(); ++i) {
    const auto at = documents_.find(done[i].document);
    if (at == documents_.end() || at->second->peers.life() != done[i].life) continue;
    if (refused.contains(i)) {
      fail(document_ptr{at->second});
      continue;
    }
    if (done[i].checkpoint)
      push(at->second, [](open_document& of) { of.is_checkpointing = false; });
    else
      push(at->second, [up_to = done[i].first](open_document& of) { of.shared->on_stored(up_to); });
  }
}

}  // namespace troupe::simulation
