// Sessions and their rights on the admin pages: whom a request concerns, what they may do from now
// on, and for how long that counts for those who come later; which changes are kept, and lifting
// one. Pure. Format: docs/admin.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "actors/access_changes.hpp"
#include "actors/announced_changes.hpp"
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
  bool is_lift = false;           ///< The kept change of exactly this subject is lifted.
  bool wants_answer = false;      ///< From the nodes that are notified, once it is done there.
};

/// A page of the changes that are kept.
struct changes_query {
  std::uint64_t after = 0;  ///< Those with a greater id.
  std::size_t limit = page_size_default;
};

/// {"user"?, "tokenId"?, "document"?, "seconds"?}: closes sessions. Any other member is refused.
tl::expected<access_query, http_answer> read_close(const http_request& request);

/// The same with "rights": words as in tokens, or none at all; and "grant"?.
tl::expected<access_query, http_answer> read_rights(const http_request& request);

/// "user", "tokenId" and "document" as parameters of the query: the subject of a change to lift.
tl::expected<access_query, http_answer> read_lift(const http_request& request);

tl::expected<changes_query, http_answer> read_changes_page(const http_request& request);

/// The same as JSON text, for the other nodes of a cluster, and back. Fails like the readers above.
std::string to_text(const access_query& query);
tl::expected<access_query, http_answer> from_text(std::string_view text);

/// What a node that wants an answer receives: `number` is access_change::made_at. Nothing: the text
/// is no answer.
std::string to_text(const done_access& done);
std::optional<done_access> done_in(std::string_view text);

/// A line for the log.
std::string describe(const access_query& query);

/// `all`: with lifted ones, which are not shown.
http_answer show_changes(const std::vector<access_changes::counting>& all,
                         const changes_query& page);
/// `lasts`: how long it would have counted; nothing: there was none.
http_answer show_lifted(std::optional<std::chrono::seconds> lasts);

http_answer show_changed(const access_query& query, const applied_access& applied);

}  // namespace troupe::admin
