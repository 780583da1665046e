// The actor that notifies the application of events: it collects them from the webhook feed, keeps
// them in a queue and, as announcements, in the store, sends them by the HTTP client, and removes
// them once the application has confirmed it. On a thread of its own, since it reads whole
// documents and writes to storage. The node spawns it where webhooks.url is set.
//
// It wakes ten times a second, and gets answers from the HTTP client (at most as many as are under
// way) and messages from operators. What is in its queue is bounded by webhooks.max_queued and
// webhooks.max_queue_size. If it fails nobody else notices: what was announced is delivered after
// the next start.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "actors/webhook_feed.hpp"
#include "base/log_quota.hpp"
#include "base/secret.hpp"
#include "net/http_client.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/document_rule.hpp"
#include "protocol/webhook/delivery_queue.hpp"
#include "storage/archive.hpp"
#include "storage/outbox.hpp"

namespace troupe {

/// What the sender reads and writes.
struct webhook_parts {
  std::shared_ptr<webhook_feed> feed;
  std::shared_ptr<storage::backend> backend;
  std::shared_ptr<storage::archive> archive;
  std::shared_ptr<storage::outbox> outbox;
  std::shared_ptr<http_client> client;
  std::shared_ptr<node_metrics> metrics;         ///< May be null.
  std::vector<storage::announcement> waiting{};  ///< All that was stored when the node started.
};

struct webhook_settings {
  std::string url;
  secret key;
  std::chrono::milliseconds timeout{10'000};
  bool includes_contents = false;
  std::size_t contents_bytes_max = 1024 * 1024;  ///< Larger ones are left out.
  webhook::queue_limits limits;
  webhook::retry_rules retries;
  crdt::doc_settings doc;              ///< With which documents are read.
  std::vector<document_rule> rules{};  ///< For some of them.
  std::uint64_t seed = 0;              ///< Random.
};

/// What a document is, from what is stored of it. Fails with corrupt_document.
result<webhook::document_facts> read_facts(const storage::stored_document& stored,
                                           const crdt::doc_settings& doc,
                                           std::size_t contents_bytes_max);

class webhook_sender final : public webhook_sender_actor::base {
 public:
  webhook_sender(caf::actor_config& config, webhook_settings settings, webhook_parts parts);

  const char* name() const override { return "troupe.webhook-sender"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  /// What is to be written to the outbox, by number.
  struct unwritten {
    std::optional<storage::announcement> put;  ///< Nothing: it is to be removed.
    bool may_be_stored = true;
  };

  void on_tick();
  void on_answered(const webhook_answered& answered);
  described_webhooks on_describe() const;
  replayed_webhooks on_replay(const replay_webhooks& which);

  void take_waiting();
  void take_stored(const storage::announcement& one);
  bool is_void(const storage::announcement& one) const;
  void take(webhook_feed::taken all);
  void add(const webhook::delivery& one);
  void pump();
  void deliver(const webhook::delivery& one);
  std::optional<std::string> body_for(const webhook::event& of);
  void on_failure(webhook::delivery_number number, const std::string& why);
  void put(storage::announcement what, bool may_be_stored = true);
  void remove(webhook::delivery_number number);
  void write();
  void update_gauge();
  void log_failure(const std::string& why);
  webhook::delivery_queue::moment moment() const;

  const webhook_settings settings_;
  webhook_parts parts_;
  webhook::delivery_queue queue_;
  std::map<storage::announcement_number, unwritten> unwritten_;
  log_quota failures_logged_;  // by cause
  std::string last_failure_;
  std::uint64_t sent_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace troupe
