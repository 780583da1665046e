#include "net/http_connection.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "net/document_path.hpp"
#include "net/http_routes.hpp"
#include "net/websocket_upgrade.hpp"

namespace troupe {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::chrono::seconds linger_max{2};

std::string address_of(const tcp_socket& socket) {
  error_code failed;
  const auto endpoint = socket.remote_endpoint(failed);
  return failed ? std::string{"unknown"} : endpoint.address().to_string();
}

class http_connection final : public unit_member,
                              public std::enable_shared_from_this<http_connection> {
 public:
  http_connection(io_unit& unit, tcp_socket socket, std::shared_ptr<http_service> service)
      : unit_(unit),
        socket_(std::move(socket)),
        timer_(unit.context()),
        service_(std::move(service)),
        remote_address_(address_of(socket_)) {}

  void start() {
    unit_.add(shared_from_this());
    read_request();
  }

  // unit_member
  void flush() override {}
  void terminate_now() override { finish(); }
  bool is_upgraded() const noexcept override { return false; }

 private:
  enum class after_answer : std::uint8_t { keep_alive, close };

  void read_request() {
    parser_.emplace();
    parser_->header_limit(service_->settings.http_header_bytes_max);
    set_deadline(service_->settings.http_deadline);
    http::async_read_header(socket_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (!self->finished_) self->on_header(error);
                            });
  }

  void on_header(error_code error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return refuse(431, "The header of the request is too large.\n");
    }
    const bool is_bad_request =
        error && error.category() == make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message;
    if (is_bad_request)
      return refuse(400, "This is not an HTTP/1.1 request: " + error.message() + ".\n");
    if (error) return finish();
    if (!parser_->is_done()) return refuse(413, "Requests with a body are not accepted.\n");
    if (beast::websocket::is_upgrade(parser_->get())) return on_upgrade();
    const auto& request = parser_->get();
    answer(answer_plain_request(view(request.method_string()), view(request.target())),
           request.keep_alive() ? after_answer::keep_alive : after_answer::close);
  }

  void on_upgrade() {
    const auto& request = parser_->get();
    if (request[http::field::sec_websocket_version] != "13") {
      return answer({.status = 426,
                     .body = "Only WebSocket version 13 is understood.\n",
                     .allow = {},
                     .names_upgrade = true},
                    after_answer::close);
    }
    if (request[http::field::sec_websocket_key].empty())
      return refuse(400, "Sec-WebSocket-Key is missing.\n");
    if (buffer_.size() > 0) return refuse(400, "Data came before the upgrade was answered.\n");
    auto document = document_name_from_target(view(request.target()));
    if (!document) return answer(answer_bad_name(document.error().detail), after_answer::close);
    hand_over({.document = std::move(*document),
               .query = std::string{query_of_target(view(request.target()))},
               .remote_address = remote_address_});
  }

  /// The socket leaves this object, which ends here.
  void hand_over(upgrade_request request) {
    finished_ = true;
    timer_.cancel();
    auto connection = make_websocket_connection(unit_, std::move(socket_), parser_->release(),
                                                service_->settings, std::move(remote_address_));
    unit_.remove(shared_from_this());
    service_->acceptor->on_upgrade(unit_, std::move(connection), std::move(request));
  }

  void refuse(unsigned status, std::string text) {
    answer({.status = status, .body = std::move(text), .allow = {}}, after_answer::close);
  }

  void answer(http_answer what, after_answer next) {
    const bool head_only = parser_->get().method() == http::verb::head;
    response_.emplace(static_cast<http::status>(what.status), 11);
    response_->set(http::field::server, "troupe");
    response_->set(http::field::content_type, "text/plain; charset=utf-8");
    response_->set(http::field::cache_control, "no-store");
    if (!what.allow.empty())
      response_->set(http::field::allow, beast::string_view{what.allow.data(), what.allow.size()});
    if (what.names_upgrade) {
      response_->set(http::field::upgrade, "websocket");
      response_->set(http::field::sec_websocket_version, "13");
    }
    response_->body() = std::move(what.body);
    response_->keep_alive(next == after_answer::keep_alive);
    if (what.names_upgrade) response_->insert(http::field::connection, "Upgrade");
    response_->prepare_payload();
    if (head_only) response_->body().clear();  // Content-Length stays
    http::async_write(socket_, *response_,
                      [self = shared_from_this(), next](error_code error, std::size_t) {
                        if (self->finished_) return;
                        if (error) return self->finish();
                        next == after_answer::keep_alive ? self->read_request() : self->linger();
                      });
  }

  /// Lets the peer read the answer: closing with unread input would reset the connection and may
  /// destroy it.
  void linger() {
    error_code ignored;
    socket_.shutdown(tcp_socket::shutdown_send, ignored);
    set_deadline(linger_max);
    discard();
  }

  void discard() {
    socket_.async_read_some(asio::buffer(discarded_),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (self->finished_) return;
                              error ? self->finish() : self->discard();
                            });
  }

  void set_deadline(io_unit::clock::duration within) {
    timer_.expires_after(within);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled || self->finished_ || self->timer_.expiry() > io_unit::clock::now()) return;
      self->finish();
    });
  }

  void finish() {
    if (std::exchange(finished_, true)) return;
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    unit_.remove(shared_from_this());
  }

  static std::string_view view(beast::string_view text) noexcept {
    return {text.data(), text.size()};
  }

  io_unit& unit_;
  tcp_socket socket_;
  io_timer timer_;
  std::shared_ptr<http_service> service_;
  std::string remote_address_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::array<char, 512> discarded_;
  bool finished_ = false;
};

}  // namespace

void serve_http(io_unit& unit, tcp_socket socket, std::shared_ptr<http_service> service) {
  if (service->stopped) return;
  std::make_shared<http_connection>(unit, std::move(socket), std::move(service))->start();
}

}  // namespace troupe
