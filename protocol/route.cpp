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

}  // namespace

identity_ptr identity_of(std::shared_ptr<const access::grant> allowed, std::string address) {
  TROUPE_CHECK(allowed != nullptr);
  const access::grant& from = *allowed;
  return std::make_shared<const identity>(identity{.user = from.who->user,
                                                   .address = std::move(address),
                                                   .token_id = from.who->token_id,
                                                   .grant = std::move(allowed),
                                                   .shown = nullptr,
                                                   .stamp = from.stamp});
}

result<route> route_for(const upgrade_target& target, const std::string& empty_document_name) {
  TROUPE_CHECK(target.path.starts_with('/'));
  route to{target.path.substr(1), identity_for(target.user, target.address), rights::all(),
           dialect_set{dialect::y_websocket} | dialect_set{dialect::json}};
  if (to.document.empty()) to.document = empty_document_name;
  // Without a document the client says in each message which one it means.
  if (!to.document.empty()) TROUPE_TRY(check_document_name(to.document));
  return to;
}

}  // namespace troupe
