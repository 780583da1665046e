#include "actors/upstream_fetch.hpp"

#include <algorithm>

#include "net/websocket_client.hpp"

namespace troupe {

namespace {

using std::chrono::steady_clock;

websocket_url url_for(const upstream_server& server, const std::string& name) {
  websocket_url to = server.url;
  if (server.exchange.protocol == upstream_protocol::hocuspocus) return to;
  if (!to.path.ends_with('/')) to.path.append("/");
  to.path.append(path_encoded(name));
  if (server.token.empty()) return to;
  if (!to.query.empty()) to.query.append("&");
  to.query.append("token=").append(percent_encoded(server.token.reveal()));
  return to;
}

bool has_step(std::string_view path) noexcept {
  for (;;) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part == "." || part == "..") return true;
    if (end == path.size()) return false;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

std::string upstream_name(upstream_protocol protocol, std::string_view document) {
  if (protocol == upstream_protocol::hocuspocus) return std::string{document};
  if (has_step(document)) return {};
  std::string name;
  for (const char c : document) {
    name.push_back(c);
    if (c == '%') name.append("25");
  }
  return name;
}

std::string escaped_upstream_name(upstream_protocol protocol, std::string_view document) {
  if (protocol == upstream_protocol::hocuspocus) return {};
  // Source: ECMA-262, encodeURIComponent.
  constexpr std::string_view kept = "-_.!~*'()";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string name;
  for (const char c : document) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || kept.find(c) != std::string_view::npos;
    if (is_plain)
      name.push_back(c);
    else
      name.append("%").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  if (has_step(name) || path_encoded(name) == path_encoded(upstream_name(protocol, document)))
    return {};
  return name;
}

result<void> fetch_state(const upstream_server& from, const std::string& name,
                         upstream_state& got) {
  got = {};
  const websocket_client_settings settings{.timeout = from.timeout,
                                           .message_bytes_max = from.exchange.bytes_max + 1024,
                                           .ca_file = from.ca_file,
                                           .is_stopping = from.is_stopping,
                                           .memory = from.memory};
  TROUPE_ASSIGN(const auto client, websocket_client::connect(url_for(from, name), settings));
  got.is_reached = true;
  upstream_exchange exchange{from.exchange, name, from.token.reveal()};
  const auto deadline = steady_clock::now() + from.timeout;
  for (;;) {
    // A question is asked anew with nothing in hand.
    const auto questions = exchange.take_frames();
    if (!questions.empty()) client->forget();
    for (const byte_buffer& each : questions) TROUPE_TRY(client->send(each));
    const auto until = std::min(deadline, exchange.wakes_at().value_or(deadline));
    TROUPE_ASSIGN(const auto frame, client->receive_until(until));
    if (frame) TROUPE_TRY(exchange.on_frame(*frame, steady_clock::now()));
    exchange.on_time(steady_clock::now());
    if (exchange.is_whole()) break;
    if (steady_clock::now() >= deadline)
      return fail(errc::request_failed, "the server sent no state within " +
                                            std::to_string(from.timeout.count()) + " ms");
  }
  got.updates = exchange.take_updates();
  return {};
}

}  // namespace troupe
