#include "actors/admin_pages.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/document_name.hpp"
#include "base/utf8.hpp"
#include "net/request_target.hpp"
#include "protocol/dialects/dialects.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/json/validate.hpp"

namespace troupe::admin {

namespace {

using nlohmann::json;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view sessions_path = "/api/v1/sessions";
constexpr std::string_view documents_path = "/api/v1/documents";
constexpr std::string_view notify_path = "/api/v1/notify";
constexpr std::size_t notified_path_bytes_max = 4096;

http_answer answer_text(unsigned status, std::string json_text) {
  return {.status = status,
          .body = std::move(json_text),
          .allow = {},
          .names_upgrade = false,
          .content_type = json_type};
}

/// Bytes that are not UTF-8 are replaced; an exception would lose the whole answer.
std::string text_of(const json& value, int indent = 2) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

http_answer answer_json(unsigned status, const json& body) {
  return answer_text(status, text_of(body) + "\n");
}

std::string iso_time(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string fraction = std::to_string(1000 + milliseconds);
  fraction[0] = '.';
  return std::string{text, size} + fraction + "Z";
}

/// What each session shows; of several documents that of the last.
using presence_by_session = std::unordered_map<session_id, const listed_presence::state*>;

presence_by_session presence_of(const listed_presence& listed) {
  presence_by_session by_session;
  for (const listed_presence::state& state : listed.states) by_session[state.session] = &state;
  return by_session;
}

/// Yjs clients may show JSON that not every parser reads.
json read_presence(std::string_view text) {
  if (!troupe::json::is_valid_json(text, troupe::json::depth_limit)) return nullptr;
  std::string scratch;
  return json::parse(troupe::json::to_interchange(text, scratch));
}

/// A presence that was cut is no JSON any more, so its beginning is shown as a text.
void add_presence(json& to, const presence_by_session& presences, session_id of) {
  const auto shown = presences.find(of);
  if (shown == presences.end()) {
    to["presence"] = nullptr;
    return;
  }
  const listed_presence::state& state = *shown->second;
  to["presence"] = state.is_cut ? json(nullptr) : read_presence(state.json);
  if (state.is_cut) to["presenceCut"] = state.json;
}

json to_json(const session_info& session, const presence_by_session& presences) {
  json speaks = json::array();
  session.speaks.for_each([&](dialect each) { speaks.push_back(codec_of(each).traits().name); });
  json shown{{"id", session.id},
             {"userId", session.user.empty() ? json(nullptr) : json(session.user)},
             {"address", session.remote_address},
             {"documents", session.documents},
             {"speaks", std::move(speaks)},
             {"connectedSince", iso_time(session.connected_since)},
             {"lastPong", iso_time(session.last_pong)},
             {"messagesIn", session.messages_in},
             {"messagesOut", session.messages_out},
             {"bytesIn", session.bytes_in},
             {"bytesOut", session.bytes_out},
             {"queuedBytes", session.queued_bytes}};
  add_presence(shown, presences, session.id);
  return shown;
}

json to_json(const document_info& document) {
  return {{"name", document.name},
          {"sessions", document.sessions},
          {"unloading", document.is_unloading},
          {"folded", document.is_folded},
          {"stateBytes", document.state_bytes},
          {"memoryBytes", document.memory_bytes},
          {"clientIds", document.client_ids}};
}

/// "/api/v1/documents/a%2Fb/sessions" -> "a/b".
std::optional<std::string> document_of_sessions_path(std::string_view path) {
  constexpr std::string_view ending = "/sessions";
  if (!path.starts_with(documents_path) || !path.ends_with(ending)) return {};
  const std::size_t begin = documents_path.size();
  if (path.size() < begin + ending.size() + 1 || path[begin] != '/') return {};
  // Behind the slash that ends the path of the documents.
  std::string name = decoded_name(path.substr(begin + 1, path.size() - begin - 1 - ending.size()));
  return check_document_name(name) ? std::optional{std::move(name)} : std::nullopt;
}

/// A number in digits and nothing else.
std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return number;
}

/// What both lists understand: `?limit=` and `?after=`.
struct page_query {
  std::size_t limit = page_size_default;
  std::string after;
};

tl::expected<page_query, std::string> read_page_query(std::string_view target) {
  const std::string_view query = query_of_target(target);
  const auto limit = find_query_parameter(query, "limit");
  const auto after = find_query_parameter(query, "after");
  if (!after) return tl::unexpected(std::string{"after is not percent-encoded"});
  page_query page{.limit = page_size_default, .after = after->value_or(std::string{})};
  if (limit && !*limit) return page;
  const auto number = limit ? read_number(**limit) : std::nullopt;
  if (!number || *number == 0 || *number > page_size_max)
    return tl::unexpected("limit must be a whole number from 1 to " +
                          std::to_string(page_size_max));
  page.limit = *number;
  return page;
}

admin_query read_sessions_page(page_query page, std::string document) {
  list_sessions wanted{.document = std::move(document), .after = no_session, .limit = page.limit};
  if (page.after.empty()) return wanted;
  const auto id = read_number(page.after);
  if (!id) return answer_error(400, "after must be the id of a session");
  wanted.after = *id;
  return wanted;
}

admin_query read_notification(const std::string& body) {
  const bool is_json =
      is_valid_utf8(as_bytes(body)) && troupe::json::is_valid_json(body, troupe::json::depth_limit);
  if (is_json)
    if (const auto good = troupe::json::check_interchange(body); !good)
      return answer_error(400, "the body has " + good.error().detail + " at byte " +
                                   std::to_string(good.error().offset));
  const json parsed = is_json ? json::parse(body) : json(nullptr);
  if (!parsed.is_object()) return answer_error(400, "the body is not a JSON object");
  const auto path = parsed.find("path");
  if (path == parsed.end() || !path->is_string() || path->get_ref<const std::string&>().empty())
    return answer_error(400, "path must be a string that is not empty");
  notify_query wanted{path->get<std::string>(), {}};
  if (wanted.path.size() > notified_path_bytes_max)
    return answer_error(400, "path is longer than 4096 bytes");
  wanted.document = wanted.path;
  if (const auto name = parsed.find("docName"); name != parsed.end() && !name->is_null()) {
    if (!name->is_string()) return answer_error(400, "docName must be a string");
    wanted.document = name->get<std::string>();
  }
  if (const auto good = check_document_name(wanted.document); !good)
    return answer_error(400, "the document's name (docName, else path): " + good.error().detail);
  return wanted;
}

/// A page of a list: its rows become text one by one, so that it is never held as a tree, and the
/// page ends early where the text grows beyond listed_bytes_max.
template <class Rows, class ToJson, class NameOf>
http_answer answer_list(std::string_view name, const Rows& rows, std::size_t count, bool has_more,
                        ToJson row_to_json, NameOf name_of) {
  std::string list;
  json next = nullptr;
  for (const auto& each : rows) {
    const std::string row = text_of(row_to_json(each));
    list += list.empty() ? "\n    " : ",\n    ";
    for (const char letter : row) {
      list += letter;
      if (letter == '\n') list += "    ";  // only between members: in a text it is escaped
    }
    const bool is_last = &each == &rows.back();
    if (is_last ? has_more : list.size() >= listed_bytes_max) {
      next = name_of(each);
      break;
    }
  }
  if (!list.empty()) list += "\n  ";
  std::string body = "{\n  \"count\": " + std::to_string(count);
  if (!next.is_null()) body += ",\n  \"next\": " + text_of(next, -1);
  body.append(",\n  \"").append(name).append("\": [").append(list).append("]\n}\n");
  return answer_text(200, std::move(body));
}

}  // namespace

http_answer answer_error(unsigned status, const std::string& text, std::string_view allow) {
  http_answer answer = answer_json(status, {{"error", text}});
  answer.allow = allow;
  return answer;
}

admin_query read_request(const http_request& request) {
  const std::string_view path = path_of_target(request.target);
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (path == notify_path) {
    if (request.method != "POST") return answer_error(405, "only POST is understood here", "POST");
    return read_notification(request.body);
  }
  const auto document = document_of_sessions_path(path);
  const bool is_page =
      path == "/healthz" || path == sessions_path || path == documents_path || document;
  if (!is_page)
    return answer_error(404, "there is no such page; see GET /api/v1/sessions, "
                             "GET /api/v1/documents, GET /api/v1/documents/{name}/sessions, "
                             "POST /api/v1/notify, GET /healthz");
  if (!is_get) return answer_error(405, "only GET is understood here", "GET, HEAD");
  if (path == "/healthz") return http_answer{.status = 200, .body = "ok\n", .allow = {}};
  auto page = read_page_query(request.target);
  if (!page) return answer_error(400, page.error());
  if (path == documents_path)
    return list_documents{.after = std::move(page->after), .limit = page->limit};
  return read_sessions_page(std::move(*page), document.value_or(std::string{}));
}

http_answer show_sessions(const listed_sessions& page, const listed_presence& presence) {
  const presence_by_session presences = presence_of(presence);
  return answer_list(
      "sessions", page.sessions, page.count, page.has_more,
      [&](const session_info& each) { return to_json(each, presences); },
      [](const session_info& each) { return json(each.id); });
}

http_answer show_documents(const listed_documents& page) {
  return answer_list(
      "documents", page.documents, page.count, page.has_more,
      [](const document_info& each) { return to_json(each); },
      [](const document_info& each) { return json(each.name); });
}

http_answer show_notified(bool is_open, const std::string& document) {
  return answer_json(200, {{"docName", document}, {"open", is_open}});
}

http_answer show_failure() { return answer_error(503, "the node is busy or stopping"); }

std::string file_changed_payload(const std::string& path) {
  return json{{"event", "file-changed"}, {"path", path}}.dump(-1, ' ', false,
                                                              json::error_handler_t::replace);
}

}  // namespace troupe::admin
