// Whatever the network does, documents that have seen the same updates are equal.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <deque>
#include <memory>

#include "protocol/crdt/store/check_invariants.hpp"
#include "tests/support/editing_client.hpp"

namespace troupe::convergence_test {

using test::editing_client;

namespace {

/// Clients that edit and a network between them that delays, reorders, repeats and loses updates.
class unreliable_network {
 public:
  unreliable_network(unsigned seed, std::size_t size) : random_(seed) {
    // Ids of every width the wire knows, in an order that differs from that of the clients.
    const crdt::client_id ids[] = {77, 5, (std::uint64_t{1} << 52) + 3, 4'000'000'000, 300};
    for (std::size_t i = 0; i < size; ++i) {
      clients_.push_back(std::make_unique<editing_client>(ids[i]));
      inboxes_.emplace_back();
    }
  }

  void run(std::size_t steps) {
    for (std::size_t step = 0; step < steps; ++step) {
      const std::size_t who = random_() % clients_.size();
      if (random_() % 2 == 0)
        post(who, clients_[who]->edit_randomly(random_));
      else
        deliver_one(who);
      crdt::check_invariants(clients_[who]->doc.contents());
    }
  }

  /// What a reconnect does: both sides exchange what the other's state vector misses, deletions
  /// included.
  void resync_all() {
    for (std::size_t round = 0; round < 2; ++round)
      for (auto& a : clients_)
        for (auto& b : clients_) {
          if (a == b) continue;
          REQUIRE(b->doc.apply_update(a->doc.encode_state_as_update(b->doc.state_vector())));
        }
  }

  const std::vector<std::unique_ptr<editing_client>>& clients() const { return clients_; }

 private:
  void post(std::size_t from, const byte_buffer& update) {
    for (std::size_t to = 0; to < clients_.size(); ++to) {
      if (to == from) continue;
      if (random_() % 10 == 0) continue;  // lost
      inboxes_[to].push_back(update);
      if (random_() % 10 == 0) inboxes_[to].push_back(update);  // repeated
    }
  }

  void deliver_one(std::size_t to) {
    auto& inbox = inboxes_[to];
    if (inbox.empty()) return;
    const auto picked = inbox.begin() + static_cast<std::ptrdiff_t>(random_() % inbox.size());
    const byte_buffer update = std::move(*picked);
    inbox.erase(picked);
    const auto applied = clients_[to]->doc.apply_update(update);
    if (!applied) FAIL(to_string(applied.error()));
  }

  std::mt19937 random_;
  std::vector<std::unique_ptr<editing_client>> clients_;
  std::vector<std::deque<byte_buffer>> inboxes_;
};

}  // namespace

TEST_CASE("documents converge over a network that reorders, repeats and loses updates",
          "[crdt][property]") {
  const unsigned seed = GENERATE(Catch::Generators::range(1u, 201u));
  INFO("seed " << seed);
  unreliable_network network{seed, 2 + seed % 4};
  network.run(150);
  network.resync_all();
  const std::string expected = test::normal_form(network.clients()[0]->doc);
  for (const auto& client : network.clients()) {
    crdt::check_invariants(client->doc.contents());
    CHECK(client->doc.pending_size() == 0);
    CHECK(client->doc.state_vector() == network.clients()[0]->doc.state_vector());
    REQUIRE(test::normal_form(client->doc) == expected);
  }
}

TEST_CASE("any order of delivery gives the same document, and nothing is left waiting",
          "[crdt][property]") {
  const unsigned seed = GENERATE(Catch::Generators::range(1u, 101u));
  INFO("seed " << seed);
  std::mt19937 random{seed};
  editing_client first{10}, second{9};
  std::vector<byte_buffer> updates;
  for (int i = 0; i < 60; ++i) {
    editing_client& who = random() % 2 == 0 ? first : second;
    updates.push_back(who.edit_randomly(random));
    if (random() % 3 == 0)
      REQUIRE((&who == &first ? second : first).doc.apply_update(updates.back()));
  }
  crdt::doc in_order;
  for (const byte_buffer& update : updates) REQUIRE(in_order.apply_update(update));
  const std::string expected = test::normal_form(in_order);
  for (int round = 0; round < 3; ++round) {
    std::shuffle(updates.begin(), updates.end(), random);
    crdt::doc shuffled;
    for (const byte_buffer& update : updates) {
      REQUIRE(shuffled.apply_update(update));
      crdt::check_invariants(shuffled.contents());
    }
    CHECK(shuffled.pending_size() == 0);
    REQUIRE(test::normal_form(shuffled) == expected);
  }
}

TEST_CASE("a relay that passes on only what changed keeps its peers equal to itself",
          "[crdt][property]") {
  const unsigned seed = GENERATE(Catch::Generators::range(1u, 101u));
  INFO("seed " << seed);
  std::mt19937 random{seed};
  editing_client author{21};
  crdt::doc relay, watcher;
  std::vector<byte_buffer> updates;
  for (int i = 0; i < 50; ++i) updates.push_back(author.edit_randomly(random));
  // Neighbours swap places, some come twice, some come as one state instead.
  for (std::size_t i = 1; i < updates.size(); ++i)
    if (random() % 3 == 0) std::swap(updates[i - 1], updates[i]);
  for (std::size_t i = 0; i < updates.size(); ++i) {
    if (random() % 8 == 0) updates.push_back(updates[i]);
    const auto applied = relay.apply_update(updates[i]);
    REQUIRE(applied);
    if (!applied->changed) continue;
    const auto passed =
        watcher.apply_update(applied->is_verbatim ? updates[i] : relay.encode_last_change());
    REQUIRE(passed);
    CHECK_FALSE(passed->has_parked);
    REQUIRE(watcher.state_vector() == relay.state_vector());
    REQUIRE(watcher.text("text") == relay.text("text"));
    REQUIRE(watcher.array_json("array") == relay.array_json("array"));
    if (updates.size() > 120) break;
  }
  CHECK(test::normal_form(watcher) == test::normal_form(relay));
}

TEST_CASE("a document that lives on through its encoded state loses nothing, not even what waits",
          "[crdt][property]") {
  const unsigned seed = GENERATE(Catch::Generators::range(1u, 101u));
  INFO("seed " << seed);
  std::mt19937 random{seed};
  editing_client author{31};
  std::vector<byte_buffer> updates;
  for (int i = 0; i < 40; ++i) updates.push_back(author.edit_randomly(random));
  std::shuffle(updates.begin(), updates.end(), random);
  auto kept = std::make_unique<crdt::doc>();
  for (const byte_buffer& update : updates) {
    REQUIRE(kept->apply_update(update));
    if (random() % 4 != 0) continue;
    auto reloaded = std::make_unique<crdt::doc>();
    REQUIRE(reloaded->apply_update(kept->encode_state_as_update()));
    crdt::check_invariants(reloaded->contents());
    kept = std::move(reloaded);
  }
  CHECK(kept->pending_size() == 0);
  REQUIRE(test::normal_form(*kept) == test::normal_form(author.doc));
}

}  // namespace troupe::convergence_test
