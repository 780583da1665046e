// Sessions and their rights on the admin pages: whom a request concerns, what they may do from now
// on, and for how long that counts for those who come later. Pure. Format: docs/admin.md.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "actors/operator_view.hpp"
#include "net/http_message.hpp"

namespace troupe::admin {

/// How long a change may count for those who come later.
inline constexpr std::chrono::hours change_lasts_max{24 * 30};
/// The same where the request does not say: a revoked token is worth nothing for a day.
inline constexpr std::chrono::hours change_lasts_default{24};

struct access_query {
  access_change what;
  std::chrono::seconds lasts{0};  ///< 0: only those who are here are meant.
};

/// {"user"?, "tokenId"?, "document"?, "seconds"?}: closes sessions.
tl::expected<access_query, http_answer> read_close(const http_request& request);

/// The same with "rights": words as in tokens, or none at all.
tl::expected<access_query, http_answer> read_rights(const http_request& request);

/// The same as JSON text, for the other nodes of a cluster, and back. Fails like the readers above.
std::string to_text(const access_query& query);
tl::expected<access_query, http_answer> from_text(std::string_view text);

/// A line for the log.
std::string describe(const access_query& query);

http_answer show_changed(const access_query& query, const changed_access& changed);

}  // namespace troupe::admin
