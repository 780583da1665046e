#include "actors/admin_documents.hpp"

#include <algorithm>
#include <filesystem>

#include "actors/admin_json.hpp"
#include "actors/admin_pages.hpp"
#include "base/base64.hpp"
#include "base/close_reason.hpp"
#include "base/document_name.hpp"
#include "base/utf8.hpp"

namespace troupe::admin {

namespace {

using nlohmann::json;

/// A member of the body that must be a text and not empty.
read_result<std::string> read_member(const http_request& request, const char* name) {
  const auto body = read_object(request.body);
  if (!body) return refuse(body.error());
  const auto member = body->find(name);
  if (member == body->end() || !member->is_string() ||
      member->get_ref<const std::string&>().empty())
    return refuse(std::string{name} + " must be a string that is not empty");
  return member->get<std::string>();
}

json time_of(std::uint64_t milliseconds) {
  return milliseconds == 0 ? json(nullptr) : json(iso_time(milliseconds));
}

json to_json(const storage::document_info& info) {
  json shown{{"name", info.name},
             {"createdAt", time_of(info.created_at)},
             {"changedAt", time_of(info.changed_at)},
             {"updates", info.last},
             {"bytes", info.checkpoint_size + info.log_bytes},
             {"checkpointBytes", info.checkpoint_size},
             {"logBytes", info.log_bytes},
             {"logRecords", info.log_records},
             {"life", info.life}};
  if (info.is_removed) {
    shown["removed"] = true;
    shown["admitted"] = info.is_admitted;
  }
  if (!info.damage.empty()) shown["damage"] = info.damage;
  return shown;
}

http_answer answer_bytes(std::string body, std::string_view type) {
  return {.status = 200,
          .body = std::move(body),
          .allow = {},
          .names_upgrade = false,
          .content_type = type};
}

constexpr std::string_view outcome_text(imported_update::outcome what) noexcept {
  switch (what) {
    case imported_update::outcome::changed: return "changed";
    case imported_update::outcome::known: return "known";
    case imported_update::outcome::exists: return "exists";
    case imported_update::outcome::unmatched: return "unmatched";
    case imported_update::outcome::unconfirmed: return "unconfirmed";
    case imported_update::outcome::refused: break;
  }
  return "refused";
}

/// The answer to an import or a copy that was not taken; nothing if it was.
std::optional<http_answer> refusal_of(const std::string& name, const imported_update& outcome) {
  if (outcome.what == imported_update::outcome::exists)
    return answer_error(409, "there is a document '" + name + "' already");
  if (outcome.what == imported_update::outcome::refused)
    return show_refusal("the update is refused", outcome.refusal);
  if (outcome.what == imported_update::outcome::unconfirmed)
    return answer_unavailable("the update is stored here and not confirmed yet");
  return std::nullopt;
}

json imported(const std::string& name, const imported_update& outcome) {
  json shown{{"name", name}, {"outcome", outcome_text(outcome.what)}};
  if (outcome.has_gap) shown["waitsForMissing"] = true;
  return shown;
}

/// The root that is meant, or the only one there is.
read_result<std::string> root_of(const crdt::doc& doc, const export_query& query) {
  const auto roots = doc.roots();
  if (query.root) {
    const bool has_root = std::ranges::any_of(
        roots, [&](const crdt::root_info& root) { return root.name == *query.root; });
    if (has_root) return *query.root;
    return refuse("the document has no such root; GET ?as=json shows which it has", 404);
  }
  if (roots.size() == 1) return std::string{roots.front().name};
  return refuse("root is needed: the document has " + std::to_string(roots.size()) +
                " roots; GET ?as=json shows which");
}

http_answer export_text(const crdt::doc& doc, const export_query& query) {
  if (query.form == export_form::json && !query.root)
    return answer_json_text(200, doc.json() + "\n");
  const auto root = root_of(doc, query);
  if (!root) return root.error();
  if (query.form == export_form::json) return answer_json_text(200, doc.json(*root) + "\n");
  if (query.form == export_form::delta) return answer_json_text(200, doc.delta_json(*root) + "\n");
  if (query.form == export_form::xml)
    return answer_bytes(doc.xml_string(*root), "application/xml; charset=utf-8");
  return answer_bytes(doc.text(*root), "text/plain; charset=utf-8");
}

}  // namespace

// --- requests ---

read_result<storage::document_query> read_document_list(const http_request& request) {
  auto of_list = read_page_query(request.target);
  if (!of_list) return refuse(of_list.error());
  TROUPE_ASSIGN(auto prefix, read_parameter(request, "prefix"));
  if (prefix && !is_valid_utf8(as_bytes(*prefix))) return refuse("prefix is not valid UTF-8");
  const auto with_removed = read_switch(request.target, "removed");
  if (!with_removed) return refuse(with_removed.error());
  return storage::document_query{std::move(prefix).value_or(""), std::move(of_list->after),
                                 of_list->limit, *with_removed};
}

read_result<export_query> read_export(const http_request& request) {
  struct named {
    std::string_view name;
    export_form form;
  };
  constexpr named forms[] = {{"update", export_form::update}, {"json", export_form::json},
                             {"text", export_form::text},     {"xml", export_form::xml},
                             {"delta", export_form::delta},   {"raw", export_form::raw}};
  export_query query;
  TROUPE_ASSIGN(const auto as, read_parameter(request, "as"));
  TROUPE_ASSIGN(query.root, read_parameter(request, "root"));
  const auto found = std::ranges::find(forms, as.value_or("update"), &named::name);
  if (found == std::end(forms)) return refuse("as must be update, json, text, xml, delta or raw");
  query.form = found->form;
  const auto is_local = read_switch(request.target, "local");
  if (!is_local) return refuse(is_local.error());
  query.is_local = *is_local;
  return query;
}

read_result<import_body> read_import(const http_request& request, std::size_t bytes_max) {
  import_body read;
  const auto only_new = read_switch(request.target, "new");
  if (!only_new) return refuse(only_new.error());
  read.only_new = *only_new;
  if (request.content_type.starts_with("application/octet-stream")) {
    read.update = shared_bytes::copy_of(as_bytes(request.body));
  } else {
    TROUPE_ASSIGN(const std::string text, read_member(request, "update"));
    const auto bytes = decode_base64(text);
    if (!bytes) return refuse("update is not base64: " + to_string(bytes.error()));
    read.update = shared_bytes::copy_of(*bytes);
  }
  if (read.update.empty()) return refuse("the update is empty");
  if (read.update.size() > bytes_max)
    return refuse("the update has more than limits.max_sync_size = " + std::to_string(bytes_max) +
                      " bytes",
                  413);
  return read;
}

read_result<std::string> read_copy(const http_request& request) {
  TROUPE_ASSIGN(std::string to, read_member(request, "to"));
  if (const auto good = check_document_name(to); !good) return refuse("to: " + good.error().detail);
  return to;
}

read_result<std::string> read_backup(const http_request& request, const std::string& parent) {
  namespace fs = std::filesystem;
  if (parent.empty())
    return refuse("admin.backup_directory is not set, so this node makes no backups", 403);
  TROUPE_ASSIGN(const std::string name, read_member(request, "directory"));
  const fs::path below{name};
  const bool is_below =
      below.is_relative() && std::ranges::none_of(below, [](const fs::path& part) {
        return part == ".." || part == "." || part.empty();
      });
  if (!is_below || name.find('\0') != std::string::npos)
    return refuse("directory must be a path below admin.backup_directory, such as \"2026-11-29\"");
  // A link there may lead elsewhere.
  std::error_code why;
  const fs::path root = fs::weakly_canonical(parent, why);
  const fs::path target = why ? fs::path{} : fs::weakly_canonical(root / below, why);
  if (why) return refuse("admin.backup_directory: " + why.message(), 500);
  const auto [end, rest] = std::ranges::mismatch(root, target);
  if (end != root.end() || rest == target.end())
    return refuse("directory leads out of admin.backup_directory");
  const bool is_free = !fs::exists(target, why) || fs::is_empty(target, why);
  if (!is_free || why) return refuse("directory exists and is not empty", 409);
  return target.string();
}

// --- answers ---

http_answer show_stored(const storage::document_page& page, const std::vector<std::string>& open) {
  return answer_list(
      "documents", page.documents, json::object(), page.has_more,
      [&](const storage::document_info& each) {
        json row = to_json(each);
        row["open"] = std::ranges::binary_search(open, each.name);
        return row;
      },
      [](const storage::document_info& each) { return json(each.name); });
}

http_answer show_document(const std::optional<storage::document_info>& stored,
                          const std::optional<document_info>& open, const std::string& name,
                          const std::optional<placed_document>& place) {
  json shown = stored ? to_json(*stored) : json{{"name", name}};
  shown["stored"] = stored.has_value();
  shown["open"] = open.has_value();
  if (open) {
    shown["sessions"] = open->sessions;
    shown["unloading"] = open->is_unloading;
    shown["folded"] = open->is_folded;
    shown["memoryBytes"] = open->memory_bytes;
    shown["clientIds"] = open->client_ids;
  }
  if (place)
    shown["cluster"] = {{"home", place->home.empty() ? json(nullptr) : json(place->home)},
                        {"keepers", place->keepers},
                        {"role", place->role},
                        {"list", place->list_number}};
  return answer_json(200, shown);
}

std::string etag_of(const std::string& version) { return "\"" + version + "\""; }

http_answer show_export(const export_query& query, const shared_bytes& state,
                        const crdt::doc_settings& with, std::string version) {
  const bool is_update = query.form == export_form::update;
  crdt::doc doc{with};
  std::vector<crdt::repaired_struct> repaired;
  if (!state.empty() && (!is_update || version.empty()))
    if (const auto loaded = doc.load_update(state.view(), repaired); !loaded)
      return show_storage_failure({errc::corrupt_document, to_string(loaded.error())});
  if (version.empty()) version = version_of(doc);
  http_answer answer =
      is_update ? answer_bytes(std::string{as_text(state.view())}, "application/octet-stream")
                : export_text(doc, query);
  if (answer.status == 200) answer.etag = etag_of(version);
  return answer;
}

http_answer show_raw(const std::string& name, const storage::raw_document& found) {
  json pieces = json::array();
  for (const storage::raw_piece& each : found.pieces) {
    std::string base64;
    append_base64(as_bytes(each.value), base64);
    json piece{{"what", each.label}, {"bytes", std::move(base64)}};
    if (!each.damage.empty()) piece["damage"] = each.damage;
    pieces.push_back(std::move(piece));
  }
  return answer_json(200, {{"name", name},
                           {"complete", found.is_complete && found.gaps.empty()},
                           {"gaps", found.gaps},
                           {"pieces", std::move(pieces)}});
}

http_answer show_imported(const std::string& name, const imported_update& outcome) {
  if (auto refusal = refusal_of(name, outcome)) return *std::move(refusal);
  return answer_json(200, imported(name, outcome));
}

http_answer show_copied(const std::string& from, const std::string& to, std::size_t bytes,
                        const imported_update& outcome) {
  if (auto refusal = refusal_of(to, outcome)) return *std::move(refusal);
  json shown = imported(to, outcome);
  shown["from"] = from;
  shown["bytes"] = bytes;
  return answer_json(200, shown);
}

http_answer show_removed(const std::string& name, bool was_there) {
  return answer_json(200, {{"name", name}, {"removed", true}, {"wasThere", was_there}});
}

std::optional<http_answer> refusal_to_remove(const storage::store_stats& stats) {
  if (stats.is_writable) return std::nullopt;
  return show_storage_failure({stats.awaited_bytes > 0 ? errc::disk_full : errc::storage_failed,
                               "storage cannot be written now, so nothing is removed"});
}

http_answer show_admitted(const std::string& name, bool was_removed) {
  if (!was_removed) return answer_error(409, "the document '" + name + "' is not removed");
  return answer_json(200, {{"name", name}, {"admitted", true}});
}

http_answer show_storage(const storage::store_stats& stats) {
  return answer_json(200, {{"documentsEstimated", stats.documents_estimated},
                           {"logBytes", stats.log_bytes},
                           {"checkpointBytes", stats.checkpoint_bytes},
                           {"versionBytes", stats.version_bytes},
                           {"metaBytes", stats.meta_bytes},
                           {"journalBytes", stats.journal_bytes},
                           {"freeBytes", stats.free_bytes},
                           {"awaitedBytes", stats.awaited_bytes},
                           {"writable", stats.is_writable}});
}

http_answer show_backup(const made_backup& made) {
  return answer_json(200, {{"directory", made.directory},
                           {"bytes", made.bytes},
                           {"files", made.files},
                           {"milliseconds", made.took.count()}});
}

http_answer answer_no_document(const std::string& name) {
  return answer_error(404, "there is no document '" + name + "'");
}

http_answer answer_unavailable(const std::string& what) {
  return answer_json(
      503, {{"error", what + ": too few of the nodes that keep the document can be reached"},
            {"code", troupe::describe(close_reason::cluster_unavailable).label}});
}

http_answer answer_not_fetched() {
  return answer_json(503, {{"error", "the server that has the document cannot be asked now"},
                           {"code", troupe::describe(close_reason::upstream_unavailable).label}});
}

http_answer answer_removed(const std::string& name) {
  return answer_error(410, "the document '" + name +
                               "' was removed; POST .../admit lets it be created again");
}

http_answer show_refusal(const std::string& what, const failure& why) {
  if (close_reason_for(why.code) == close_reason::storage_unavailable)
    return show_storage_failure(why);
  return answer_error(422, what + ": " + to_string(why));
}

http_answer show_storage_failure(const failure& why) {
  const auto status = [&]() -> unsigned {
    switch (why.code) {
      case errc::document_removed: return 410;
      case errc::invalid_config: return 409;  // not with this engine, or not there
      case errc::disk_full: return 507;
      case errc::corrupt_document:
      case errc::corrupt_store:
      case errc::newer_format:
      case errc::storage_conflict: return 500;
      default: return 503;
    }
  };
  return answer_error(status(), to_string(why));
}

}  // namespace troupe::admin
