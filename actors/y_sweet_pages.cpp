#include "actors/y_sweet_pages.hpp"

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "actors/admin_json.hpp"
#include "actors/admin_pages.hpp"
#include "base/document_name.hpp"
#include "net/request_target.hpp"

namespace troupe::y_sweet {

namespace {

using admin::answer_error;
using admin::answer_json;
using json = nlohmann::json;

struct page_row {
  std::string_view method;
  std::string_view path;
  page to;
  std::optional<right> needs = std::nullopt;
};

constexpr std::array rows{
    page_row{"GET", "/ready", page::ready},
    page_row{"POST", "/check_store", page::check_store},
    page_row{"GET", "/check_store", page::check_store},
    page_row{"POST", "/doc/new", page::new_document},
    page_row{"POST", "/doc/{name}/auth", page::auth},
    page_row{"GET", "/d/{name}/as-update", page::as_update, right::read},
    page_row{"POST", "/d/{name}/update", page::update, right::write},
    // Those of older clients.
    page_row{"GET", "/doc/{name}/as-update", page::as_update, right::read},
    page_row{"POST", "/doc/{name}/update", page::update, right::write},
};

constexpr std::string_view variable = "{name}";

/// The part of the path that stands for the document, empty if the row has none; nothing if this is
/// not the path of the row.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
  const auto at = pattern.find(variable);
  if (at == std::string_view::npos)
    return pattern == path ? std::optional{std::string_view{}} : std::nullopt;
  const std::string_view before = pattern.substr(0, at);
  const std::string_view behind = pattern.substr(at + variable.size());
  if (!path.starts_with(before) || !path.ends_with(behind) ||
      path.size() <= before.size() + behind.size())
    return std::nullopt;
  const std::string_view name =
      path.substr(before.size(), path.size() - before.size() - behind.size());
  return name.find('/') == std::string_view::npos ? std::optional{name} : std::nullopt;
}

tl::unexpected<http_answer> refuse(const std::string& text, unsigned status = 400) {
  return tl::unexpected(answer_error(status, text));
}

/// The name of the document with this id.
tl::expected<std::string, http_answer> name_of(std::string_view id) {
  auto name = percent_decoded(id);
  if (name)
    if (const auto checked = check_document_name(*name); !checked)
      name = tl::unexpected(checked.error());
  if (!name) return refuse("the id of the document: " + name.error().detail);
  return *std::move(name);
}

/// A member that must be a text if it is there.
tl::expected<std::optional<std::string>, http_answer> text_in(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) return std::nullopt;
  if (!found->is_string()) return refuse(std::string{name}.append(" must be a text"));
  return found->get<std::string>();
}

tl::expected<std::chrono::seconds, http_answer> valid_for(const json& body) {
  using access::client_tokens;
  const auto found = body.find("validForSeconds");
  if (found == body.end() || found->is_null()) return client_tokens::valid_for_default;
  const double count = found->is_number() ? found->get<double>() : 0;
  if (!(count >= 1)) return refuse("validForSeconds must be a number of at least 1");
  const double most = static_cast<double>(client_tokens::valid_for_max.count());
  return std::chrono::seconds{static_cast<std::int64_t>(std::min(count, most))};
}

http_answer show_state_of_node(const std::optional<std::string>& why, unsigned status) {
  if (!why) return answer_json(200, {{"ok", true}});
  return answer_json(status, {{"ok", false}, {"error", *why}});
}

}  // namespace

std::optional<std::variant<http_answer, page_request>> find_page(std::string_view method,
                                                                 std::string_view target) {
  const std::string_view path = path_of_target(target);
  std::string allow;
  for (const page_row& row : rows) {
    const auto id = match(row.path, path);
    if (!id) continue;
    if (row.method != method) {
      allow.append(allow.empty() ? "" : ", ").append(row.method);
      continue;
    }
    page_request found{row.to, {}, std::string{*id}, row.needs, row.path};
    if (id->empty()) return found;
    auto name = name_of(*id);
    if (!name) return std::move(name).error();
    found.document = *std::move(name);
    return found;
  }
  if (allow.empty()) return std::nullopt;
  return answer_error(405, "only " + allow + " is understood here", allow);
}

tl::expected<std::string, http_answer> read_new_document(const std::string& body,
                                                         std::string random) {
  const auto asked = admin::read_object(body);
  if (!asked) return refuse(asked.error());
  TROUPE_ASSIGN(const auto id, text_in(*asked, "docId"));
  if (!id) return random;
  TROUPE_TRY(name_of(*id));
  return *id;
}

tl::expected<access::client_tokens::order, http_answer>
read_auth(const std::string& body, const std::string& document, std::string id) {
  using access::client_tokens;
  const auto asked = admin::read_object(body);
  if (!asked) return refuse(asked.error());
  client_tokens::order order{.document = document, .id = std::move(id)};
  TROUPE_ASSIGN(const auto allows, text_in(*asked, "authorization"));
  if (allows && *allows != "full" && *allows != "read-only")
    return refuse("authorization must be full or read-only");
  if (allows == "read-only") order.allows = client_tokens::authorization::read_only;
  TROUPE_ASSIGN(const auto user, text_in(*asked, "userId"));
  if (user && !user->empty()) {
    if (const auto checked = check_document_name(*user); !checked)
      return refuse("userId: " + checked.error().detail);
    order.user = *user;
  }
  TROUPE_ASSIGN(order.valid_for, valid_for(*asked));
  return order;
}

tl::expected<addresses, http_answer> addresses_for(const http_request& request,
                                                   const std::string& url, bool is_tls,
                                                   std::string_view prefix) {
  if (!url.empty()) {
    const bool is_secure = url.starts_with("https:");
    const std::string behind = url.substr(url.find(':'));
    return addresses{(is_secure ? "wss" : "ws") + behind, url};
  }
  if (request.host.empty())
    return refuse("the request names no host, and dialects.y_sweet_url is not set");
  const std::string behind = std::string{"://"}.append(request.host).append(prefix);
  return addresses{(is_tls ? "wss" : "ws") + behind, (is_tls ? "https" : "http") + behind};
}

http_answer show_new_document(const std::string& id) { return answer_json(200, {{"docId", id}}); }

http_answer show_auth(const addresses& at, const std::string& id,
                      access::client_tokens::authorization allows, const std::string& token) {
  const std::string path = "/d/" + id;
  json shown{{"url", at.socket + path + "/ws"}, {"baseUrl", at.http + path}, {"docId", id}};
  if (!token.empty()) shown["token"] = token;
  const bool is_full = allows == access::client_tokens::authorization::full;
  shown["authorization"] = is_full ? "full" : "read-only";
  return answer_json(200, shown);
}

http_answer show_ready(const std::optional<std::string>& why) {
  return show_state_of_node(why, 503);
}

http_answer show_store(const std::optional<std::string>& why) {
  return show_state_of_node(why, 200);
}

std::optional<std::string> problem_in(const http_answer& about_storage) {
  const json shown = json::parse(about_storage.body, nullptr, false);
  if (!shown.is_object()) return "storage does not answer";
  if (about_storage.status == 200 && shown.value("writable", false)) return std::nullopt;
  return shown.value("error", std::string{"storage cannot be written"});
}

http_answer show_state(http_answer found) {
  if (found.status != 404) return found;
  http_answer empty;
  empty.body.assign(2, '\0');  // an update of nothing
  empty.content_type = "application/octet-stream";
  return empty;
}

}  // namespace troupe::y_sweet
