#include "net/websocket_client.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "net/asio.hpp"
#include "net/host_name.hpp"

namespace troupe {

namespace {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using tcp = asio::ip::tcp;
using std::chrono::steady_clock;

using plain_stream = beast::tcp_stream;
using secure_stream = beast::ssl_stream<beast::tcp_stream>;

/// So soon a client notices that it is to stop.
constexpr std::chrono::milliseconds stop_poll{50};

/// What is read at once, before the next piece is asked room for.
constexpr std::size_t piece_bytes_max = 64 * 1024;

/// "[::1]" is ::1 for the resolver and for certificates.
std::string without_brackets(const std::string& host) {
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host;
}

/// What both kinds of stream are made from, and outlives them.
struct client_base {
  asio::io_context context;
  asio::ssl::context tls{asio::ssl::context::tls_client};
};

template <class Stream>
class client_on final : public websocket_client {
 public:
  client_on(const websocket_url& to, const websocket_client_settings& settings)
      : to_(to), settings_(settings) {}
  ~client_on() override { forget(); }

  result<void> connect() {
    if constexpr (std::is_same_v<Stream, secure_stream>) {
      TROUPE_TRY(trust());
      stream_.emplace(base_.context, base_.tls);
    } else {
      stream_.emplace(base_.context);
    }
    stream_->binary(true);
    stream_->read_message_max(settings_.message_bytes_max);
    error_code why;
    tcp::resolver resolver{base_.context};
    const auto places = resolver.resolve(without_brackets(to_.host), to_.port, why);
    if (why) return wrong(why);
    if (is_stopping()) return wrong(asio::error::operation_aborted);
    auto& socket = beast::get_lowest_layer(*stream_);
    socket.expires_after(settings_.timeout);
    TROUPE_TRY(wait([&](auto done) { socket.async_connect(places, std::move(done)); }));
    TROUPE_TRY(shake_hands_of_tls());
    // From here on the WebSocket has timeouts of its own.
    socket.expires_never();
    stream_->set_option(
        websocket::stream_base::timeout{settings_.timeout, settings_.timeout, false});
    const std::string host = to_.host + ":" + to_.port;
    const std::string target = to_.query.empty() ? to_.path : to_.path + "?" + to_.query;
    return wait([&](auto done) { stream_->async_handshake(host, target, std::move(done)); });
  }

  result<void> send(byte_view message) override {
    const asio::const_buffer bytes{message.data(), message.size()};
    return wait([&](auto done) { stream_->async_write(bytes, std::move(done)); });
  }

  void forget() noexcept override {
    if (settings_.memory) settings_.memory->give_back(std::exchange(taken_, 0));
  }

  result<byte_view> receive() override {
    TROUPE_ASSIGN(const auto received, receive_until(steady_clock::now() + settings_.timeout));
    if (!received) return wrong(beast::error::timeout);
    return *received;
  }

  result<std::optional<byte_view>> receive_until(steady_clock::time_point until) override {
    for (;;) {
      if (!is_reading_) {
        is_reading_ = true;
        if (std::exchange(is_at_end_, false)) received_.clear();
        stream_->async_read_some(received_, piece_bytes_max,
                                 [this](error_code code, std::size_t size) {
                                   read_ = code;
                                   piece_ = size;
                                 });
      }
      run_until([this] { return read_.has_value(); }, until);
      if (!read_ && is_stopping()) return wrong(asio::error::operation_aborted);
      if (!read_) return std::nullopt;
      is_reading_ = false;
      if (const error_code code = *std::exchange(read_, std::nullopt); code) return wrong(code);
      if (!has_room_for(piece_))
        return fail(errc::request_failed, std::string{to_.host}.append(
                                              ": too much is received at once, of others as well"));
      is_at_end_ = stream_->is_message_done();
      if (!is_at_end_ || stream_->got_text()) continue;
      const auto bytes = received_.cdata();
      return byte_view{static_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
    }
  }

 private:
  result<void> trust() {
    error_code why;
    base_.tls.set_verify_mode(asio::ssl::verify_peer, why);
    if (!why && settings_.ca_file.empty())
      base_.tls.set_default_verify_paths(why);
    else if (!why)
      base_.tls.load_verify_file(settings_.ca_file, why);
    if (why) return wrong(why);
    return {};
  }

  result<void> shake_hands_of_tls() {
    if constexpr (std::is_same_v<Stream, secure_stream>) {
      auto& tls = stream_->next_layer();
      const std::string host = without_brackets(to_.host);
      if (!is_ip_address(to_.host)) SSL_set_tlsext_host_name(tls.native_handle(), host.c_str());
      error_code why;
      tls.set_verify_callback(asio::ssl::host_name_verification{host}, why);
      if (why) return wrong(why);
      return wait(
          [&](auto done) { tls.async_handshake(asio::ssl::stream_base::client, std::move(done)); });
    }
    return {};
  }

  bool has_room_for(std::size_t bytes) noexcept {
    if (!settings_.memory) return true;
    if (!settings_.memory->take(bytes)) return false;
    taken_ += bytes;
    return true;
  }

  bool is_stopping() const noexcept { return settings_.is_stopping && *settings_.is_stopping; }

  /// Begins something and runs until it is done; the timeouts of the stream bound it.
  template <class Begin>
  result<void> wait(Begin begin) {
    const auto outcome = std::make_shared<std::optional<error_code>>();
    begin([outcome](error_code code, auto&&...) { *outcome = code; });
    run_until([&outcome] { return outcome->has_value(); }, steady_clock::time_point::max());
    if (*outcome && !**outcome) return {};
    return wrong(outcome->value_or(asio::error::operation_aborted));
  }

  /// Runs until something is done, or the time has come, or all is to stop.
  template <class Done>
  void run_until(const Done& is_done, steady_clock::time_point until) {
    base_.context.restart();
    do {
      base_.context.poll_one();
      if (is_done() || is_stopping()) return;
      const auto now = steady_clock::now();
      if (now >= until) return;
      base_.context.run_one_until(std::min(until, now + stop_poll));
    } while (!base_.context.stopped());
  }

  tl::unexpected<failure> wrong(const error_code& code) const {
    std::string what = to_.host;
    what.append(":").append(to_.port).append(": ");
    if (code == websocket::error::closed && stream_) {
      const websocket::close_reason& why = stream_->reason();
      what.append("the server closed with code ").append(std::to_string(why.code));
      if (!why.reason.empty()) what.append(", ").append(why.reason.data(), why.reason.size());
    } else {
      what.append(code.message());
    }
    return fail(errc::request_failed, what);
  }

  const websocket_url to_;
  const websocket_client_settings settings_;
  client_base base_;
  std::optional<websocket::stream<Stream>> stream_;
  beast::flat_buffer received_;
  bool is_reading_ = false;
  bool is_at_end_ = false;          // of a message
  std::size_t piece_ = 0;           // bytes of the last read
  std::size_t taken_ = 0;           // of the memory that is shared
  std::optional<error_code> read_;  // of the read that is under way, once it is done
};

template <class Stream>
result<std::unique_ptr<websocket_client>> connect_by(const websocket_url& to,
                                                     const websocket_client_settings& settings) {
  auto made = std::make_unique<client_on<Stream>>(to, settings);
  TROUPE_TRY(made->connect());
  return made;
}

}  // namespace

result<std::unique_ptr<websocket_client>>
websocket_client::connect(const websocket_url& to, const websocket_client_settings& settings) {
  return to.is_tls ? connect_by<secure_stream>(to, settings)
                   : connect_by<plain_stream>(to, settings);
}

}  // namespace troupe
