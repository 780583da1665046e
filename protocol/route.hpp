// From the target of an upgrade request to what its session is for: which document, in which
// dialects, as whom and with which rights. Made once, before the upgrade is accepted, and carried
// from there to the document. The one place that knows which path means what. Pure.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "protocol/dialect.hpp"
#include "protocol/identity.hpp"

namespace troupe {

struct route {
  std::string document;  ///< A checked name; empty: each message names its document.
  identity_ptr who;
  rights may;
  dialect_set dialects;  ///< That are spoken here; each comes in frames of another kind.
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

/// `empty_document_name` (server.empty_document_name) is the document of the path `/`; empty: `/`
/// names none. Requires: the path begins with a slash. Fails with invalid_name if the path names no
/// valid document; the detail says why, in words for the client.
result<route> route_for(const upgrade_target& target, const std::string& empty_document_name = {});

}  // namespace troupe
