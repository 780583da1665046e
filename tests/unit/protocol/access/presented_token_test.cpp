#include "protocol/access/presented_token.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/access/token.hpp"

namespace troupe::presented_token_test {

using access::cookie_rule;
using access::token_places;

namespace {

const cookie_rule session_cookie{"session", {"https://app.example", "https://b.example"}};
constexpr std::string_view page = "https://app.example";

/// "a.b.c from query", "nothing", or the reason of a refusal.
std::string found(const token_places& request, const cookie_rule& cookie = {}) {
  const auto made = access::find_token(request, cookie);
  if (!made) return std::string{to_string(made.error())};
  if (!*made) return "nothing";
  return std::string{(*made)->token} + " from " + std::string{to_string((*made)->from)};
}

std::string in_query(std::string_view query) { return found({.query = query}); }
std::string in_authorization(std::string_view field) { return found({.authorization = field}); }
std::string in_subprotocols(std::string_view list) { return found({.subprotocols = list}); }
std::string in_cookies(std::string_view list, std::string_view origin = page,
                       const cookie_rule& cookie = session_cookie) {
  return found({.cookies = list, .origin = origin}, cookie);
}

}  // namespace

TEST_CASE("a request may bring no token", "[access]") {
  CHECK(found({}) == "nothing");
  CHECK(in_query("userId=ada&x=token") == "nothing");
  CHECK(in_query("token=") == "nothing");
  CHECK(in_query("token") == "nothing");
  CHECK(in_authorization("Basic YTpi") == "nothing");
  CHECK(in_authorization("Bearer") == "nothing");
  CHECK(in_subprotocols("troupe, auth") == "nothing");
}

TEST_CASE("a token may stand in the query", "[access]") {
  CHECK(in_query("token=a.b.c") == "a.b.c from query");
  CHECK(in_query("userId=ada&token=a.b.c&x=1") == "a.b.c from query");
  CHECK(in_query("Token=a.b.c") == "nothing");
  CHECK(in_query("xtoken=a.b.c") == "nothing");
  CHECK(in_query("token=a.b.c&token=a.b.c") == "a.b.c from query");
  CHECK(in_query("token=a.b.c&token=a.b.d") == "several_tokens");
}

TEST_CASE("a token may stand in the Authorization header", "[access]") {
  for (const char* const field : {"Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c "})
    CHECK(in_authorization(field) == "a.b.c from authorization");
  CHECK(in_authorization("Bearera.b.c") == "nothing");
  CHECK(in_authorization("Bearer a.b.c d") == "malformed");
}

TEST_CASE("a token may stand among the subprotocols", "[access]") {
  CHECK(in_subprotocols("troupe,troupe.token.a.b.c") == "a.b.c from subprotocol");
  CHECK(in_subprotocols("troupe.token.a.b.c, troupe") == "a.b.c from subprotocol");
  CHECK(in_subprotocols("troupe.token.a.b.c, troupe.token.x.y.z") == "several_tokens");
  CHECK(in_subprotocols("troupe.token.") == "nothing");
  CHECK(in_subprotocols("troupe.token.a.b") == "malformed");
}

TEST_CASE("a token may stand in a cookie, if the page is on the list", "[access]") {
  CHECK(in_cookies("session=a.b.c") == "a.b.c from cookie");
  CHECK(in_cookies("x=1; session=\"a.b.c\";y=2", "https://b.example") == "a.b.c from cookie");
  CHECK(in_cookies("Session=a.b.c") == "nothing");
  CHECK(in_cookies("session=a.b.c; session=a.b.d") == "several_tokens");
  CHECK(in_cookies("session=no token") == "malformed");
  for (const char* const origin :
       {"", "null", "https://evil.example", "http://app.example", "https://app.example.evil"})
    CHECK(in_cookies("session=a.b.c", origin) == "nothing");
}

TEST_CASE("a cookie does not count without a list of pages", "[access]") {
  CHECK(in_cookies("session=a.b.c", page, {}) == "nothing");
  CHECK(in_cookies("session=a.b.c", page, {"session", {}}) == "nothing");
  CHECK(in_cookies("session=a.b.c", page, {"session", {"*"}}) == "nothing");
  CHECK(in_cookies("session=a.b.c", page, {"session", {std::string{page}, "*"}}) == "nothing");
  CHECK(in_cookies("session=a.b.c", "null", {"session", {"null"}}) == "nothing");
}

TEST_CASE("the same token in several places counts once, two that differ are refused", "[access]") {
  const token_places same{.query = "token=a.b.c",
                          .authorization = "Bearer a.b.c",
                          .subprotocols = "troupe.token.a.b.c",
                          .cookies = "session=a.b.c",
                          .origin = page};
  CHECK(found(same, session_cookie) == "a.b.c from query");
  for (int i = 0; i < 4; ++i) {
    token_places differs = same;
    if (i == 0) differs.query = "token=x.b.c";
    if (i == 1) differs.authorization = "Bearer x.b.c";
    if (i == 2) differs.subprotocols = "troupe.token.x.b.c";
    if (i == 3) differs.cookies = "session=x.b.c";
    CHECK(found(differs, session_cookie) == "several_tokens");
  }
}

TEST_CASE("what cannot be a token is refused before it is looked at", "[access]") {
  CHECK(in_query("token=a.b") == "malformed");
  CHECK(in_query("token=a%2Eb.c.d") == "malformed");
  CHECK(in_query("token=null") == "malformed");
  const std::string longest = "a.b." + std::string(access::token_size_bytes_max - 4, 'c');
  const std::string query = "token=" + longest;
  CHECK(found({.query = query}).ends_with(" from query"));
  CHECK(found({.query = query + "c"}) == "too_long");
}

}  // namespace troupe::presented_token_test
