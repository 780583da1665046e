// A replica core with a state and a clock of its own, and what it says to its peers.
#pragma once

#include <algorithm>
#include <chrono>
#include <variant>
#include <vector>

#include "protocol/cluster/replica.hpp"
#include "tests/property/cluster/set_document.hpp"

namespace troupe::test {

using namespace troupe::cluster;
using namespace std::chrono_literals;
using simulation::set_document;

inline constexpr replica_life life_here = 7;
inline constexpr replica_life life_there = 8;

inline document_placement placement_of(std::vector<peer_id> keepers) {
  document_placement where;
  where.list = 1;
  where.keepers = keepers;
  where.asked = std::move(keepers);
  where.write_acks = 2;
  where.answers_needed = 1;
  return where;
}

inline shared_slice slice(const byte_buffer& bytes) { return shared_bytes::copy_of(bytes); }

/// A replica with its state, which numbers what it writes, and a clock.
struct replica_bed {
  explicit replica_bed(document_placement where = placement_of({1, 2}))
      : core({.life = life_here}, std::move(where)) {}

  void begin(std::vector<peer_id> up = {1, 2}) {
    core.begin(state, 0, now);
    for (const peer_id each : up) core.on_up(each, state, now);
    core.take_blocks();
  }
  void edit() {
    const byte_buffer update = set_document::insertion({100, clock++});
    state.apply(update);
    core.on_written(++number, slice(update));
  }
  /// Something of another client, from a peer.
  byte_buffer foreign() { return set_document::insertion({200, foreign_clock++}); }

  void hear(peer_id from, const document_message& message, replica_life life = life_there,
            std::uint64_t list = 1) {
    core.on_life(from, life, list, state, now);
    core.on_message(from, peer_generation{2}, state, now);
    const shared_slice* const update = replica::update_of(message);
    if (update == nullptr) return core.on_message(from, message, state, now);
    bool worked = true;
    if (!update->empty()) {
      const auto outcome = state.apply(update->view());
      worked = outcome != set_document::outcome::gap;
      if (outcome == set_document::outcome::changed) core.on_written(++number, {});
    }
    core.on_applied(from, message, worked, state, now);
  }

  /// What this turn has for a peer.
  std::vector<document_message> said(peer_id to) {
    std::vector<document_message> all;
    for (replica::block& each : core.take_blocks())
      if (std::ranges::find(each.to, to) != each.to.end())
        all.insert(all.end(), each.messages.begin(), each.messages.end());
    return all;
  }

  peer_stored everything() const { return {life_here, number, number}; }

  set_document state;
  replica core;
  replica::time_point now{1h};
  state_number number = 0;
  std::uint64_t clock = 0;
  std::uint64_t foreign_clock = 0;
};

template <class Message>
std::vector<Message> only(const std::vector<document_message>& all) {
  std::vector<Message> some;
  for (const document_message& each : all)
    if (const auto* const one = std::get_if<Message>(&each)) some.push_back(*one);
  return some;
}

template <class Message>
std::size_t count(const std::vector<document_message>& all) {
  return only<Message>(all).size();
}

inline state_number stored(const replica& core, peer_id keeper) {
  for (const auto& each : core.confirmations())
    if (each.keeper == keeper) return each.stored;
  return 0;
}
inline state_number whole(const replica& core, peer_id keeper) {
  for (const auto& each : core.confirmations())
    if (each.keeper == keeper) return each.whole;
  return 0;
}

}  // namespace troupe::test
