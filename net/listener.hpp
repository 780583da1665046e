// The door of the server: binds an address, accepts on the first unit and hands the sockets to all
// units in turn. Each socket speaks HTTP (http_connection) until it upgrades; the WebSocket then
// goes to the connection_acceptor.
//
// Owner: main. Thread: any. The units outlive the listener. Out of file descriptors it waits
// instead of spinning. It does not count connections: capacity is decided by the acceptor. No Asio
// and no CAF in this header.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/errc.hpp"
#include "net/address_limits.hpp"
#include "net/connection_settings.hpp"
#include "net/origin_policy.hpp"

namespace troupe {

class http_handler;
class io_unit;
class tls_context;
class websocket_connection;

/// What a client asked for when it upgraded.
struct upgrade_request {
  std::string document;        ///< checked name, see document_of_upgrade; empty for `/`
  std::string query;           ///< behind the '?', as it was sent
  std::string remote_address;  ///< IP address, without port
};

/// What a client took the port for.
enum class wrong_scheme : unsigned char {
  plain,  ///< It began with plain HTTP where TLS is spoken.
  tls,    ///< It began with TLS where plain HTTP is spoken.
};

/// Who takes the new WebSockets. Also one to be refused is started, then closed with its reason, so
/// that the client can read it. Thread: the unit's.
class connection_acceptor {
 public:
  virtual ~connection_acceptor() = default;

  virtual void on_upgrade(io_unit& unit, std::shared_ptr<websocket_connection> connection,
                          upgrade_request request) = 0;

  /// On which unit the connection shall live; by default where its request was read.
  virtual io_unit& choose_unit(io_unit& current, const std::string& /*document*/) {
    return current;
  }

  /// A connection was turned away before its upgrade.
  virtual void on_refused(admission /*why*/) {}
  virtual void on_origin_refused() {}
  virtual void on_wrong_scheme(wrong_scheme /*spoken*/, const std::string& /*remote_address*/) {}
};

struct listener_settings {
  std::string address = "0.0.0.0";  ///< IPv4 or IPv6 address
  std::uint16_t port = 0;           ///< 0: any free one
  connection_settings connection;
  address_limit_settings per_address;
  origin_policy origins;
  std::shared_ptr<const tls_context> tls;  ///< Null: plain sockets.
};

class listener {
 public:
  /// Binds and begins to accept. Without an acceptor nobody can upgrade; without a handler plain
  /// requests are answered by http_routes. Requires: at least one unit.
  /// Fails with address_in_use if the address is taken, not ours or not allowed, and with
  /// invalid_config if it is no address.
  static result<std::unique_ptr<listener>> open(std::vector<io_unit*> units,
                                                const listener_settings& settings,
                                                std::shared_ptr<connection_acceptor> acceptor,
                                                std::shared_ptr<http_handler> handler = nullptr);
  ~listener();

  /// The port it listens on.
  std::uint16_t port() const noexcept;

  /// Accepts no more and ends the connections that have not upgraded yet; WebSockets go on. Done
  /// soon after it returns.
  void stop();

 private:
  class core;
  explicit listener(std::shared_ptr<core> state);

  std::shared_ptr<core> core_;
};

}  // namespace troupe
