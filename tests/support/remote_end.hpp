// The other end of a link between two nodes, played by the test: it numbers and acknowledges as
// that of a node does.
#pragma once

#include <deque>
#include <variant>
#include <vector>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "actors/interfaces.hpp"
#include "protocol/cluster/link.hpp"
#include "protocol/cluster/peer_codec.hpp"

namespace troupe::test {

class remote_end {
 public:
  static constexpr std::chrono::seconds patience{10};

  explicit remote_end(caf::actor_system& system, cluster::link_limits limits = {})
      : self_(system), core_(limits) {}

  caf::strong_actor_ptr handle() { return caf::actor_cast<caf::strong_actor_ptr>(self_.ptr()); }

  /// A connection begins.
  void open(peer_link_actor other, cluster::link_epoch epoch) {
    other_ = std::move(other);
    epoch_ = epoch;
    core_.open(epoch);
  }
  /// The empty batch with which one of the ends begins.
  void greet() { send({epoch_, 0, 0, {}}); }
  void send(cluster::batch what) { self_->send(other_, peer_batch{std::move(what), false}); }
  void reset() { self_->send(other_, peer_batch{{epoch_, 0, 0, {}}, true}); }

  void say(const cluster::peer_message& what) { say_bytes(cluster::encode(what)); }
  void say_bytes(shared_bytes bytes) {
    core_.push(std::move(bytes), cluster::traffic_class::data);
    answer();
  }

  /// The next message of this kind: a document_block or one of those about nodes. Those before it
  /// are forgotten.
  template <class Message>
  Message next() {
    for (;;) {
      while (!heard_.empty()) {
        const cluster::peer_message first = std::move(heard_.front());
        heard_.pop_front();
        if (const auto* const found = find_in<Message>(first)) return *found;
      }
      const bool has_come = hear(patience);
      REQUIRE(has_come);
    }
  }
  /// Whether there is one among what has come so far.
  template <class Message>
  bool has() {
    while (hear(std::chrono::seconds{0})) continue;
    for (const auto& each : heard_)
      if (find_in<Message>(each) != nullptr) return true;
    return false;
  }
  /// Waits for a batch, whatever is in it.
  peer_batch next_batch() {
    peer_batch next;
    self_->receive([&](const peer_batch& batch) { next = batch; },
                   caf::after(patience) >> [] { FAIL("no batch came"); });
    return next;
  }
  bool was_reset() const noexcept { return was_reset_; }
  /// Takes in what comes, and acknowledges none of it.
  void pause() { core_.pause(); }
  void resume() {
    core_.resume();
    answer();
  }

 private:
  template <class Message>
  static const Message* find_in(const cluster::peer_message& in) {
    if constexpr (std::is_same_v<Message, cluster::document_block>) {
      return std::get_if<Message>(&in);
    } else {
      const auto* const news = std::get_if<cluster::node_message>(&in);
      return news == nullptr ? nullptr : std::get_if<Message>(news);
    }
  }

  bool hear(std::chrono::milliseconds wait) {
    bool has_come = false;
    self_->receive(
        [&](const peer_batch& batch) {
          has_come = true;
          was_reset_ = was_reset_ || batch.is_reset;
          if (batch.is_reset) return;
          const auto arrived = core_.on_batch(batch.what, now());
          REQUIRE(arrived.has_value());
          for (const shared_slice& each : arrived->messages) {
            auto message = cluster::decode(each);
            REQUIRE(message.has_value());
            heard_.push_back(*std::move(message));
          }
        },
        caf::after(wait) >> [] {});
    if (has_come) answer();
    return has_come;
  }
  void answer() {
    while (auto next = core_.next_batch(now())) send(*std::move(next));
    // By then an acknowledgement is due.
    if (auto ack = core_.take_ack(now() + std::chrono::hours{1})) send(*std::move(ack));
  }
  static std::chrono::steady_clock::time_point now() { return std::chrono::steady_clock::now(); }

  caf::scoped_actor self_;
  cluster::link core_;
  peer_link_actor other_;
  cluster::link_epoch epoch_ = 0;
  std::deque<cluster::peer_message> heard_;
  bool was_reset_ = false;
};

}  // namespace troupe::test
