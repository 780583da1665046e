#include "protocol/access/presented_token.hpp"

#include <algorithm>
#include <array>

#include "base/bearer_text.hpp"
#include "base/token_subprotocol.hpp"
#include "base/trim.hpp"
#include "protocol/access/token.hpp"

namespace troupe::access {

namespace {

constexpr std::string_view blanks = " \t";
constexpr std::array<std::string_view, 4> place_names = {"query", "authorization", "subprotocol",
                                                         "cookie"};

/// Removes the first item of a list and returns it without its blanks.
std::string_view take_item(std::string_view& list, char separator) noexcept {
  const std::string_view item = list.substr(0, list.find(separator));
  list.remove_prefix(std::min(item.size() + 1, list.size()));
  return trimmed(item, blanks);
}

bool has_form(std::string_view token, token_form wanted) noexcept {
  return wanted == token_form::signed_token ? looks_like_token(token) : is_bearer_text(token);
}

/// Collects what may be tokens.
class token_search {
 public:
  explicit token_search(token_form wanted) noexcept : wanted_(wanted) {}

  void take(std::string_view token, token_place from) {
    if (token.empty() || !outcome_) return;
    std::optional<presented_token>& found = *outcome_;
    if (token.size() > token_size_bytes_max)
      refuse(token_fault::too_long);
    else if (!has_form(token, wanted_))
      refuse(token_fault::malformed);
    else if (!found)
      found = presented_token{token, from};
    else if (found->token != token)
      refuse(token_fault::several_tokens);
  }

  token_result<std::optional<presented_token>> finish() && { return outcome_; }

 private:
  void refuse(token_fault why) { outcome_ = tl::unexpected(why); }

  token_form wanted_;
  token_result<std::optional<presented_token>> outcome_{std::nullopt};
};

void take_query(std::string_view query, token_search& search) {
  constexpr std::string_view name = "token=";
  while (!query.empty()) {
    const std::string_view parameter = take_item(query, '&');
    if (parameter.starts_with(name)) search.take(parameter.substr(name.size()), token_place::query);
  }
}

void take_authorization(std::string_view field, token_search& search) {
  if (const auto token = token_in_authorization(field))
    search.take(*token, token_place::authorization);
}

void take_subprotocols(std::string_view offered, token_search& search) {
  while (!offered.empty()) {
    const std::string_view name = take_item(offered, ',');
    if (name.starts_with(token_subprotocol_prefix))
      search.take(name.substr(token_subprotocol_prefix.size()), token_place::subprotocol);
  }
}

void take_cookies(std::string_view cookies, std::string_view wanted, token_search& search) {
  while (!cookies.empty()) {
    const std::string_view cookie = take_item(cookies, ';');
    const std::size_t equals = cookie.find('=');
    if (equals == std::string_view::npos || cookie.substr(0, equals) != wanted) continue;
    std::string_view value = cookie.substr(equals + 1);
    // A value may stand between double quotes (RFC 6265, 4.1.1).
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    search.take(value, token_place::cookie);
  }
}

}  // namespace

bool cookie_rule::counts_for(std::string_view origin) const {
  return !name.empty() && !origin.empty() && origin != "null" &&
         std::ranges::find(origins, "*") == origins.end() &&
         std::ranges::find(origins, origin) != origins.end();
}

std::string_view to_string(token_place place) noexcept {
  return place_names[static_cast<std::size_t>(place)];
}

token_result<std::optional<presented_token>>
find_token(const token_places& request, const cookie_rule& cookie, token_form wanted) {
  token_search search{wanted};
  take_query(request.query, search);
  take_authorization(request.authorization, search);
  take_subprotocols(request.subprotocols, search);
  if (cookie.counts_for(request.origin)) take_cookies(request.cookies, cookie.name, search);
  return std::move(search).finish();
}

}  // namespace troupe::access
