// Whom the admin pages answer. They ask for no password, so a web page must not reach them through
// the browser of somebody who can: not under a name of its own that points here (DNS rebinding),
// not by a form, and not by a link. Pure. Documented in docs/admin.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/http_message.hpp"

namespace troupe::admin {

struct access {
  std::string address;                     ///< admin.address
  std::vector<std::string> allowed_hosts;  ///< admin.allowed_hosts, without ports.
};

/// Why a request is not answered; nothing if it is.
/// 421: it is for another host. 403: a browser sends it for a page of another site. 415: a POST
/// whose body is not application/json, as pages may send it without asking first.
std::optional<http_answer> refusal_of(const http_request& request, const access& to);

}  // namespace troupe::admin
