#include "net/http_routes.hpp"

#include "net/request_target.hpp"

namespace troupe {
namespace {

constexpr std::string_view how_to_connect =
    "Connect a WebSocket client to /<document>, for example with y-websocket:\n"
    "  new WebsocketProvider('ws://<host>:<port>', '<document>', doc)\n"
    "GET /healthz says whether the server is up.\n";

std::string with_help(std::string_view text) {
  return std::string{text}.append("\n").append(how_to_connect);
}

}  // namespace

http_answer answer_bad_name(std::string_view why) {
  return {.status = 400,
          .body = with_help(std::string{"Bad document name: "}.append(why).append(".")),
          .allow = {}};
}

http_answer answer_plain_request(std::string_view method, std::string_view target,
                                 const target_check& check) {
  if (method != "GET" && method != "HEAD") {
    return {.status = 405, .body = with_help("Only GET is understood here."), .allow = "GET, HEAD"};
  }
  const std::string_view path = path_of_target(target);
  if (path == "/healthz") return {.status = 200, .body = "ok\n", .allow = {}};
  if (path == "/") return {.status = 404, .body = with_help("There is no page here."), .allow = {}};
  if (const auto checked = check(target); !checked) return answer_bad_name(checked.error().detail);
  return {.status = 426,
          .body = with_help("A document is reached over WebSocket."),
          .allow = {},
          .names_upgrade = true};
}

}  // namespace troupe
