#include "protocol/route.hpp"

#include "base/check.hpp"
#include "base/document_name.hpp"
#include "protocol/access/access_policy.hpp"

namespace troupe {

namespace {

identity_ptr identity_for(const std::string& user, const std::string& address) {
  // A name that is too long, or cannot be printed, counts as none.
  const bool is_named = !user.empty() && check_document_name(user);
  if (!is_named && address.empty()) return nullptr;
  return std::make_shared<const identity>(identity{is_named ? user : std::string{}, address});
}

/// Where the name of the document stands.
enum class naming : std::uint8_t { by_path, by_message };

/// A kind of paths.
struct path_row {
  bool (*matches)(const std::string& path, const route_rules& rules);
  naming names;
  dialect_set dialects;
};

bool is_of_hocuspocus(const std::string& path, const route_rules& rules) {
  if (path == "/") return rules.is_hocuspocus_default;
  const std::string& prefix = rules.hocuspocus_path;
  if (prefix.empty() || !path.starts_with(prefix)) return false;
  return path.size() == prefix.size() || path[prefix.size()] == '/';
}

bool is_any(const std::string&, const route_rules&) { return true; }

/// The first that matches counts.
constexpr path_row rows[] = {
    {is_of_hocuspocus, naming::by_message, dialect::hocuspocus},
    {is_any, naming::by_path, dialect_set{dialect::y_websocket} | dialect_set{dialect::json}},
};

}  // namespace

identity_ptr identity_of(std::shared_ptr<const access::grant> allowed, std::string address) {
  TROUPE_CHECK(allowed != nullptr);
  const access::grant& from = *allowed;
  return std::make_shared<const identity>(identity{.user = from.who->user,
                                                   .address = std::move(address),
                                                   .token_id = from.who->token_id,
                                                   .grant = std::move(allowed),
                                                   .shown = nullptr,
                                                   .stamp = from.stamp,
                                                   .is_checked = true});
}

result<route> route_for(const upgrade_target& target, const route_rules& rules) {
  TROUPE_CHECK(target.path.starts_with('/'));
  route to{{}, identity_for(target.user, target.address), rights::all(), {}};
  for (const path_row& row : rows) {
    if (!row.matches(target.path, rules)) continue;
    to.dialects = row.dialects;
    to.carries_sessions = row.names == naming::by_message;
    if (row.names == naming::by_path) to.document = target.path.substr(1);
    break;
  }
  // Without a document the client says in each message which one it means.
  if (to.carries_sessions) return to;
  if (to.document.empty()) to.document = rules.empty_document_name;
  if (!to.document.empty()) TROUPE_TRY(check_document_name(to.document));
  return to;
}

}  // namespace troupe
