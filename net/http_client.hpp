// Sends HTTP requests to other servers: webhooks, questions to an authoriser, key sets. It runs
// libcurl on a thread of its own, and at most `in_flight_max` requests at a time; up to `queue_max`
// wait behind them, and one more is refused. It follows no redirect, takes no proxy from the
// environment, speaks nothing but http and https, and connects to no private address unless that is
// allowed: the address is looked at when the socket is made, so a name that resolves to another one
// later does not help.
//
// Each request is answered exactly once: by its answer, or by a failure. Thread: any may send and
// stop; the answers come on the client's own thread, or on that of the caller if the request is
// refused at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"

namespace troupe {

/// A request to another server.
struct http_call {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers{};         ///< "Name: value", without control characters.
  std::string body{};                         ///< Not sent with GET.
  std::chrono::milliseconds timeout{10'000};  ///< For all of it.
  std::size_t body_bytes_max = 64 * 1024;     ///< Of the answer.
};

struct http_reply {
  unsigned status = 0;
  std::string body;
};

struct http_client_settings {
  std::size_t in_flight_max = 16;
  std::size_t queue_max = 1024;
  bool allows_private = false;  ///< Connects to private addresses, too.
  std::string ca_file{};        ///< Certificates to trust, in PEM; empty: those of the system.
};

/// Whether a URL is one that the client can be asked for: http or https, with a host, without user
/// and password, at most 2,048 bytes. Fails with invalid_config; the detail completes "the URL
/// ...".
result<void> check_http_url(std::string_view url);

/// A URL without its query, which may have a secret: for the log and for operators.
inline std::string shown_url(std::string_view url) {
  return std::string{url.substr(0, url.find('?'))};
}

/// A line of http_call::headers.
inline std::string header_line(std::string_view name, std::string_view value) {
  return std::string{name}.append(": ").append(value);
}

class http_client {
 public:
  using on_reply = std::function<void(result<http_reply>)>;

  /// Fails with request_failed if the library or the thread does not start.
  static result<std::unique_ptr<http_client>> open(http_client_settings settings);

  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// An answer of any status is one. Fails with request_failed: no connection, a forbidden address,
  /// no whole answer in time, an answer that is too large, or the client has stopped; with
  /// quota_exceeded if too many wait; as check_http_url does. The detail has no secret.
  void send(http_call call, on_reply then);

  /// Ends all requests with a failure, then the thread. A second call does nothing.
  void stop();

 private:
  class worker;
  explicit http_client(std::unique_ptr<worker> running);

  std::unique_ptr<worker> worker_;
};

}  // namespace troupe
