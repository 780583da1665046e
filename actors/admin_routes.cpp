#include "actors/admin_routes.hpp"

#include <array>
#include <vector>

#include "actors/admin_pages.hpp"
#include "base/document_name.hpp"
#include "net/request_target.hpp"

namespace troupe::admin {

namespace {

using enum answered_by;

constexpr std::array rows{
    page_row{"GET", "/healthz", page::health, running_node},
    page_row{"GET", "/readyz", page::readiness, running_node},
    page_row{"GET", "/", page::dashboard, running_node},
    page_row{"GET", "/dashboard/{id}", page::dashboard, running_node},
    page_row{"GET", "/api/v1/metrics", page::metrics, running_node},
    page_row{"GET", "/api/v1/sessions", page::sessions, running_node},
    page_row{"POST", "/api/v1/sessions/close", page::close_sessions, running_node},
    page_row{"POST", "/api/v1/sessions/rights", page::change_rights, running_node},
    page_row{"GET", "/api/v1/sessions/changes", page::access_changes, running_node},
    page_row{"DELETE", "/api/v1/sessions/changes", page::lift_change, running_node},
    page_row{"POST", "/api/v1/notify", page::notify, running_node},
    page_row{"GET", "/api/v1/documents", page::documents, archivist},
    page_row{"GET", "/api/v1/documents/{name}", page::document, archivist, body_kind::json,
             right::read},
    page_row{"POST", "/api/v1/documents/{name}", page::create_document, archivist, body_kind::bytes,
             right::write},
    page_row{"PATCH", "/api/v1/documents/{name}", page::edit_document, archivist, body_kind::edits,
             right::write},
    page_row{"DELETE", "/api/v1/documents/{name}", page::remove_document, archivist,
             body_kind::json, right::admin},
    page_row{"PUT", "/api/v1/documents/{name}/text/{id}", page::set_text, archivist,
             body_kind::edits, right::write},
    page_row{"POST", "/api/v1/documents/{name}/updates", page::add_update, archivist,
             body_kind::bytes, right::write},
    page_row{"POST", "/api/v1/batch", page::batch, archivist, body_kind::edits},
    page_row{"GET", "/api/v1/documents/{name}/sessions", page::document_sessions, running_node,
             body_kind::json, right::admin},
    page_row{"GET", "/api/v1/documents/{name}/presence", page::document_presence, running_node,
             body_kind::json, right::read},
    page_row{"POST", "/api/v1/documents/{name}/events", page::send_event, running_node,
             body_kind::json, right::presence},
    page_row{"GET", "/api/v1/documents/{name}/export", page::export_document, archivist,
             body_kind::json, right::read},
    page_row{"POST", "/api/v1/documents/{name}/import", page::import_document, archivist,
             body_kind::bytes, right::write},
    page_row{"POST", "/api/v1/documents/{name}/copy", page::copy_document, archivist},
    page_row{"POST", "/api/v1/documents/{name}/admit", page::admit_document, archivist,
             body_kind::json, right::admin},
    page_row{"GET", "/api/v1/documents/{name}/versions", page::versions, archivist, body_kind::json,
             right::read},
    page_row{"POST", "/api/v1/documents/{name}/versions", page::make_version, archivist,
             body_kind::json, right::admin},
    page_row{"GET", "/api/v1/documents/{name}/versions/{id}", page::version, archivist,
             body_kind::json, right::read},
    page_row{"DELETE", "/api/v1/documents/{name}/versions/{id}", page::remove_version, archivist,
             body_kind::json, right::admin},
    page_row{"GET", "/api/v1/documents/{name}/versions/{id}/compare", page::compare_version,
             archivist, body_kind::json, right::read},
    page_row{"POST", "/api/v1/documents/{name}/versions/{id}/restore", page::restore_version,
             archivist, body_kind::json, right::admin},
    page_row{"GET", "/api/v1/storage", page::storage, archivist},
    page_row{"POST", "/api/v1/backup", page::backup, archivist},
    page_row{"GET", "/api/v1/webhooks", page::webhooks, running_node},
    page_row{"POST", "/api/v1/webhooks/replay", page::replay_webhooks, running_node},
    page_row{"GET", "/api/v1/cluster", page::cluster, running_node},
    page_row{"POST", "/api/v1/cluster/members", page::add_member, running_node},
    page_row{"DELETE", "/api/v1/cluster/members/{id}", page::remove_member, running_node},
    page_row{"GET", "/api/v1/log", page::log, running_node},
    page_row{"PUT", "/api/v1/log", page::set_log, running_node},
};

/// The parts of a path between its slashes; that before the first is left out.
std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = path.find('/');
    parts.push_back(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
  }
  return parts;
}

bool is_variable(std::string_view part) { return part.starts_with('{'); }

bool matches(std::string_view pattern, const std::vector<std::string_view>& parts) {
  const auto wanted = parts_of(pattern);
  if (wanted.size() != parts.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (is_variable(wanted[i]) ? parts[i].empty() : wanted[i] != parts[i]) return false;
  return true;
}

/// GET is understood with HEAD.
bool is_method(std::string_view method, std::string_view of_row) {
  return method == of_row || (method == "HEAD" && of_row == "GET");
}

http_answer answer_no_page() {
  std::string text = "there is no such page; see ";
  for (const page_row& row : rows) {
    if (&row != &rows.front()) text += ", ";
    text.append(row.method).append(" ").append(row.path);
  }
  return answer_error(404, text);
}

http_answer answer_no_method(const std::vector<std::string_view>& parts) {
  std::string allow;
  for (const page_row& row : rows) {
    if (!matches(row.path, parts)) continue;
    if (!allow.empty()) allow += ", ";
    allow.append(row.method == "GET" ? "GET, HEAD" : row.method);
  }
  return answer_error(405, "only " + allow + " is understood here", allow);
}

/// Takes what stands in the place of the variables.
result<page_request> fill(const page_row& row, const std::vector<std::string_view>& parts) {
  page_request found{row.to, row.by, row.takes, row.needs, {}, {}, row.path};
  const auto wanted = parts_of(row.path);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!is_variable(wanted[i])) continue;
    TROUPE_ASSIGN(std::string decoded, percent_decoded(parts[i]));
    if (wanted[i] == "{name}") {
      TROUPE_TRY(check_document_name(decoded));
      found.document = std::move(decoded);
    } else {
      found.id = std::move(decoded);
    }
  }
  return found;
}

}  // namespace

std::span<const page_row> pages() { return rows; }

std::variant<http_answer, page_request> find_page(std::string_view method,
                                                  std::string_view target) {
  const std::string_view path = path_of_target(target);
  const auto parts = parts_of(path);
  bool has_path = false;
  for (const page_row& row : rows) {
    if (!matches(row.path, parts)) continue;
    has_path = true;
    if (!is_method(method, row.method)) continue;
    auto filled = fill(row, parts);
    if (!filled) return answer_error(400, "the name of the document: " + filled.error().detail);
    return *std::move(filled);
  }
  return has_path ? answer_no_method(parts) : answer_no_page();
}

}  // namespace troupe::admin
