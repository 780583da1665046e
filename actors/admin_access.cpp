#include "actors/admin_access.hpp"

#include <algorithm>
#include <string_view>

#include "actors/admin_pages.hpp"
#include "base/bearer_text.hpp"
#include "base/trim.hpp"
#include "net/host_name.hpp"
#include "net/request_target.hpp"

namespace troupe::admin {

namespace {

bool is_any_address(std::string_view address) noexcept {
  return address == "0.0.0.0" || address == "::";
}

/// "::1" -> "[::1]", as it stands in a URL.
std::string as_host(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

/// An address cannot be made to point elsewhere, so on all interfaces each is good.
bool is_own_host(std::string_view host, const access& to) {
  if (is_this_machine(host) || is_same_host(host, as_host(to.address))) return true;
  if (is_any_address(to.address) && is_ip_address(host)) return true;
  return std::ranges::any_of(
      to.allowed_hosts, [&](const std::string& allowed) { return is_same_host(host, allowed); });
}

bool is_type(std::string_view content_type, std::string_view type) noexcept {
  const std::string_view kind = trimmed(content_type.substr(0, content_type.find(';')));
  return is_same_host(kind, type);  // without regard to case
}

/// Types that a page cannot send elsewhere without asking first, which is refused. Source: Fetch
/// standard, CORS-safelisted request-header.
bool needs_preflight(std::string_view content_type) noexcept {
  return is_type(content_type, "application/json") ||
         is_type(content_type, "application/octet-stream");
}

/// A DELETE without a body cannot be sent by a form, and by a script only with a preflight.
bool wants_content_type(const http_request& request) noexcept {
  if (request.method == "GET" || request.method == "HEAD") return false;
  return request.method != "DELETE" || request.has_body;
}

/// Health, and the files of the dashboard, which hold nothing of the node.
bool needs_token(const http_request& request) noexcept {
  if (request.method != "GET" && request.method != "HEAD") return true;
  constexpr std::string_view files = "/dashboard/";
  const std::string_view path = path_of_target(request.target);
  const bool is_file =
      path.starts_with(files) && path.find('/', files.size()) == std::string_view::npos;
  return !is_file && path != "/" && path != "/healthz" && path != "/readyz";
}

http_answer answer_unauthorised(const std::string& text, std::string challenge) {
  http_answer answer = answer_error(401, text);
  answer.authenticate = std::move(challenge);
  answer.ends_connection = true;
  return answer;
}

/// As RFC 6750, section 3. `why`: what is wrong with the token of a user, if it is one.
http_answer answer_wrong_token(bool is_public, std::string_view why) {
  std::string challenge{is_public ? "Bearer realm=\"troupe\"" : "Bearer realm=\"troupe admin\""};
  challenge.append(", error=\"invalid_token\"");
  if (!why.empty()) challenge.append(", error_description=\"").append(why).append("\"");
  const std::string_view text =
      is_public ? "the token is not valid here" : "the admin token is wrong";
  return answer_unauthorised(std::string{why.empty() ? text : why}, std::move(challenge));
}

}  // namespace

std::optional<http_answer> guard::refusal_of(const http_request& request, time_point now,
                                             const user_token_check& users) {
  if (auto refusal = refusal_of_page(request)) return refusal;
  if (needs_token(request))
    if (auto refusal = refusal_of_token(request, now, users)) return refusal;
  return refusal_of_body(request);
}

std::string share_of(const http_asker& asker) {
  if (asker.role != role_of_user) return {};
  return asker.user.empty() ? asker.token_id : asker.user;
}

std::optional<http_answer> refusal_of_body(const http_request& request) {
  if (wants_content_type(request) && !needs_preflight(request.content_type))
    return answer_error(415, "the body must have Content-Type: application/json");
  return std::nullopt;
}

/// A public listener has any name, and knows the pages that may ask by their origins.
std::optional<http_answer> guard::refusal_of_page(const http_request& request) const {
  if (to_.whom == callers::users) return std::nullopt;
  if (!is_own_host(split_host(request.host).host, to_))
    return answer_error(421,
                        "the Host header names neither admin.address nor localhost; other names of "
                        "this node are set with admin.allowed_hosts");
  const std::string& site = request.fetch_site;
  if (!site.empty() && site != "same-origin" && site != "none")
    return answer_error(403, "pages of other sites may not ask here");
  return std::nullopt;
}

std::optional<http_answer> guard::refusal_of_token(const http_request& request, time_point now,
                                                   const user_token_check& users) {
  const std::string_view token =
      token_in_authorization(request.authorization).value_or(std::string_view{});
  const bool is_public = to_.whom == callers::users;
  if (token.empty())
    return answer_unauthorised(
        is_public ? "this needs the token of a user: Authorization: Bearer TOKEN"
                  : "this needs the admin token: Authorization: Bearer TOKEN",
        is_public ? "Bearer realm=\"troupe\"" : "Bearer realm=\"troupe admin\"");
  const bool is_counted_out = !may_try(request.remote_address, now);
  if (!is_counted_out && to_.token.equals(token)) return std::nullopt;
  // Nobody can guess a signature, so a good token counts whatever its neighbours send.
  const judged_token of_user = users ? users(std::string{token}) : user_token::unknown;
  if (of_user.what == user_token::allowed) return std::nullopt;
  if (of_user.what == user_token::forbidden)
    return answer_error(403, "the token has no right to this document, or not to this page");
  if (is_counted_out) {
    http_answer answer = answer_error(429, "too many wrong tokens came from this address");
    answer.retry_after = std::chrono::seconds{1};
    answer.ends_connection = true;
    return answer;
  }
  note_wrong_try(request.remote_address);
  return answer_wrong_token(is_public, of_user.why);
}

bool guard::may_try(const std::string& address, time_point now) {
  const std::lock_guard lock{mutex_};
  if (now - second_began_ >= std::chrono::seconds{1}) {
    wrong_tries_.clear();
    second_began_ = now;
  }
  const auto tried = wrong_tries_.find(address);
  if (tried != wrong_tries_.end()) return tried->second < wrong_tries_max;
  // Nobody can guess a signature, so on a public listener many strangers lock nobody out.
  return to_.whom == callers::users || wrong_tries_.size() < addresses_max;
}

void guard::note_wrong_try(const std::string& address) {
  const std::lock_guard lock{mutex_};
  const auto tried = wrong_tries_.find(address);
  if (tried != wrong_tries_.end())
    ++tried->second;
  else if (wrong_tries_.size() < addresses_max)
    wrong_tries_.emplace(address, 1);
}

}  // namespace troupe::admin
