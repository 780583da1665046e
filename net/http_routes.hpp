// What the server answers to plain HTTP: health, and help for clients that came without a
// WebSocket. Pure: a method and a target in, an answer out; http_connection writes it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "net/http_message.hpp"

namespace troupe {

/// Says whether an upgrade to a target would be admitted. Fails with invalid_name.
using target_check = std::function<result<void>(std::string_view target)>;

/// Why the server should receive no new clients now; nothing: it should.
using readiness_check = std::function<std::optional<std::string>()>;

/// 200, or 503 with the cause.
http_answer answer_readiness(const readiness_check& why_not);

/// The answer to a request that asks for no upgrade.
/// GET /healthz and GET / 200; GET /readyz as answer_readiness(); GET of a target that could be
/// upgraded 426; GET of any other 400; other methods 405. HEAD is answered as GET (the caller
/// leaves the body out). `host`, that of the request, is shown as the address to connect to.
http_answer answer_plain_request(std::string_view method, std::string_view target,
                                 std::string_view host, const target_check& check,
                                 const readiness_check& why_not = {});

/// The answer to an upgrade request whose document name is bad.
http_answer answer_bad_name(std::string_view why);

}  // namespace troupe
