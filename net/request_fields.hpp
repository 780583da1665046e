// What http_connection asks of the header of a request beyond what its parser checks. It has no
// state. For sources of net/ only.
#pragma once

#include <string>
#include <string_view>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

namespace troupe {

using request_head = boost::beast::http::header<true, boost::beast::http::fields>;

inline std::string_view view_of(boost::beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

/// What is wrong with a header that names something twice or not at all, in words for the client;
/// empty if nothing is. Proxies and servers disagree about which of two counts. Source: RFC 9112,
/// 3.2; RFC 6455, 11.3.
std::string_view mistake_in(const request_head& request) noexcept;

/// Whether the request asks for a WebSocket: GET, `Connection` with "upgrade" and `Upgrade` with
/// "websocket". A list may be spread over several lines of the same name (RFC 9110, 5.3).
bool asks_for_websocket(const request_head& request) noexcept;

/// Whether the request announces a body, be it empty: by its length, or in chunks.
bool has_body(const request_head& request) noexcept;

/// The values of all lines of that name, with commas between them, or what else separates them.
std::string values_of(const request_head& request, boost::beast::http::field name,
                      std::string_view separator = ",");

/// The same of a condition: "," if its lines are there and empty, so that it is not taken for none.
std::string condition_in(const request_head& request, boost::beast::http::field name);

/// The value of the first line of that name; empty if there is none.
std::string_view value_of(const request_head& request, boost::beast::http::field name) noexcept;
std::string_view value_of(const request_head& request, std::string_view name) noexcept;

/// The IP address of whoever sent the request: of the peer; or, if that is a proxy on this machine,
/// the address that the proxy saw, the last one in X-Forwarded-For. Elsewhere anybody could write
/// one. What is no address there is not believed.
std::string client_address(const request_head& request, const std::string& peer);

/// Whom the request is for: the host in its target, if that is absolute, else its Host header.
std::string_view host_of(const request_head& request) noexcept;

}  // namespace troupe
