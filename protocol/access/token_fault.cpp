#include "protocol/access/token_fault.hpp"

#include <array>

namespace troupe::access {

namespace {

struct row {
  std::string_view name;
  std::string_view text;
};

constexpr std::array<row, token_fault_count> rows = {{
    {"malformed", "the token is malformed"},
    {"too_long", "the token is too long"},
    {"several_tokens", "the request has several tokens that differ"},
    {"unsigned_token", "the token is not signed"},
    {"unknown_algorithm", "the token is signed with an algorithm that is not accepted"},
    {"wrong_type", "the token is of a type that is not accepted"},
    {"critical_header", "the token needs an extension that is not known"},
    {"key_in_header", "the token brings its own key"},
    {"duplicate_member", "the token has a member twice"},
    {"unknown_key", "the key of the token is not known"},
    {"wrong_algorithm", "the token is signed with another algorithm than its key is for"},
    {"bad_signature", "the signature of the token is wrong"},
    {"no_expiry", "the token does not say when it expires"},
    {"expired", "the token has expired"},
    {"not_yet_valid", "the token is not valid yet"},
    {"too_old", "the token was issued too long ago"},
    {"wrong_audience", "the token is for somebody else"},
    {"wrong_issuer", "the token is from an issuer that is not trusted"},
    {"malformed_claim", "the token has a malformed claim"},
}};

}  // namespace

std::string_view to_string(token_fault why) noexcept {
  return rows[static_cast<std::size_t>(why)].name;
}

std::string_view describe(token_fault why) noexcept {
  return rows[static_cast<std::size_t>(why)].text;
}

bool may_pass(token_fault why) noexcept {
  return why == token_fault::unknown_key || why == token_fault::not_yet_valid;
}

}  // namespace troupe::access
