#include "actors/admin_pages.hpp"

#include <algorithm>
#include <ctime>
#include <map>
#include <optional>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "base/document_name.hpp"
#include "base/utf8.hpp"
#include "net/document_path.hpp"

namespace troupe::admin {

namespace {

using nlohmann::json;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view sessions_path = "/api/v1/sessions";
constexpr std::string_view documents_path = "/api/v1/documents";
constexpr std::string_view notify_path = "/api/v1/notify";
constexpr std::size_t notified_path_bytes_max = 4096;

http_answer answer_json(unsigned status, const json& body) {
  // What is not UTF-8 (there should be nothing) is replaced, not thrown at.
  return {.status = status,
          .body = body.dump(2, ' ', false, json::error_handler_t::replace) + "\n",
          .allow = {},
          .names_upgrade = false,
          .content_type = json_type};
}

http_answer answer_error(unsigned status, const std::string& text, std::string_view allow = {}) {
  http_answer answer = answer_json(status, {{"error", text}});
  answer.allow = allow;
  return answer;
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

/// What each session shows; of several documents the one told last.
using presence_by_session = std::unordered_map<session_id, json>;

presence_by_session read_presence(const listed_presence& listed) {
  presence_by_session by_session;
  for (const listed_presence::state& state : listed.states) {
    json parsed = json::parse(state.json, nullptr, false);
    if (!parsed.is_discarded()) by_session[state.session] = std::move(parsed);
  }
  return by_session;
}

json to_json(const session_info& session, const presence_by_session& presences) {
  json speaks = json::array();
  if (session.speaks_binary) speaks.push_back("y-websocket");
  if (session.speaks_json) speaks.push_back("json");
  const auto shown = presences.find(session.id);
  json presence = shown == presences.end() ? json(nullptr) : shown->second;
  return {{"id", session.id},
          {"userId", session.user.empty() ? json(nullptr) : json(session.user)},
          {"address", session.remote_address},
          {"documents", session.documents},
          {"presence", std::move(presence)},
          {"speaks", std::move(speaks)},
          {"connectedSince", iso_time(session.connected_since)},
          {"lastPong", iso_time(session.last_pong)},
          {"messagesIn", session.messages_in},
          {"messagesOut", session.messages_out},
          {"bytesIn", session.bytes_in},
          {"bytesOut", session.bytes_out},
          {"queuedBytes", session.queued_bytes}};
}

/// "/api/v1/documents/a%2Fb/sessions" -> "a/b".
std::optional<std::string> document_of_sessions_path(std::string_view path) {
  constexpr std::string_view ending = "/sessions";
  if (!path.starts_with(documents_path) || !path.ends_with(ending)) return {};
  const std::size_t begin = documents_path.size();
  if (path.size() < begin + ending.size() + 1) return {};
  const auto name =
      document_name_from_target(path.substr(begin, path.size() - begin - ending.size()));
  return name ? std::optional{*name} : std::nullopt;
}

wish read_notification(const std::string& body) {
  const json parsed = json::parse(body, nullptr, false);
  if (!parsed.is_object()) return answer_error(400, "the body is not a JSON object");
  const auto path = parsed.find("path");
  if (path == parsed.end() || !path->is_string() || path->get_ref<const std::string&>().empty())
    return answer_error(400, "path must be a string that is not empty");
  wants_notification wanted{path->get<std::string>(), {}};
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

}  // namespace

wish read_request(const http_request& request) {
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
  if (path == documents_path) return wants_documents{};
  return wants_sessions{document.value_or(std::string{})};
}

http_answer show_sessions(const listed_sessions& listed, const listed_presence& presence,
                          const std::string& document) {
  const presence_by_session presences = read_presence(presence);
  json sessions = json::array();
  for (const session_info& session : listed.sessions) {
    const auto& joined = session.documents;
    if (document.empty() || std::ranges::find(joined, document) != joined.end())
      sessions.push_back(to_json(session, presences));
  }
  const std::size_t count = sessions.size();
  return answer_json(200, {{"sessions", std::move(sessions)}, {"count", count}});
}

http_answer show_documents(const listed_documents& listed, const listed_sessions& sessions) {
  std::map<std::string, std::size_t> counts;
  for (const session_info& session : sessions.sessions)
    for (const std::string& name : session.documents) ++counts[name];
  json documents = json::array();
  for (const document_info& document : listed.documents)
    documents.push_back({{"name", document.name},
                         {"sessions", counts[document.name]},
                         {"unloading", document.is_unloading}});
  const std::size_t count = documents.size();
  return answer_json(200, {{"documents", std::move(documents)}, {"count", count}});
}

http_answer show_notified(const notified_document& notified, const std::string& document) {
  return answer_json(200, {{"docName", document}, {"open", notified.is_open}});
}

http_answer show_failure() { return answer_error(503, "the node is busy or stopping"); }

std::string file_changed_payload(const std::string& path) {
  return json{{"event", "file-changed"}, {"path", path}}.dump(-1, ' ', false,
                                                              json::error_handler_t::replace);
}

}  // namespace troupe::admin
