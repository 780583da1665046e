// From an HTTP request to a WebSocket connection: what http_connection hands over. For sources of
// net/ only, since it shows Asio and Beast.
#pragma once

#include <memory>
#include <string>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include "net/asio.hpp"
#include "net/connection_settings.hpp"
#include "net/io_unit.hpp"
#include "net/websocket_connection.hpp"

namespace troupe {

using http_request = boost::beast::http::request<boost::beast::http::empty_body>;

/// A connection that has not answered its upgrade request yet; start() does.
/// Requires: the socket belongs to the unit; the request is an upgrade to WebSocket.
std::shared_ptr<websocket_connection> make_websocket_connection(io_unit& unit, tcp_socket socket,
                                                                http_request request,
                                                                const connection_settings& settings,
                                                                std::string remote_address);

}  // namespace troupe
