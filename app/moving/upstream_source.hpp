// The documents of a server that runs, asked for like a client that has nothing: in the protocol of
// y-websocket or of Hocuspocus, one after the other, by a list of names, since neither protocol
// lists names. Nothing is written to the server; it may make an empty document of a name that it
// does not have.
//
// Thread: one.
#pragma once

#include <memory>

#include "app/moving/document_source.hpp"
#include "protocol/dialects/upstream_message.hpp"

namespace troupe::moving {

struct upstream_request {
  upstream_protocol protocol = upstream_protocol::y_websocket;
  /// ws:// or wss://. With y-websocket, the name of a document is put behind the path.
  std::string url;
  std::string names_file;  ///< A name in each line.
  /// A file with a token that the server asks for; empty: none. In the query for y-websocket, a
  /// message of Hocuspocus.
  std::string token_file;
  std::string ca_file;  ///< For wss://, certificates to trust; empty: those of the system.
};

/// Reads the names and the token. Fails with storage_failed and invalid_config; the detail names
/// the file or the URL. The first document connects.
result<std::unique_ptr<document_source>> open_upstream(const upstream_request& from);

}  // namespace troupe::moving
