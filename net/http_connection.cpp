#include "net/http_connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "net/asio.hpp"
#include "net/http_routes.hpp"
#include "net/request_fields.hpp"
#include "net/websocket_handshake.hpp"
#include "net/websocket_upgrade.hpp"

namespace troupe {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::chrono::seconds linger_max{2};

/// The first byte of a TLS connection, and of no HTTP request.
constexpr char tls_handshake = 0x16;

constexpr unsigned not_modified = 304;

beast::string_view to_beast(std::string_view text) noexcept { return {text.data(), text.size()}; }

class http_connection final : public unit_member,
                              public pollable,
                              public std::enable_shared_from_this<http_connection> {
 public:
  http_connection(io_unit& unit, accepted_socket accepted, std::shared_ptr<http_service> service)
      : unit_(unit),
        socket_(std::move(accepted.socket)),
        timer_(unit.context()),
        service_(std::move(service)),
        remote_address_(std::move(accepted.remote_address)),
        admission_(accepted.outcome) {}

  void start() {
    unit_.add(shared_from_this());
    if (!unit_.sockets().add(socket_.socket(), *this, {.readable = true})) return finish();
    next_request();
  }

  // unit_member
  void flush() override {}
  void terminate_now() override { finish(); }
  bool is_upgraded() const noexcept override { return false; }

  // pollable
  void on_ready(readiness) override {
    const auto keep = shared_from_this();
    if (is_writing_) write();
    if (!is_finished_) read();
  }

 private:
  enum class after_answer : std::uint8_t { keep_alive, close };

  void next_request() {
    parser_.emplace();
    parser_->header_limit(service_->settings->http_header_bytes_max);
    parser_->body_limit(boost::none);  // on_head() decides
    give_back_memory();
    set_deadline(service_->settings->http_deadline);
    set_waiting(true);
  }

  /// While it waits for a request that may be answered, it makes room for newcomers.
  void set_waiting(bool waits) {
    if (!service_->waiting) return;
    waits_for_request_ = waits;
    if (!waits) return service_->waiting->remove(this);
    service_->waiting->add(this, io_unit::clock::now(), [&unit = unit_, weak = weak_from_this()] {
      unit.post([weak] {
        const auto self = weak.lock();
        if (self && self->waits_for_request_) self->finish();
      });
    });
  }

  void read() {
    const std::span<std::uint8_t> room = unit_.read_buffer();
    const io_outcome got = socket_.read(room);
    if (got.status == io_status::would_block) return;
    if (got.status != io_status::done) return on_read_end();
    if (is_lingering_) return;  // thrown away
    input_.append(reinterpret_cast<const char*>(room.data()), got.size);
    if (input_.size() > input_size_max()) return refuse(413, "Too much was sent at once.\n");
    if (socket_.has_input()) return read();
    parse();
  }

  /// A client that mistook the port for another kind gets an answer, since a bare end says nothing.
  void on_read_end() {
    if (!socket_.met_plain_http()) return finish();
    socket_.drop_tls();
    refuse_scheme(wrong_scheme::plain, "This port speaks TLS: use https:// or wss://.\n");
  }

  void refuse_scheme(wrong_scheme spoken, std::string text) {
    if (service_->acceptor) service_->acceptor->on_wrong_scheme(spoken, remote_address_);
    refuse(400, std::move(text));
  }

  /// One request at a time: what is pipelined behind it waits here.
  std::size_t input_size_max() const noexcept {
    return 2 * (service_->settings->http_header_bytes_max +
                service_->settings->http_body_bytes_max) +
           unit_.read_buffer().size();
  }

  void parse() {
    if (is_answering_ || input_.empty()) return;
    if (!parser_->got_some() && input_.front() == tls_handshake)
      return refuse_scheme(wrong_scheme::tls, "This port speaks no TLS: use http:// or ws://.\n");
    if (!parse_more()) return;
    if (parser_->is_header_done() && !is_head_seen()) {
      if (!on_head()) return;
      parser_->eager(true);
      set_waiting(false);
      if (!parser_->is_done() && !input_.empty() && !parse_more()) return;
    }
    if (parser_->is_done()) on_request();
  }

  /// Returns false if the request cannot continue with what has come.
  bool parse_more() {
    error_code error;
    const std::size_t used = parser_->put(asio::buffer(input_), error);
    input_.erase(0, used);
    if (error == http::error::need_more) return false;
    if (error) on_bad_request(error);
    return !error;
  }

  /// The parser reads no body before it is set to be eager.
  bool is_head_seen() { return parser_->eager(); }

  /// Decides how large a body may be. Returns false if the request is refused.
  bool on_head() {
    const auto& request = parser_->get();
    const std::size_t usual_max = service_->settings->http_body_bytes_max;
    parser_->body_limit(usual_max);
    if (!is_plain(request)) return is_within(usual_max);
    // A page of somebody else may not use its visitor's reach.
    if (!service_->origins.allows(value_of(request, http::field::origin), host_of(request))) {
      refuse(403, "Pages of this origin may not ask here.\n");
      return false;
    }
    is_head_ = request.method() == http::verb::head;
    body_plan plan = service_->handler->on_head(plain_request());
    asker_ = std::move(plan.asker);
    if (plan.refusal) {
      const bool may_stay = parser_->keep_alive() && !has_body(request);
      answer(std::move(*plan.refusal), may_stay ? after_answer::keep_alive : after_answer::close);
      return false;
    }
    return plan.bytes_max > usual_max ? expect_large_body(usual_max, plan.bytes_max)
                                      : is_within(usual_max);
  }

  bool is_plain(const request_head& request) const {
    return admission_ == admission::admitted && mistake_in(request).empty() &&
           !(service_->acceptor && asks_for_websocket(request));
  }

  bool is_within(std::size_t body_max) {
    const auto announced = parser_->content_length();
    if (!announced || *announced <= body_max) return true;
    on_bad_request(http::error::body_limit);
    return false;
  }

  /// One above the usual size must say how large it is, and finds room in the memory for large
  /// messages before it is read.
  bool expect_large_body(std::size_t usual_max, std::size_t body_max) {
    const auto announced = parser_->content_length();
    if (!announced || *announced <= usual_max) return true;
    if (!is_within(body_max)) return false;
    const auto size = static_cast<std::size_t>(*announced);
    if (const auto& memory = service_->settings->large_messages) {
      if (!memory->take(size)) {
        answer({.status = 503,
                .body = "Too much memory is in use for large messages, try again later.\n",
                .allow = {},
                .retry_after = std::chrono::seconds{1}},
               after_answer::close);
        return false;
      }
      taken_ = size;
    }
    parser_->body_limit(size);
    set_deadline(time_for(size));
    return true;
  }

  void give_back_memory() {
    if (const std::size_t taken = std::exchange(taken_, 0))
      service_->settings->large_messages->give_back(taken);
  }

  /// For so many bytes in one request or answer.
  io_unit::clock::duration time_for(std::size_t size) const {
    return service_->settings->http_deadline +
           std::chrono::seconds{size / service_->settings->large_message_rate_min};
  }

  void on_bad_request(error_code error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      return refuse(431, "The header of the request is too large.\n");
    if (error == http::error::body_limit)
      return refuse(413, service_->settings->http_body_bytes_max == 0
                             ? "Requests with a body are not accepted.\n"
                             : "The body of the request is too large.\n");
    refuse(400, "This is not an HTTP/1.1 request: " + error.message() + ".\n");
  }

  void on_request() {
    const auto& request = parser_->get();
    if (admission_ != admission::admitted) return refuse_admission();
    if (const std::string_view mistake = mistake_in(request); !mistake.empty())
      return refuse(400, std::string{mistake});
    if (service_->acceptor && asks_for_websocket(request)) return on_upgrade();
    is_answering_ = true;
    timer_.cancel();  // the handler answers in a time of its own
    const auto next = parser_->keep_alive() ? after_answer::keep_alive : after_answer::close;
    service_->handler->on_request(
        plain_request(), [&unit = unit_, self = weak_from_this(), next](http_answer what) {
          if (unit.on_own_thread()) return answer_if_there(self, std::move(what), next);
          unit.post([self, next, what = std::move(what)] { answer_if_there(self, what, next); });
        });
  }

  /// The connection may have ended, which its unit alone knows.
  static void answer_if_there(const std::weak_ptr<http_connection>& weak, http_answer what,
                              after_answer next) {
    const auto self = weak.lock();
    if (self && !self->is_finished_) self->answer(std::move(what), next);
  }

  /// The request that was read; its body is moved out.
  http_request plain_request() {
    auto& request = parser_->get();
    return {.method = std::string{view_of(request.method_string())},
            .target = std::string{view_of(request.target())},
            .body = std::move(request.body()),
            // Of a public listener, which proxies may stand in front of.
            .remote_address =
                service_->acceptor ? client_address(request, remote_address_) : remote_address_,
            .host = std::string{host_of(request)},
            .fetch_site = std::string{value_of(request, "Sec-Fetch-Site")},
            .content_type = std::string{value_of(request, http::field::content_type)},
            .authorization = std::string{value_of(request, http::field::authorization)},
            .if_match = condition_in(request, http::field::if_match),
            .if_none_match = condition_in(request, http::field::if_none_match),
            .accept_encoding = values_of(request, http::field::accept_encoding),
            .has_body = has_body(request),
            .asker = std::exchange(asker_, {})};
  }

  void refuse_admission() {
    service_->acceptor->on_refused(admission_);
    refuse(429, admission_ == admission::too_many
                    ? "This address has as many connections as it may.\n"
                    : "This address opens connections too fast, try again later.\n");
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
    const std::string_view key = value_of(request, http::field::sec_websocket_key);
    if (key.empty()) return refuse(400, "Sec-WebSocket-Key is missing.\n");
    if (!is_websocket_key(key))
      return refuse(400, "Sec-WebSocket-Key is not 16 bytes in base64.\n");
    if (!input_.empty()) return refuse(400, "Data came before the upgrade was answered.\n");
    const std::string offered = values_of(request, http::field::sec_websocket_protocol);
    const auto subprotocol = choose_subprotocol(offered, service_->subprotocols);
    if (!subprotocol) return refuse(400, "Sec-WebSocket-Protocol is no list of tokens.\n");
    if (!admit_client(client_address(request, remote_address_))) return refuse_admission();
    const std::string_view origin = value_of(request, http::field::origin);
    if (!service_->origins.allows(origin, host_of(request))) {
      service_->acceptor->on_origin_refused(origin, remote_address_);
      return refuse(403, "Pages of this origin may not connect (server.allowed_origins).\n");
    }
    auto admitted = service_->acceptor->admit(
        {.target = std::string{view_of(request.target())},
         .remote_address = remote_address_,
         .authorization = std::string{value_of(request, http::field::authorization)},
         .subprotocols = offered,
         .cookies = values_of(request, http::field::cookie, ";"),
         .origin = std::string{origin}});
    if (!admitted) return answer(answer_bad_name(admitted.error().detail), after_answer::close);
    waiting_ = std::move(*admitted);
    upgrade_answer_ = accept_upgrade(key, *subprotocol);
    if (const auto wait = waiting_->wait(); wait.count() > 0) return hold_for(wait);
    on_turn();
  }

  /// Whether one more connection of the client may be. Its address was looked at when the socket
  /// came, unless a proxy on this machine tells it only now.
  bool admit_client(std::string address) {
    if (address == remote_address_) return true;
    remote_address_ = std::move(address);
    if (!service_->limits) return true;
    auto [outcome, place] = service_->limits->admit(remote_address_, io_unit::clock::now());
    admission_ = outcome;
    if (place) socket_.hold(std::move(place));
    return outcome == admission::admitted;
  }

  /// The client receives nothing until then; it may leave, which ends this object and with it the
  /// wait.
  void hold_for(std::chrono::milliseconds wait) {
    is_answering_ = true;
    timer_.expires_after(wait);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled || self->is_finished_ || !self->waiting_) return;
      self->set_deadline(self->service_->settings->http_deadline);
      self->on_turn();
    });
  }

  void on_turn() {
    auto admitted = std::exchange(waiting_, nullptr);
    if (const auto refused = admitted->refusal())
      return answer(
          {.status = 503, .body = refused->text, .allow = {}, .retry_after = refused->retry_after},
          after_answer::close);
    if (!input_.empty()) return refuse(400, "Data came before the upgrade was answered.\n");
    hand_over(std::move(admitted), std::move(upgrade_answer_));
  }

  /// The socket leaves this object, which ends here, for the unit on which its session shall live.
  void hand_over(std::unique_ptr<admitted_upgrade> admitted, std::string answer) {
    is_finished_ = true;
    set_waiting(false);
    timer_.cancel();
    const auto keep = shared_from_this();
    unit_.sockets().remove(socket_.socket(), *this);
    unit_.remove(keep);
    io_unit& target = admitted->choose_unit(unit_);
    upgraded_socket upgraded{std::move(socket_), std::move(answer), std::move(remote_address_)};
    // The service holds the acceptor, to which the admitted upgrade refers.
    const auto enter = [service = service_, &target](upgraded_socket& from, admitted_upgrade& to) {
      to.on_connection(target,
                       make_websocket_connection(target, std::move(from), service->settings));
    };
    if (&target == &unit_) return enter(upgraded, *admitted);
    // std::function must be copyable.
    auto moved = std::make_shared<std::pair<upgraded_socket, std::unique_ptr<admitted_upgrade>>>(
        std::move(upgraded), std::move(admitted));
    target.post([enter, moved] { enter(moved->first, *moved->second); });
  }

  void refuse(unsigned status, std::string text) {
    answer({.status = status, .body = std::move(text), .allow = {}}, after_answer::close);
  }

  void answer(http_answer what, after_answer next) {
    if (what.ends_connection) next = after_answer::close;
    http::response<http::empty_body> response{static_cast<http::status>(what.status), 11};
    response.set(http::field::server, "troupe");
    response.set(http::field::content_type, to_beast(what.content_type));
    response.set(http::field::cache_control, to_beast(what.cache_control));
    for (const http_field& each : what.fields)
      response.set(to_beast(each.name), to_beast(each.value));
    if (what.retry_after.count() > 0)
      response.set(http::field::retry_after, std::to_string(what.retry_after.count()));
    if (!what.allow.empty()) response.set(http::field::allow, what.allow);
    if (!what.etag.empty()) response.set(http::field::etag, what.etag);
    if (!what.authenticate.empty())
      response.set(http::field::www_authenticate, to_beast(what.authenticate));
    if (what.names_upgrade) {
      response.set(http::field::upgrade, "websocket");
      response.set(http::field::sec_websocket_version, "13");
    }
    // What has not changed is not sent, and its length is not that of nothing.
    if (what.status != not_modified)
      response.content_length(what.body.size() + what.fixed_body.size());
    response.keep_alive(next == after_answer::keep_alive);
    if (what.names_upgrade) response.insert(http::field::connection, "Upgrade");
    std::ostringstream head;
    head << response.base();
    output_ = std::move(head).str();
    body_ = is_head_ ? std::string{} : std::move(what.body);
    fixed_body_ = is_head_ ? std::string_view{} : what.fixed_body;
    ends_after_output_ = next == after_answer::close;
    is_answering_ = true;
    set_waiting(false);
    set_deadline(time_for(output_size()));
    write();
  }

  /// Writes what is left of the answer, as much as the socket takes.
  void write() {
    is_writing_ = true;
    while (written_ < output_size()) {
      const auto [parts, count] = unwritten();
      const io_outcome written = socket_.write(parts.data(), count);
      if (written.status == io_status::would_block)
        return unit_.sockets().change(socket_.socket(), *this,
                                      {.readable = true, .writable = true});
      if (written.status != io_status::done) return finish();
      written_ += written.size;
    }
    unit_.sockets().change(socket_.socket(), *this, {.readable = true});
    std::string{}.swap(output_);
    std::string{}.swap(body_);
    fixed_body_ = {};
    written_ = 0;
    is_writing_ = is_answering_ = is_head_ = false;
    if (ends_after_output_) return linger();
    next_request();
    parse();
  }

  std::size_t output_size() const noexcept {
    return output_.size() + body_.size() + fixed_body_.size();
  }

  /// The parts of the answer that are not written: of its head, and of its body.
  std::pair<std::array<iovec, 3>, std::size_t> unwritten() const {
    std::array<iovec, 3> parts{};
    std::size_t count = 0;
    std::size_t skip = written_;
    for (const std::string_view part :
         {std::string_view{output_}, std::string_view{body_}, fixed_body_}) {
      // The kernel only reads what the type lets it write.
      if (skip < part.size())
        parts[count++] = {const_cast<char*>(part.data()) + skip, part.size() - skip};
      skip -= std::min(skip, part.size());
    }
    return {parts, count};
  }

  /// Lets the peer read the answer: closing with unread input would reset the connection and may
  /// destroy it.
  void linger() {
    is_lingering_ = true;
    socket_.end_output();
    set_deadline(linger_max);
  }

  void set_deadline(io_unit::clock::duration within) {
    timer_.expires_after(within);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled || self->is_finished_ || self->timer_.expiry() > io_unit::clock::now()) return;
      self->finish();
    });
  }

  void finish() {
    if (std::exchange(is_finished_, true)) return;
    timer_.cancel();
    waiting_.reset();
    set_waiting(false);
    give_back_memory();
    unit_.sockets().remove(socket_.socket(), *this);
    socket_.close();
    unit_.remove(shared_from_this());
  }

  io_unit& unit_;
  transport socket_;
  io_timer timer_;
  std::shared_ptr<http_service> service_;
  std::string remote_address_;
  std::string input_;
  std::string output_;           // the head of the answer that is being written
  std::string body_;             // and its body
  std::string_view fixed_body_;  // what follows it
  std::size_t written_ = 0;      // bytes of all three
  http_asker asker_;             // of the request that is read
  std::size_t taken_ = 0;        // of the memory for large messages, for the body of the request
  std::optional<http::request_parser<http::string_body>> parser_;
  admission admission_;
  std::unique_ptr<admitted_upgrade> waiting_;  // for its turn to be answered
  std::string upgrade_answer_;
  bool is_answering_ = false;
  bool waits_for_request_ = false;
  bool is_writing_ = false;
  bool is_head_ = false;
  bool ends_after_output_ = false;
  bool is_lingering_ = false;
  bool is_finished_ = false;
};

}  // namespace

void serve_http(io_unit& unit, accepted_socket accepted, std::shared_ptr<http_service> service) {
  if (service->stopped) return;
  std::make_shared<http_connection>(unit, std::move(accepted), std::move(service))->start();
}

}  // namespace troupe
