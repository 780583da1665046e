// A plain HTTP request and its answer, as values: http_connection reads and writes them, an
// http_handler decides. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe {

/// Who asks, as far as a handler has found out from the header.
struct http_asker {
  std::string_view role{};  ///< A word of the handler's own, with static storage; empty: nobody.
  std::string user{};
  std::string token_id{};
};

struct http_request {
  std::string method;
  std::string target;  ///< Path and query, as sent.
  std::string body;    ///< Empty where bodies are not accepted.
  std::string remote_address;
  std::string host{};             ///< Whom it is for, with the port if there is one; may be empty.
  std::string fetch_site{};       ///< Sec-Fetch-Site: from where a browser asks; others send none.
  std::string content_type{};     ///< Of the body.
  std::string authorization{};    ///< As sent; it is secret.
  std::string if_match{};         ///< As sent; "," if it is there and empty, which is no condition.
  std::string if_none_match{};    ///< The same.
  std::string accept_encoding{};  ///< As sent.
  bool has_body = false;          ///< Its header announces one.
  http_asker asker{};             ///< As on_head() has said; not known before.
};

/// One more field of an answer's header. Static storage.
struct http_field {
  std::string_view name;
  std::string_view value;
};

struct http_answer {
  unsigned status = 200;
  std::string body;
  std::string allow;           ///< Value of the Allow header, for 405.
  bool names_upgrade = false;  ///< Whether an `Upgrade: websocket` header is sent, for 426.
  std::string_view content_type = "text/plain; charset=utf-8";  ///< Static storage.
  std::chrono::seconds retry_after{0};                          ///< Retry-After; 0: none.
  std::string authenticate{};                                   ///< WWW-Authenticate, for 401.
  std::string etag{};                                           ///< With its quotes; empty: none.
  bool ends_connection = false;  ///< So that who may ask nothing more holds no place.
  /// Sent behind `body`, without a copy of it. Static storage.
  std::string_view fixed_body{};
  std::string_view cache_control = "no-store";  ///< Static storage.
  std::span<const http_field> fields{};         ///< Further ones. Static storage.
};

/// What a handler says when it has seen the header of a request.
struct body_plan {
  std::optional<http_answer> refusal;  ///< Then the body is not read.
  std::size_t bytes_max = 0;           ///< Of the body; 0: as all, http_body_bytes_max.
  http_asker asker{};                  ///< For on_request().
};

/// Answers requests that are no upgrades. Thread: the unit's of the connection; a listener with
/// several units calls it from all of them.
class http_handler {
 public:
  virtual ~http_handler() = default;

  /// Asked about each request before its body is read; `head` is the request without it.
  virtual body_plan on_head(const http_request& /*head*/) { return {}; }

  /// `answer` is called once, now or later, on any thread; the connection may be gone by then.
  virtual void on_request(http_request request, std::function<void(http_answer)> answer) = 0;
};

}  // namespace troupe
