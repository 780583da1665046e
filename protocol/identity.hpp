// Who is on the other end of a session, and what the session may do to a document. Made when its
// connection upgrades (route.hpp) and carried to the document with the join.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "protocol/document_quota.hpp"
#include "protocol/pending_quota.hpp"
#include "protocol/session_id.hpp"

namespace troupe {

/// A user as the application names them, and where they are.
struct identity {
  std::string user;           ///< From `?userId=`; empty: nobody in particular.
  std::string address = {};   ///< Of the client; empty: loopback, or unknown.
  std::string token_id = {};  ///< `jti` of the token; empty: it has none, or there is no token.
};

/// Null: nobody in particular. Shared by the sessions' messages; never changes.
using identity_ptr = std::shared_ptr<const identity>;

inline const std::string& user_of(const identity_ptr& who) {
  static const std::string nobody;
  return who ? who->user : nobody;
}

inline const std::string& address_of(const identity_ptr& who) {
  static const std::string nowhere;
  return who ? who->address : nowhere;
}

inline const std::string& token_id_of(const identity_ptr& who) {
  static const std::string none;
  return who ? who->token_id : none;
}

enum class right : std::uint8_t {
  read = 1,      ///< To hear the state and every change.
  write = 2,     ///< To change the state.
  presence = 4,  ///< To be seen by others.
  admin = 8,     ///< To delete, restore and configure.
};

/// A set of rights to one document.
class rights {
 public:
  constexpr rights() = default;

  static constexpr rights all() noexcept { return rights{0xF}; }

  constexpr bool contains(right one) const noexcept {
    return (bits_ & static_cast<std::uint8_t>(one)) != 0;
  }
  constexpr void insert(right one) noexcept { bits_ |= static_cast<std::uint8_t>(one); }

  friend constexpr bool operator==(rights, rights) = default;

 private:
  explicit constexpr rights(std::uint8_t bits) noexcept : bits_(bits) {}

  std::uint8_t bits_ = 0;
};

/// A session as it joins a document.
struct joining_session {
  session_id session = no_session;
  rights may;
  identity_ptr who;
  quota_ticket ticket = nullptr;  ///< Its place among the documents of its user and address.
  pending_payer payer = {};       ///< For its updates that wait for missing ones.
};

}  // namespace troupe
