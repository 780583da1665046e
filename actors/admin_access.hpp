// Whom the admin pages answer: whoever knows the token. Besides, a web page must not reach them
// through the browser of somebody who can: not under a name of its own that points here (DNS
// rebinding), not by a form, and not by a link. On the public port only the tokens of users count.
// Pure, time is passed in. Documented in docs/admin.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "net/http_message.hpp"

namespace troupe::admin {

/// Who is to be answered.
enum class callers : std::uint8_t {
  operators,  ///< And users, with the rights of their tokens.
  users,      ///< Nobody else: there is no admin token here.
};

struct access {
  std::string address;                     ///< admin.address
  std::vector<std::string> allowed_hosts;  ///< admin.allowed_hosts, without ports.
  secret token;                            ///< Empty: none does.
  callers whom = callers::operators;
};

/// The role of whoever shows the token of a user (http_asker).
inline constexpr std::string_view role_of_user = "user";

/// By what the requests of a user are counted; empty for anybody else, whose are not.
std::string share_of(const http_asker& asker);

/// What the token of a user says about a request.
enum class user_token : std::uint8_t {
  unknown,    ///< It is none, or a bad one.
  forbidden,  ///< It is good, and has no right to this.
  allowed,
};
struct judged_token {
  judged_token(user_token is) : what(is) {}
  judged_token(user_token is, std::string_view fault) : what(is), why(fault) {}

  user_token what;
  std::string_view why;  ///< What is wrong with an unknown one, in words. Static storage.
};
using user_token_check = std::function<judged_token(const std::string& token)>;

/// 415 for a request that may change something and whose body is of a type that the page of another
/// site may send without asking first; nothing for any other.
std::optional<http_answer> refusal_of_body(const http_request& request);

/// Decides about the requests of all connections of a listener. Thread: any.
class guard {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Wrong tokens of one address in a second; then no admin token of this address is compared until
  /// the second is over. Tokens of users, which are signed, always count.
  static constexpr std::size_t wrong_tries_max = 10;
  /// Addresses of which wrong tokens are counted; while there are as many, others have no try,
  /// unless only users are answered.
  static constexpr std::size_t addresses_max = 1000;

  explicit guard(access to) : to_(std::move(to)) {}

  callers whom() const noexcept { return to_.whom; }

  /// Why a request is not answered; nothing if it is. It looks at the header alone.
  /// 421: it is for another host. 403: a browser sends it for a page of another site. 401: the
  /// token is missing or wrong (only /healthz, /readyz and the dashboard's files do without). 429:
  /// too many wrong ones came from there. 415: it may change something, and its body is of a type
  /// that pages may send without asking first. `users`: asked about tokens that are not the admin
  /// token; 403 where one has no right.
  std::optional<http_answer> refusal_of(const http_request& request, time_point now,
                                        const user_token_check& users = {});

 private:
  std::optional<http_answer> refusal_of_page(const http_request& request) const;
  std::optional<http_answer> refusal_of_token(const http_request& request, time_point now,
                                              const user_token_check& users);
  bool may_try(const std::string& address, time_point now);
  void note_wrong_try(const std::string& address);

  const access to_;
  std::mutex mutex_;                                // guards what follows
  std::map<std::string, std::size_t> wrong_tries_;  // by address, since the second began
  time_point second_began_;
};

}  // namespace troupe::admin
