// What the server answers to plain HTTP: health, and help for those who came without a WebSocket.
// Pure: a method and a target in, an answer out; http_connection writes it.
#pragma once

#include <string_view>

#include "net/http_message.hpp"

namespace troupe {

/// The answer to a request that asks for no upgrade.
/// GET /healthz 200; GET of a document 426; GET of a bad document name 400; GET / 404; other
/// methods 405. HEAD is answered as GET (the caller leaves the body out).
http_answer answer_plain_request(std::string_view method, std::string_view target);

/// The answer to an upgrade request whose document name is bad.
http_answer answer_bad_name(std::string_view why);

}  // namespace troupe
