// The actor that has documents fetched from the server that this one replaces (upstream.url). A
// document that was never stored asks it once, before anybody sees the document
// (document_upstream.cpp), and from then on belongs to this server.
//
// The node spawns it; open documents write to it, each once at a time, so limits.max_documents
// bounds its mailbox and its queue. It fetches nothing itself: for each document that it has a
// connection for (upstream.connections), it spawns a fetcher on a thread of its own, which waits
// for that server, answers and ends. The others wait in their order. If it fails, documents that
// are not here are refused until the node is started again; all others are still served.
#pragma once

#include <memory>
#include <string>

#include <caf/typed_response_promise.hpp>

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "actors/upstream_fetch.hpp"
#include "base/fifo.hpp"
#include "base/log_quota.hpp"

namespace troupe {

struct upstream_settings {
  std::shared_ptr<const upstream_server> server;
  std::size_t connections_max = 32;
};

class upstream final : public upstream_actor::base {
 public:
  /// `metrics`: may be null.
  upstream(caf::actor_config& config, upstream_settings settings,
           std::shared_ptr<node_metrics> metrics)
      : upstream_actor::base(config),
        settings_(std::move(settings)),
        metrics_(std::move(metrics)) {}

  const char* name() const override { return "troupe.upstream"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override { waiting_ = {}; }

 private:
  struct waiting_document {
    std::string name;
    caf::typed_response_promise<fetched_document> promise;
  };

  caf::result<fetched_document> on_fetch(const fetch_document& which);
  void begin_next();
  void on_fetched(waiting_document& of, const fetched_document& got);
  void note(const std::string& document, const fetched_document& got);

  const upstream_settings settings_;
  std::shared_ptr<node_metrics> metrics_;
  fifo<waiting_document> waiting_;
  std::size_t under_way_ = 0;
  log_quota failures_logged_;  // by their kind
};

/// Fetches one document, answers, and ends.
class upstream_fetcher final : public upstream_actor::base {
 public:
  upstream_fetcher(caf::actor_config& config, std::shared_ptr<const upstream_server> server)
      : upstream_actor::base(config), server_(std::move(server)) {}

  const char* name() const override { return "troupe.upstream-fetcher"; }

 protected:
  behavior_type make_behavior() override;

 private:
  fetched_document on_fetch(const fetch_document& which);
  fetched_document fetch_as(const std::string& name) const;

  std::shared_ptr<const upstream_server> server_;
};

}  // namespace troupe
