#include "actors/admin_versions.hpp"

#include "actors/admin_json.hpp"
#include "actors/admin_pages.hpp"
#include "storage/version_record.hpp"

namespace troupe::admin {

namespace {

using nlohmann::json;

json version_to_json(const storage::version_info& info) {
  if (!info.damage.empty()) return {{"id", info.number}, {"damage", info.damage}};
  return {{"id", info.number},
          {"label", info.label},
          {"automatic", info.is_automatic},
          {"createdAt", iso_time(info.created_at)},
          {"updates", info.covers},
          {"bytes", info.size},
          {"storedBytes", info.stored_size},
          {"authors", info.by.users},
          {"origins", info.by.origins}};
}

}  // namespace

// --- requests ---

read_result<storage::version_query> read_version_list(const http_request& request,
                                                      const std::string& document) {
  const auto query = read_page_query(request.target);
  if (!query) return refuse(query.error());
  storage::version_query read{document, 0, query->limit};
  if (!query->after.empty()) {
    const auto after = read_number(query->after);
    if (!after) return refuse("after must be the id of a version");
    read.after = *after;
  }
  return read;
}

read_result<std::string> read_new_version(const http_request& request) {
  const auto body = read_object(request.body);
  if (!body) return refuse(body.error());
  const auto label = body->find("label");
  if (label == body->end() || label->is_null()) return std::string{};
  if (!label->is_string()) return refuse("label must be a string");
  std::string text = label->get<std::string>();
  if (const auto good = storage::check_label(text); !good) return refuse(good.error().detail);
  return text;
}

read_result<storage::version_number> read_version_number(const std::string& text) {
  const auto number = read_number(text);
  if (!number || *number == 0) return refuse("a version has a number, such as 3");
  return *number;
}

read_result<std::optional<export_query>> read_version_form(const http_request& request) {
  TROUPE_ASSIGN(const auto as, read_parameter(request, "as"));
  if (!as) return std::nullopt;
  const std::string_view form{*as};
  if (form == "update") return export_query{export_form::update, {}};
  if (form == "json") return export_query{export_form::json, {}};
  return refuse("as must be update or json");
}

read_result<std::optional<storage::version_number>> read_comparison(const http_request& request) {
  TROUPE_ASSIGN(const auto with, read_parameter(request, "with"));
  if (!with || *with == "now") return std::nullopt;
  const auto number = read_number(*with);
  if (!number || *number == 0) return refuse("with must be now or the id of a version");
  return *number;
}

// --- answers ---

http_answer show_versions(const storage::version_page& page) {
  return answer_list("versions", page.versions, json::object(), page.has_more, version_to_json,
                     [](const storage::version_info& each) { return json(each.number); });
}

http_answer show_version(unsigned status, const storage::version_info& info) {
  return answer_json(status, version_to_json(info));
}

http_answer show_comparison(storage::version_number before,
                            std::optional<storage::version_number> after,
                            const std::string& found) {
  std::string text = "{\"from\":" + std::to_string(before) +
                     ",\"to\":" + (after ? std::to_string(*after) : "\"now\"") + ",";
  return answer_json_text(200, text.append(found, 1) + "\n");
}

http_answer show_restored(const std::string& name, storage::version_number number,
                          const imported_update& outcome) {
  if (outcome.what == imported_update::outcome::refused)
    return show_refusal("the version cannot be restored", outcome.refusal);
  const bool has_changed = outcome.what == imported_update::outcome::changed;
  return answer_json(200, {{"name", name}, {"restored", number}, {"changed", has_changed}});
}

http_answer show_version_removed(const std::string& name, storage::version_number number) {
  return answer_json(200, {{"name", name}, {"removed", number}});
}

http_answer answer_no_version(const std::string& name, storage::version_number number) {
  return answer_error(404, "the document '" + name + "' has no version " + std::to_string(number));
}

}  // namespace troupe::admin
