// This node's end of the link to one peer. The cluster actor spawns one for each peer and keeps it
// while the peer is in the member list; connections come and go. Documents attach themselves to it
// when they open and detach when they end; what the peer says about a document that is not open is
// kept until the directory has opened it.
//
// Its mailbox is bounded by what documents may have under way and by the credit of the link
// (protocol/cluster/link), which also bounds what waits for a slow peer. If it fails the node
// stops: the supervisor watches the cluster actor, which watches its links.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/caf_compat.hpp"
#include "actors/cluster_links.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "protocol/cluster/link.hpp"

namespace troupe {

struct peer_link_settings {
  cluster::peer_id peer = 0;
  std::string name;  ///< Of the peer, for the log.
  cluster::link_limits limits;
  std::shared_ptr<node_metrics> metrics{};  ///< May be null.
  std::string label{};                      ///< Of the peer in them: its name alone.
  /// Those that the peer needs; else it is notified that they are closed.
  bool opens_documents = true;
};

class peer_link final : public peer_link_actor::base {
 public:
  peer_link(caf::actor_config& config, peer_link_settings settings, directory_actor directory,
            cluster_actor owner);

  const char* name() const override { return "troupe.peer-link"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  using block_ptr = std::shared_ptr<const cluster::document_block>;

  /// Blocks for a document that the directory is opening.
  struct opening {
    caf::actor_id document = 0;
    std::vector<block_ptr> blocks;
    std::size_t bytes = 0;
    bool has_overflown = false;
  };

  void on_attach(const attach_document& which);
  void on_detach(const detach_document& which);
  void on_send(const send_to_peer& what);
  void on_expect(const expect_link& what);
  void on_connect(const connect_link& what);
  void on_end(const end_link& how);
  void on_batch(const peer_batch& batch);
  void on_message(const shared_slice& bytes);
  void on_block(cluster::document_block block, std::size_t bytes);
  void on_second();
  void on_flush();
  described_link on_describe() const;

  void open_for(const std::string& document);
  void on_down(const caf::down_msg& down);
  void on_opening_failed(const std::string& document, const caf::error& why);
  void report_gone(const std::string& document);
  void send_generation(const std::string& document, std::uint64_t theirs);
  void confirm_generation(const std::string& document, std::uint64_t theirs);
  bool is_about_generation(const cluster::document_block& block);
  void push_alone(const std::string& document, cluster::document_message what);
  void push(shared_bytes message, cluster::traffic_class of, std::string_view document);
  void send_batch(cluster::batch what);
  void send_waiting();
  void report_lost();
  void schedule_flush();
  void begin();
  void lose(const std::string& why);
  void give_up(const failure& why);
  void notify_documents(peer_news::kind what);
  void show_figures();

  peer_link_settings settings_;
  directory_actor directory_;
  cluster_actor owner_;
  cluster::link link_;
  std::unordered_map<std::string, document_actor> documents_;
  std::unordered_map<std::string, opening> openings_;
  caf::strong_actor_ptr remote_;
  cluster::link_epoch epoch_ = 0;
  bool waits_for_remote_ = false;  // which speaks first
  bool is_up_ = false;
  bool flush_scheduled_ = false;
  cluster::link_figures shown_;  // in the metrics
};

}  // namespace troupe
