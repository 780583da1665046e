// Which page an admin request is for: the one table of methods and paths. A new page is a row here,
// an enumerator, and a case where the page is answered (actors/admin for what runs,
// actors/archivist for what is stored). Pure. Documented in docs/admin.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "net/http_message.hpp"
#include "protocol/access/rights.hpp"

namespace troupe::admin {

enum class page : std::uint8_t {
  health,
  readiness,
  dashboard,  ///< A file of it.
  metrics,
  sessions,
  close_sessions,
  change_rights,
  access_changes,
  lift_change,
  notify,
  documents,  ///< Those stored, or with ?open=true those open.
  batch,
  document_sessions,
  document_presence,
  send_event,
  document,
  create_document,
  edit_document,
  set_text,
  add_update,
  remove_document,
  export_document,
  import_document,
  copy_document,
  admit_document,
  versions,
  make_version,
  version,
  compare_version,
  restore_version,
  remove_version,
  storage,
  backup,
  webhooks,
  replay_webhooks,
  cluster,
  add_member,
  remove_member,
  log,
  set_log,
};

/// Who answers a page.
enum class answered_by : std::uint8_t {
  running_node,  ///< admin_request: from hubs and directory, at once.
  archivist,     ///< From what is stored, which may take long; on a thread of its own.
};

/// What the body of a request may be.
enum class body_kind : std::uint8_t {
  json,   ///< Or none.
  bytes,  ///< An update: as it is, or in base64 in JSON.
  edits,  ///< Edit operations or a text, in JSON; a text may come as it is.
};

struct page_row {
  std::string_view method;
  std::string_view path;  ///< {name} stands for the name of a document, {id} for what is below it,
                          ///< or another thing.
  page to;
  answered_by by;
  body_kind takes = body_kind::json;
  /// With which right to {name} the token of a user will do; nothing: only the admin token.
  std::optional<right> needs = std::nullopt;
};

/// Whether If-Match and If-None-Match say something to a request that changes something.
constexpr bool takes_condition(page to) noexcept {
  return to == page::edit_document || to == page::set_text || to == page::add_update ||
         to == page::create_document || to == page::import_document || to == page::restore_version;
}

/// The table, for tests and the answer to a page that is not there.
std::span<const page_row> pages();

/// A request that has found its page.
struct page_request {
  page to = page::health;
  answered_by by = answered_by::running_node;
  body_kind takes = body_kind::json;
  std::optional<right> needs = std::nullopt;
  std::string document;     ///< Of {name}, decoded and checked; else empty.
  std::string id;           ///< Of {id}, decoded; else empty.
  std::string_view path{};  ///< Of its row. Static storage.
};

/// The page of a request, or the answer to one that has none: 404, 405 with the methods of its
/// path, 400 for the name of a document that cannot be one. HEAD finds what GET does.
std::variant<http_answer, page_request> find_page(std::string_view method, std::string_view target);

}  // namespace troupe::admin
