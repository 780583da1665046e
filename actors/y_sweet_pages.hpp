// The HTTP side of y-sweet's dialect, as its SDK asks for it: which page a request is for, what it
// asks, and what is answered. Pure. Format: docs/y-sweet-dialect.md.
// Source: @y-sweet/sdk 0.9, connection.ts and main.ts.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

#include "net/http_message.hpp"
#include "protocol/access/client_tokens.hpp"
#include "protocol/access/rights.hpp"

namespace troupe::y_sweet {

enum class page : std::uint8_t {
  ready,         ///< Whether clients may come.
  check_store,   ///< Whether storage can be written.
  new_document,  ///< The name of a document that there is from now on.
  auth,          ///< A client token.
  as_update,     ///< The state of a document.
  update,        ///< An update for it.
};

/// A request that has found its page.
struct page_request {
  page to = page::ready;
  std::string document;  ///< Decoded and checked; empty: the page is of none.
  /// The document as it stands in the path: clients must name it in this way, too.
  std::string id;
  /// With which right to the document a token of a client will do; nothing: only the server token.
  std::optional<right> needs;
  std::string_view path;  ///< As the log of requests shows it. Static storage.
};

/// The page of a target without the path of the dialect; nothing: there is none. An answer: 405
/// with the methods of the path, 400 for the name of a document that cannot be one.
std::optional<std::variant<http_answer, page_request>> find_page(std::string_view method,
                                                                 std::string_view target);

/// {"docId": "..."} or {}. Returns the id as the application names it; `random`: for one that it
/// leaves to the server.
tl::expected<std::string, http_answer> read_new_document(const std::string& body,
                                                         std::string random);

/// {"authorization": "full" | "read-only", "userId": "...", "validForSeconds": 60}, all of which
/// may be missing. `id`: of the token.
tl::expected<access::client_tokens::order, http_answer>
read_auth(const std::string& body, const std::string& document, std::string id);

/// Where clients reach the server: "wss://host/y-sweet" and "https://host/y-sweet".
struct addresses {
  std::string socket, http;
};
/// `url`: as it is configured, else empty; then the host of the request counts.
tl::expected<addresses, http_answer> addresses_for(const http_request& request,
                                                   const std::string& url, bool is_tls,
                                                   std::string_view prefix);

http_answer show_new_document(const std::string& id);

/// `token`: empty where none is needed.
http_answer show_auth(const addresses& at, const std::string& id,
                      access::client_tokens::authorization allows, const std::string& token);

/// `why`: nothing if the node is ready, or storage can be written.
http_answer show_ready(const std::optional<std::string>& why);
http_answer show_store(const std::optional<std::string>& why);

/// Of the answer about storage (admin::show_storage): why it cannot be written.
std::optional<std::string> problem_in(const http_answer& about_storage);

/// A document that nobody has written to is as good as an empty one: as an application sees it,
/// it was there since it was made.
http_answer show_state(http_answer found);

}  // namespace troupe::y_sweet
