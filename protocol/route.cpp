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
enum class naming : std::uint8_t { by_path, by_message, by_y_sweet };

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

/// The document of a path of y-sweet's: "d/NAME/ws/NAME", or the older "doc/ws/NAME". A name may
/// have slashes. Source: y-sweet 0.9, server.rs; @y-sweet/client 0.9, generateUrl.
std::optional<std::string_view> name_for_y_sweet(std::string_view path) {
  constexpr std::string_view before = "d/", between = "/ws/", older = "doc/ws/";
  constexpr std::size_t around = before.size() + between.size();
  if (path.starts_with(older)) return path.substr(older.size());
  if (!path.starts_with(before) || path.size() <= around || (path.size() - around) % 2 != 0)
    return std::nullopt;
  const std::string_view name = path.substr(before.size(), (path.size() - around) / 2);
  const std::string_view rest = path.substr(before.size() + name.size());
  if (!rest.starts_with(between) || rest.substr(between.size()) != name) return std::nullopt;
  return name;
}

/// What stands behind the path of y-sweet's dialect, without its slash; nothing: it is elsewhere.
std::optional<std::string_view> behind_y_sweet(std::string_view path, const route_rules& rules) {
  std::string_view prefix = rules.y_sweet_path;
  if (prefix.empty()) return std::nullopt;
  if (prefix == "/") prefix = {};
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (path.empty()) return path;
  if (!path.starts_with('/')) return std::nullopt;
  return path.substr(1);
}

/// At the root other paths belong to others; below a path of its own nothing else is spoken.
bool is_of_y_sweet(const std::string& path, const route_rules& rules) {
  const auto rest = behind_y_sweet(path, rules);
  return rest && (rules.y_sweet_path != "/" || name_for_y_sweet(*rest));
}

bool is_any(const std::string&, const route_rules&) { return true; }

/// The first that matches counts.
constexpr path_row rows[] = {
    {is_of_hocuspocus, naming::by_message, dialect::hocuspocus},
    {is_of_y_sweet, naming::by_y_sweet, dialect::y_sweet},
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
    if (row.names == naming::by_y_sweet) {
      const auto name = name_for_y_sweet(*behind_y_sweet(target.path, rules));
      if (!name || name->empty())
        return fail(errc::invalid_name, "y-sweet's clients connect to /d/NAME/ws/NAME");
      to.document = *name;
    }
    break;
  }
  // Without a document the client says in each message which one it means.
  if (to.carries_sessions) return to;
  if (to.document.empty()) to.document = rules.empty_document_name;
  if (!to.document.empty()) TROUPE_TRY(check_document_name(to.document));
  return to;
}

}  // namespace troupe
