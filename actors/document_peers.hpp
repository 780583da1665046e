// A document's side of the cluster: its replica (protocol/cluster/replica) and the links by which
// it reaches the peers. Owner: a document actor, whose thread it runs on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/cluster_links.hpp"
#include "actors/durability.hpp"
#include "actors/interfaces.hpp"
#include "actors/metric_groups.hpp"
#include "protocol/cluster/peer_codec.hpp"
#include "protocol/cluster/replica.hpp"
#include "protocol/cluster/shared_log.hpp"
#include "protocol/hosted_document.hpp"
#include "protocol/state_version.hpp"

namespace troupe {

/// The state of a hosted document, as a replica asks for it.
class hosted_state final : public cluster::replica_state {
 public:
  /// `difference`: has been encoded already, and is used from there; null: it has not.
  explicit hosted_state(const hosted_document& of,
                        result<std::vector<byte_buffer>>* difference = nullptr) noexcept
      : of_(of), difference_(difference) {}

  hash128 digest() const override { return hash_of_version(of_.state_version()); }
  byte_buffer state_vector() const override { return of_.state_vector(); }
  result<std::vector<byte_buffer>> difference(byte_view state_vector) const override {
    if (difference_ != nullptr) return std::move(*difference_);
    return difference_of(of_, state_vector);
  }

  static result<std::vector<byte_buffer>> difference_of(const hosted_document& of,
                                                        byte_view state_vector) {
    TROUPE_ASSIGN(const auto from, crdt::state_vector::decode(state_vector));
    return of.difference(from);
  }

 private:
  const hosted_document& of_;
  result<std::vector<byte_buffer>>* difference_;
};

/// Messages to peers that compare and repair, for the metrics.
struct repair_counts {
  std::int64_t compares = 0;
  std::int64_t differences = 0;  ///< It asks for what it lacks.
  std::int64_t fills = 0;        ///< It sends what a peer lacks.

  void add(const cluster::replica::block& what) {
    const auto to = static_cast<std::int64_t>(what.to.size());
    for (const cluster::document_message& each : what.messages) {
      if (std::holds_alternative<cluster::peer_compare>(each)) compares += to;
      if (std::holds_alternative<cluster::peer_ask>(each)) differences += to;
      if (std::holds_alternative<cluster::peer_fill>(each)) fills += to;
    }
  }
  void show(const document_metrics& in) const {
    if (compares > 0) in.compares->inc(compares);
    if (differences > 0) in.differences->inc(differences);
    if (fills > 0) in.sent_fills->inc(fills);
  }
};

/// How durability names the store of a peer.
constexpr keeper_id keeper_of(cluster::peer_id peer) noexcept { return keeper_id{peer} + 1; }

class document_peers {
 public:
  using time_point = cluster::replica::time_point;

  document_peers(std::shared_ptr<const std::string> name, cluster_links_ptr links,
                 cluster::replica_life life)
      : name_(std::move(name)),
        links_(std::move(links)),
        core_({.life = life, .load_timeout = links_->settings.load_timeout},
              links_->place(*name_)) {
    if (links_->settings.is_shared) shared_.emplace();
  }

  cluster::replica& core() noexcept { return core_; }
  const cluster::replica& core() const noexcept { return core_; }
  const cluster_links& links() const noexcept { return *links_; }
  /// Where all nodes share the log; else null.
  cluster::shared_log* shared() noexcept { return shared_ ? &*shared_ : nullptr; }
  const cluster::shared_log* shared() const noexcept { return shared_ ? &*shared_ : nullptr; }
  bool is_loaded() const noexcept {
    return core_.is_loaded() && !(shared_ && shared_->is_look_awaited());
  }

  /// From now on the links bring what peers say.
  template <class Self>
  void attach(Self* self) {
    for (const cluster_links::entry& each : links_->peers)
      if (std::ranges::find(attached_, each.peer) == attached_.end()) {
        attached_.push_back(each.peer);
        unheard_.push_back(each.peer);
        tell(self, each.link, attach_document{*name_, document_actor{self}});
      }
  }
  /// The document ends. What keepers lack is brought to them later.
  template <class Self>
  void end(Self* self) {
    if (auto lacking = core_.lacking(); links_->sweeper && core_.number() > 0 && !lacking.empty())
      tell(self, links_->sweeper, document_left_behind{*name_, std::move(lacking)});
    for (const cluster_links::entry& each : links_->peers)
      tell(self, each.link, detach_document{*name_, self->id()});
  }
  /// The link has said whether it is up.
  void note_heard(cluster::peer_id peer) { std::erase(unheard_, peer); }
  /// Whether some links have yet to say so.
  bool awaits_links() const noexcept { return !unheard_.empty(); }
  void use(cluster_links_ptr links) { links_ = std::move(links); }
  /// Takes the newest links; returns whether they are others.
  bool look_for_newer() {
    if (!links_->newest) return false;
    cluster_links_ptr newest = links_->newest->get();
    if (!newest || newest == links_) return false;
    links_ = std::move(newest);
    return true;
  }

  /// Whether this node speaks for the document.
  bool is_home(time_point now) const {
    return !links_->newest || links_->newest->is_home(*name_, now);
  }
  /// Another node that does, if it has stored all that this replica has written.
  std::optional<cluster::node_uuid> home_with_all(time_point now) const;

  /// The last update of `log` has been appended; `of` has it.
  void on_written(const origin& from, const durability& log, const hosted_document& of,
                  time_point now) {
    const bool is_of_peer = from.kind == origin_kind::peer;
    const shared_slice update = is_of_peer ? shared_slice{} : log.last_appended();
    if (update.size > cluster::peer_update_size_bytes_max)
      core_.on_written_apart(log.last(), hosted_state{of}, now);
    else
      core_.on_written(log.last(), update);
    if (shared_ && !is_of_peer) shared_->on_own(log.last(), now);
  }

  void send_to_users(const document_effects::peer_effects& what);
  /// All that the sessions of this node show, for one peer.
  void show_presence(cluster::peer_id to, const hosted_document& of);

  /// Sends what the turn had for peers.
  template <class Self>
  repair_counts send(Self* self) {
    repair_counts counts;
    for (cluster::replica::block& each : core_.take_blocks()) {
      counts.add(each);
      for (const shared_bytes& encoded : encode(std::move(each.messages)))
        for (const cluster::peer_id to : each.to)
          if (const peer_link_actor* const link = find(to))
            tell(self, *link, send_to_peer{encoded, cluster::traffic_class::data, name_});
    }
    return counts;
  }

 private:
  const peer_link_actor* find(cluster::peer_id peer) const noexcept {
    const auto found = std::ranges::find(links_->peers, peer, &cluster_links::entry::peer);
    return found == links_->peers.end() ? nullptr : &found->link;
  }
  std::vector<shared_bytes> encode(std::vector<cluster::document_message> messages) const;

  std::shared_ptr<const std::string> name_;
  cluster_links_ptr links_;
  cluster::replica core_;
  std::optional<cluster::shared_log> shared_;
  std::vector<cluster::peer_id> attached_;
  std::vector<cluster::peer_id> unheard_;
};

}  // namespace troupe
