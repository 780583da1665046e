// What a node with webhooks.url needs before its actors start: the secret, the HTTP client, what an
// earlier process has left to be delivered, and the feed behind it. Owner: the node.
#pragma once

#include <memory>
#include <vector>

#include "actors/webhook_feed.hpp"
#include "actors/webhook_sender.hpp"
#include "app/config/config.hpp"
#include "net/http_client.hpp"
#include "storage/outbox.hpp"

namespace troupe {

struct opened_webhooks {
  std::shared_ptr<webhook_feed> feed;
  std::shared_ptr<http_client> client;
  webhook_settings settings;
  std::vector<storage::announcement> waiting;  ///< All that is stored.
};

/// Requires: webhooks.url is set. Fails with invalid_config for webhooks.secret_file; with
/// request_failed if the client does not start; as the outbox does. `homes`: null: the node is
/// alone.
result<opened_webhooks> open_webhooks(const config& settings,
                                      const std::shared_ptr<storage::outbox>& outbox,
                                      std::shared_ptr<const newest_links> homes = nullptr);

/// The one line of a file, without its end and outer blanks. Fails with invalid_config; the detail
/// begins with `key` and does not show the secret.
result<secret> read_signing_secret(const std::string& key, const std::string& file);

}  // namespace troupe
