// Who is on the other end of a session, and what the session may do to a document. Made when its
// connection upgrades (route.hpp) and carried to the document with the join.
#pragma once

#include <memory>
#include <string>

#include "protocol/access/rights.hpp"
#include "protocol/document_quota.hpp"
#include "protocol/pending_quota.hpp"
#include "protocol/session_id.hpp"

namespace troupe {

namespace access {
struct grant;
}

/// What a client has shown of itself where the application decides who may enter.
struct shown_by_client {
  std::string token;   ///< It is secret. Empty: none.
  std::string origin;  ///< Of the web page; empty: none.
};

/// A user as the application names them, and where they are.
struct identity {
  std::string user;           ///< From the token, else `?userId=`; empty: nobody in particular.
  std::string address = {};   ///< Of the client; empty: loopback, or unknown.
  std::string token_id = {};  ///< `jti` of the token; empty: it has none, or there is no token.
  /// What the token allows, for all documents (access/access_policy.hpp); null: there is no token.
  std::shared_ptr<const access::grant> grant = nullptr;
  /// Null unless the application decides.
  std::shared_ptr<const shown_by_client> shown = nullptr;
  /// What their presence says of them, as JSON (access.stamp_presence); empty: what they like.
  std::string stamp = {};
  /// Not in access.mode open: who somebody is was checked, so they show only the client that they
  /// are (sync::awareness::sender::shows_own_only).
  bool is_checked = false;
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

inline const std::string& stamp_of(const identity_ptr& who) {
  static const std::string none;
  return who ? who->stamp : none;
}

inline const std::string& token_id_of(const identity_ptr& who) {
  static const std::string none;
  return who ? who->token_id : none;
}

inline bool is_checked(const identity_ptr& who) { return who && who->is_checked; }

/// A session as it joins a document.
struct joining_session {
  session_id session = no_session;
  rights may;
  identity_ptr who;
  quota_ticket ticket = nullptr;  ///< Its place among the documents of its user and address.
  pending_payer payer = {};       ///< For its updates that wait for missing ones.
};

}  // namespace troupe
