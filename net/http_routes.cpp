#include "net/http_routes.hpp"

#include "net/request_target.hpp"

namespace troupe {
namespace {

constexpr std::string_view how_to_connect =
    "Connect a WebSocket client to /<document>, for example with y-websocket:\n"
    "  new WebsocketProvider('ws://<host>:<port>', '<document>', doc)\n"
    "GET /healthz says whether the server is up, GET /readyz whether it can take edits.\n";

constexpr std::string_view page_begin =
    "This is troupe, a real-time collaboration server for Yjs clients.\n"
    "It serves documents over WebSocket, not web pages.\n\n"
    "Its address for clients is ws://";
constexpr std::string_view page_end = " (wss:// where TLS is spoken).\n"
                                      "Programs without Yjs speak JSON on the same address.\n\n";

/// The page of `/`. A host with odd letters is not repeated.
std::string front_page(std::string_view host) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
  const bool is_plain = !host.empty() && host.find_first_not_of(letters) == std::string_view::npos;
  return std::string{page_begin}
      .append(is_plain ? host : "<host>:<port>")
      .append(page_end)
      .append(how_to_connect);
}

std::string with_help(std::string_view text) {
  return std::string{text}.append("\n").append(how_to_connect);
}

}  // namespace

http_answer answer_bad_name(std::string_view why) {
  return {.status = 400,
          .body = with_help(std::string{"Bad document name: "}.append(why).append(".")),
          .allow = {}};
}

http_answer answer_readiness(const readiness_check& why_not) {
  if (const auto cause = why_not ? why_not() : std::nullopt)
    return {.status = 503,
            .body = "not ready: " + *cause + "\n",
            .allow = {},
            .retry_after = std::chrono::seconds{1}};
  return {.status = 200, .body = "ready\n", .allow = {}};
}

http_answer answer_plain_request(std::string_view method, std::string_view target,
                                 std::string_view host, const target_check& check,
                                 const readiness_check& why_not) {
  if (method != "GET" && method != "HEAD") {
    return {.status = 405, .body = with_help("Only GET is understood here."), .allow = "GET, HEAD"};
  }
  const std::string_view path = path_of_target(target);
  if (path == "/healthz") return {.status = 200, .body = "ok\n", .allow = {}};
  if (path == "/readyz") return answer_readiness(why_not);
  if (path == "/") return {.status = 200, .body = front_page(host), .allow = {}};
  if (const auto checked = check(target); !checked) return answer_bad_name(checked.error().detail);
  return {.status = 426,
          .body = with_help("A document is reached over WebSocket."),
          .allow = {},
          .names_upgrade = true};
}

}  // namespace troupe
