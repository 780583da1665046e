// The two dialects in which the generator can talk to a server: y-websocket, where the URL names
// the document, and Hocuspocus, where each message does. Bytes in, bytes out; no state. Source:
// y-websocket 3.0, y-protocols 1.0; @hocuspocus/provider 4.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace troupe::load {

enum class protocol : std::uint8_t { y_websocket, hocuspocus };

enum class incoming_kind : std::uint8_t {
  sync_step1,  ///< body: a state vector
  sync_step2,  ///< body: an update
  update,      ///< body: an update
  awareness,   ///< body: an awareness update
  confirmed,   ///< Hocuspocus: an update of ours was applied
  refused,     ///< an authentication that failed, an update that was not applied, a close
  other,
  malformed,
};

struct incoming {
  incoming_kind kind = incoming_kind::other;
  byte_view body;
};

class dialect {
 public:
  dialect(protocol which, std::string document);

  const std::string& document() const noexcept { return document_; }

  /// The path of the URL: `prefix` is `/` or ends with it.
  std::string path(const std::string& prefix) const;

  /// The document that a message of Hocuspocus names; empty if it names none.
  static std::string document_in(byte_view frame);

  /// Reads what a server sent. One message per frame: clients up to y-websocket 3.1 read no more,
  /// so anything behind it counts as malformed.
  incoming read(byte_view frame) const;

  /// What is sent before the body of a message, which then follows as it is.
  std::vector<std::uint8_t> head_of(incoming_kind kind, std::size_t body_size) const;

  /// What a client sends first, before it asks for the document; empty if nothing.
  std::vector<std::uint8_t> greeting() const;

 private:
  protocol which_;
  std::string document_;
  std::vector<std::uint8_t> prefix_;  // in front of every message
};

}  // namespace troupe::load
