#include "net/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "base/check.hpp"
#include "net/asio.hpp"
#include "net/http_connection.hpp"
#include "net/http_routes.hpp"
#include "net/tls_context.hpp"

namespace troupe {
namespace {

using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, io_executor>;

constexpr int backlog = 4096;
constexpr std::chrono::milliseconds accept_retry_delay{100};
/// How many are accepted before others have their turn.
constexpr int accepts_per_event_max = 64;

/// Whether accept cannot succeed before something is released.
bool is_out_of_resources(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/// Answers clients that came without a WebSocket.
class plain_routes final : public http_handler {
 public:
  explicit plain_routes(std::shared_ptr<connection_acceptor> acceptor)
      : acceptor_(std::move(acceptor)) {}

  void on_request(http_request request, std::function<void(http_answer)> answer) override {
    const auto check = [&](std::string_view target) -> result<void> {
      if (!acceptor_) return {};
      TROUPE_TRY(acceptor_->admit(
          {.target = std::string{target}, .remote_address = request.remote_address}));
      return {};
    };
    const readiness_check why_not = [this] {
      return acceptor_ ? acceptor_->why_not_ready() : std::nullopt;
    };
    answer(answer_plain_request(request.method, request.target, request.host, check, why_not));
  }

 private:
  std::shared_ptr<connection_acceptor> acceptor_;
};

/// Binds and listens. Returns the first error.
error_code bind_to(tcp_acceptor& acceptor, const asio::ip::tcp::endpoint& endpoint) {
  error_code failed;
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(tcp_acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(backlog, failed);
  if (!failed) acceptor.non_blocking(true, failed);
  return failed;
}

}  // namespace

/// The accepting itself. Lives on the first unit; kept alive by its pending operations.
class listener::core : public std::enable_shared_from_this<core> {
 public:
  core(std::vector<io_unit*> units, tcp_acceptor acceptor, std::shared_ptr<http_service> service,
       const listener_settings& settings)
      : units_(std::move(units)),
        acceptor_(std::move(acceptor)),
        retry_(units_.front()->context()),
        service_(std::move(service)),
        tls_(settings.tls),
        connections_max_(settings.connections_max),
        on_out_of_resources_(settings.on_out_of_resources),
        port_(acceptor_.local_endpoint().port()) {}

  std::uint16_t port() const noexcept { return port_; }

  void start() {
    asio::post(units_.front()->context(), [self = shared_from_this()] { self->accept_next(); });
  }

  void stop() {
    if (service_->stopped.exchange(true)) return;
    asio::post(units_.front()->context(), [self = shared_from_this()] { self->close(); });
    for (io_unit* unit : units_) {
      asio::post(unit->context(), [unit] { unit->terminate_not_upgraded(); });
    }
  }

 private:
  void accept_next() {
    if (service_->stopped) return close();
    acceptor_.async_wait(tcp_acceptor::wait_read, [self = shared_from_this()](error_code failed) {
      if (failed) return;
      if (self->is_full()) return self->make_room();
      self->accept_some();
    });
  }

  /// Goes on when a socket has been closed: that of the connection that waits longest for a
  /// request, or if all are being answered, the first that has its answer.
  void make_room() {
    waits_for_place_ = true;
    service_->waiting->make_room();
  }

  /// By plain calls: Asio would register each socket with its own reactor, and take it back out
  /// when it goes to the unit's poller.
  void accept_some() {
    for (int i = 0; i < accepts_per_event_max && !is_full(); ++i) {
      asio::ip::tcp::endpoint peer;
      auto size = static_cast<socklen_t>(peer.capacity());
      const int socket =
          ::accept4(acceptor_.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket >= 0) {
        peer.resize(size);
        hand_on(socket, peer.address().to_string());
      } else if (is_out_of_resources(errno)) {
        return accept_later(errno);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      }  // any other error belongs to the one connection that was lost
    }
    accept_next();
  }

  void hand_on(int socket, const std::string& address) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    io_unit& unit = *units_[next_unit_];
    next_unit_ = (next_unit_ + 1) % units_.size();
    auto [outcome, place] = service_->limits->admit(address, io_unit::clock::now());
    if (connections_max_ > 0) place = counted(std::move(place));
    accepted_socket accepted{
        transport{socket, tls_ ? tls_->make_session() : nullptr, std::move(place)}, address,
        outcome};
    if (unit.on_own_thread()) return serve_http(unit, std::move(accepted), service_);
    // std::function wants what can be copied.
    const auto moved = std::make_shared<accepted_socket>(std::move(accepted));
    unit.post([&unit, service = service_, moved] { serve_http(unit, std::move(*moved), service); });
  }

  bool is_full() const noexcept { return connections_max_ > 0 && open_ >= connections_max_; }

  /// A place that counts as an open socket as well, until it is given back on any thread.
  address_place counted(address_place place) {
    ++open_;
    return {this, [weak = weak_from_this(), place = std::move(place)](void*) {
              if (const auto self = weak.lock())
                asio::post(self->units_.front()->context(), [self] { self->on_place_free(); });
            }};
  }

  void on_place_free() {
    --open_;
    if (!std::exchange(waits_for_place_, false)) return;
    service_->waiting->on_room();
    accept_next();
  }

  void accept_later(int error) {
    if (on_out_of_resources_)
      on_out_of_resources_(std::error_code{error, std::generic_category()}.message());
    retry_.expires_after(accept_retry_delay);
    retry_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->accept_next();
    });
  }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
  }

  const std::vector<io_unit*> units_;
  tcp_acceptor acceptor_;
  io_timer retry_;
  std::shared_ptr<http_service> service_;
  std::shared_ptr<const tls_context> tls_;
  std::size_t next_unit_ = 0;
  const std::size_t connections_max_;
  const std::function<void(const std::string& why)> on_out_of_resources_;
  std::size_t open_ = 0;  // sockets that are counted, on the first unit's thread
  bool waits_for_place_ = false;
  const std::uint16_t port_;
};

std::shared_ptr<http_handler> make_plain_handler(std::shared_ptr<connection_acceptor> acceptor) {
  return std::make_shared<plain_routes>(std::move(acceptor));
}

listener::listener(std::shared_ptr<core> state) : core_(std::move(state)) {}

listener::~listener() { stop(); }

std::uint16_t listener::port() const noexcept { return core_->port(); }

void listener::stop() { core_->stop(); }

result<std::unique_ptr<listener>> listener::open(std::vector<io_unit*> units,
                                                 const listener_settings& settings,
                                                 std::shared_ptr<connection_acceptor> acceptor,
                                                 std::shared_ptr<http_handler> handler) {
  TROUPE_CHECK(!units.empty());
  error_code failed;
  const auto address = asio::ip::make_address(settings.address, failed);
  if (failed)
    return fail(errc::invalid_config,
                "'" + settings.address + "' is not an IP address to listen on");
  tcp_acceptor socket{units.front()->context()};
  if (failed = bind_to(socket, {address, settings.port}); failed) {
    return fail(errc::address_in_use, "cannot listen on address " + settings.address + ", port " +
                                          std::to_string(settings.port) + ": " + failed.message());
  }
  auto service = std::make_shared<http_service>();
  service->settings = std::make_shared<const connection_settings>(settings.connection);
  service->handler = handler ? std::move(handler) : make_plain_handler(acceptor);
  service->acceptor = std::move(acceptor);
  service->origins = settings.origins;
  service->subprotocols = settings.subprotocols;
  service->limits = std::make_shared<address_limits>(settings.per_address);
  if (settings.connections_max > 0) service->waiting = std::make_unique<waiting_requests>();
  auto state =
      std::make_shared<core>(std::move(units), std::move(socket), std::move(service), settings);
  state->start();
  return std::unique_ptr<listener>{new listener{std::move(state)}};
}

}  // namespace troupe
