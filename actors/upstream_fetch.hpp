// Fetches one document from another server, like a client that has nothing: in the protocol of
// y-websocket or of Hocuspocus. Nothing is written to that server; it may make an empty document of
// a name that it does not have. What is said stands in protocol/dialects/upstream_exchange.
//
// Thread: any that may wait, for about as long as the timeout.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.hpp"
#include "base/secret.hpp"
#include "net/websocket_url.hpp"
#include "protocol/dialects/upstream_exchange.hpp"

namespace troupe {

struct upstream_server {
  /// With y-websocket, the name of a document is put behind the path.
  websocket_url url;
  upstream_exchange::settings exchange;
  /// In the query for y-websocket, a message of Hocuspocus; empty: none.
  secret token;
  std::string ca_file;  ///< For wss://, certificates to trust; empty: those of the system.
  std::chrono::milliseconds timeout{10'000};  ///< To connect, and then for all of the answer.
  std::shared_ptr<const std::atomic<bool>> is_stopping{};  ///< See websocket_client_settings.
  std::shared_ptr<budget> memory{};                        ///< Likewise.
};

struct upstream_state {
  std::vector<byte_buffer> updates;  ///< As upstream_exchange::take_updates().
  bool is_reached = false;           ///< There was a connection.
};

/// `name`: as clients name the document to that server. `got` shows what came of it, also of a
/// failure. Fails with request_failed (no connection, no answer in time), forbidden,
/// update_too_large, and as read_upstream_frame does; the detail has no secret.
result<void> fetch_state(const upstream_server& from, const std::string& name, upstream_state& got);

/// How clients of another server name the document with this name here: servers of y-websocket take
/// names as they stand in the path of a URL, so a % in one is %25. Empty: none can, since browsers
/// take "." and ".." in a path for steps.
std::string upstream_name(upstream_protocol protocol, std::string_view document);

/// The name under which a server of y-websocket has the document if its clients escape it by
/// themselves, as many do by encodeURIComponent: that is another document there, and the same here.
/// Empty: it is the same there, too, or no such server is asked.
std::string escaped_upstream_name(upstream_protocol protocol, std::string_view document);

}  // namespace troupe
