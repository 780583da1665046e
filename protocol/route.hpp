// From the target of an upgrade request to what its session is for: which document, in which
// dialects, as whom and with which rights. Made once, before the upgrade is accepted, and carried
// from there to the document. The one place that knows which path means what. Pure.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/close_reason.hpp"
#include "base/errc.hpp"
#include "protocol/dialect.hpp"
#include "protocol/identity.hpp"

namespace troupe {

struct route {
  std::string document;  ///< A checked name; empty: each message names its document.
  identity_ptr who;
  rights may;
  dialect_set dialects;  ///< That are spoken here; each comes in frames of another kind.
  /// The connection carries several sessions, each of a document that its messages name.
  bool carries_sessions = false;
  /// Of such a session: its client says in a message who it is, before anything else.
  bool awaits_token = false;
  /// Why it may not be who came with the upgrade, which it is without a token of its own; nothing:
  /// it may.
  std::optional<close_reason> refused_without_token = {};
  /// When the client's token is no longer valid; nothing: it has none.
  std::optional<std::chrono::steady_clock::time_point> expires = {};
};

/// What a client asks for with its upgrade.
struct upgrade_target {
  std::string path;          ///< Decoded once, with its leading slash.
  std::string user;          ///< `?userId=`, decoded; empty if absent or malformed.
  std::string address = {};  ///< Of the client; empty: loopback, which counts for nobody.
};

/// Who a token names, from this address (empty: loopback, which counts for nobody). What a client
/// says about itself with `?userId=` does not count beside a token. Requires: a grant.
identity_ptr identity_of(std::shared_ptr<const access::grant> allowed, std::string address);

/// What the paths of a node mean.
struct route_rules {
  /// The document of the path `/` (server.empty_document_name); empty: it names none.
  std::string empty_document_name = {};
  /// The path at which and below which the Hocuspocus dialect is spoken
  /// (dialects.hocuspocus_path); empty: none.
  std::string hocuspocus_path = "/hocuspocus";
  /// Whether it is spoken at `/`, too (dialects.default).
  bool is_hocuspocus_default = false;
  /// The path below which y-sweet's dialect is spoken (dialects.y_sweet_path), `/` for all; empty:
  /// none.
  std::string y_sweet_path = "/y-sweet";
};

/// Requires: the path begins with a slash. Fails with invalid_name if the path names no valid
/// document; the detail says why, in words for the client.
result<route> route_for(const upgrade_target& target, const route_rules& rules = {});

}  // namespace troupe
