// The question whether somebody may open a document, as it is put to the application, and its
// answer. Pure. Format: docs/backend-api.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"

namespace troupe::webhook {

/// The value of the event header of such a question.
inline constexpr std::string_view authorise_event = "authorise";

inline constexpr std::size_t answered_rights_max = 16;
inline constexpr std::size_t answered_word_size_max = 32;
inline constexpr std::size_t answered_user_size_max = 512;
inline constexpr std::size_t answered_token_id_size_max = 256;
inline constexpr std::size_t answered_presence_size_max = 1024;

struct question {
  std::string document;
  std::string token{};    ///< As the client showed it; empty: none.
  std::string user{};     ///< As the client says, which proves nothing; empty: it says nothing.
  std::string address{};  ///< Of the client; empty: this machine, or unknown.
  std::string origin{};   ///< Of the web page; empty: none.

  bool operator==(const question&) const = default;
};

/// All of a question in one text that no other question has; it has the token.
std::string key_of(const question& asked);

/// The body of the request.
std::string body_of(const question& asked, std::uint64_t at_ms);

/// What somebody may do.
struct authorisation {
  std::vector<std::string> rights;  ///< Words such as "read"; none: nothing at all.
  std::string user{};               ///< Who they are; empty: nobody in particular.
  std::string token_id{};           ///< Under which it can be revoked; empty: none.
  std::chrono::seconds cache_for{0};
  std::optional<std::uint64_t> expires_at{};  ///< Seconds since 1970 (UTC); nothing: never.
  std::string presence{};  ///< What their presence may say of them, an object; empty: nothing.
  /// When whoever has this answer should ask again; nothing: when they open another document.
  std::optional<std::chrono::steady_clock::time_point> asks_again{};

  bool operator==(const authorisation&) const = default;
};

/// Reads {"rights": ["read", "write"], "user": "ada", "tokenId": "t1", "cacheFor": 60,
/// "expiresAt": 1700000000, "presence": {"name": "Ada"}}, of which only `rights` must be there; a
/// word may stand in the place of the list. Unknown members are ignored. Fails with invalid_json,
/// and with out_of_range for a member that is not what it should be.
result<authorisation> read_authorisation(std::string_view body);

}  // namespace troupe::webhook
