// The listening socket of the server: binds an address, accepts on the first unit and hands the
// sockets to all units in turn. Each socket speaks HTTP (http_connection) until it upgrades;
// whether it may, and what becomes of the WebSocket, is decided by the connection_acceptor.
//
// Owner: main. Thread: any. The units outlive the listener. Out of file descriptors it waits
// instead of spinning. It does not count connections: the acceptor decides about capacity. No Asio
// and no CAF in this header.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

/// What decides about an upgrade before it is accepted.
struct upgrade_request {
  std::string target;          ///< Path and query, as sent.
  std::string remote_address;  ///< IP address of the client, without port (client_address).
  // Header fields in which a token may come, as sent; empty: absent. Never to be logged.
  std::string authorization = {};
  std::string subprotocols = {};  ///< All that are offered, with commas between them.
  std::string cookies = {};       ///< `name=value`, with semicolons between them.
  std::string origin = {};
};

/// Why an upgrade is refused for the moment.
struct passing_refusal {
  std::string text;  ///< For the client.
  std::chrono::seconds retry_after{1};
};

/// An upgrade that was admitted: it waits for its connection.
class admitted_upgrade {
 public:
  virtual ~admitted_upgrade() = default;

  /// How long its answer is held back. Asked once; the client may leave meanwhile, then this object
  /// is just dropped. Thread: as choose_unit().
  virtual std::chrono::milliseconds wait() { return {}; }

  /// Asked after the wait: an answer without an upgrade. Thread: as choose_unit().
  virtual std::optional<passing_refusal> refusal() { return {}; }

  /// On which unit the connection shall live. Thread: that of `current`, where its request was
  /// read.
  virtual io_unit& choose_unit(io_unit& current) { return current; }

  /// The connection is there. One that is to be refused is started, too, then closed with its
  /// reason, so that the client can read it. Called once. Thread: the unit's.
  virtual void on_connection(io_unit& unit, std::shared_ptr<websocket_connection> connection) = 0;
};

/// What a client mistook the port for.
enum class wrong_scheme : unsigned char {
  plain,  ///< It began with plain HTTP where TLS is spoken.
  tls,    ///< It began with TLS where plain HTTP is spoken.
};

/// Decides about upgrades and receives the new WebSockets. Thread: the unit's.
class connection_acceptor {
 public:
  virtual ~connection_acceptor() = default;

  /// Admits an upgrade, or says what is wrong with its target. Also asked about plain requests, to
  /// say whether an upgrade would work. Fails with invalid_name; the detail is for the client.
  virtual result<std::unique_ptr<admitted_upgrade>> admit(upgrade_request request) = 0;

  /// Why no new clients should come now; nothing: they should.
  virtual std::optional<std::string> why_not_ready() const { return {}; }

  /// A connection was turned away before its upgrade.
  virtual void on_refused(admission /*why*/) {}
  virtual void on_origin_refused(std::string_view /*origin*/,
                                 const std::string& /*remote_address*/) {}
  virtual void on_wrong_scheme(wrong_scheme /*spoken*/, const std::string& /*remote_address*/) {}
};

struct listener_settings {
  std::string address = "0.0.0.0";  ///< IPv4 or IPv6 address
  std::uint16_t port = 0;           ///< 0: any free one
  connection_settings connection;
  address_limit_settings per_address;
  origin_policy origins;
  /// Which subprotocols are answered; empty: whatever a client offers first.
  std::vector<std::string> subprotocols;
  /// How many sockets may be open. For further ones those that have waited for a request for a
  /// second are closed, the oldest first; else they wait in the kernel. 0: no limit.
  std::size_t connections_max = 0;
  /// Called when no connection can be accepted for want of descriptors or memory, each time that it
  /// is tried (ten times a second). Thread: the first unit's.
  std::function<void(const std::string& why)> on_out_of_resources;
  std::shared_ptr<const tls_context> tls;  ///< Null: plain sockets.
};

/// What answers plain requests on a listener that is given no handler (http_routes).
std::shared_ptr<http_handler> make_plain_handler(std::shared_ptr<connection_acceptor> acceptor);

class listener {
 public:
  /// Binds and begins to accept. Without an acceptor nobody can upgrade; without a handler plain
  /// requests are answered by http_routes. Requires: at least one unit.
  /// Fails with address_in_use if the address is in use, not ours or not allowed, and with
  /// invalid_config if it is no address.
  static result<std::unique_ptr<listener>> open(std::vector<io_unit*> units,
                                                const listener_settings& settings,
                                                std::shared_ptr<connection_acceptor> acceptor,
                                                std::shared_ptr<http_handler> handler = nullptr);
  ~listener();

  /// The port it listens on.
  std::uint16_t port() const noexcept;

  /// Accepts no more and ends the connections that have not upgraded yet; WebSockets stay. Done
  /// soon after it returns.
  void stop();

 private:
  class core;
  explicit listener(std::shared_ptr<core> state);

  std::shared_ptr<core> core_;
};

}  // namespace troupe
