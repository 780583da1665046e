#include "actors/admin_pages.hpp"

#include <chrono>
#include <unordered_map>
#include <vector>

#include "actors/admin_cluster.hpp"
#include "actors/admin_json.hpp"
#include "base/document_name.hpp"
#include "base/utf8.hpp"
#include "net/page_files.hpp"
#include "protocol/dialects/dialects.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/json/validate.hpp"

namespace troupe::admin {

namespace {

using nlohmann::json;

constexpr std::size_t notified_path_bytes_max = 4096;
/// As deep as the payload of a session's event.
constexpr std::size_t event_depth_max = 100;

std::uint64_t milliseconds_of(std::chrono::system_clock::time_point time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
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
             {"connectedSince", iso_time(milliseconds_of(session.connected_since))},
             {"lastPong", iso_time(milliseconds_of(session.last_pong))},
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

admin_query read_sessions_page(page_query page, std::string document) {
  list_sessions wanted{.document = std::move(document), .after = no_session, .limit = page.limit};
  if (page.after.empty()) return wanted;
  const auto id = read_number(page.after);
  if (!id) return answer_error(400, "after must be the id of a session");
  wanted.after = *id;
  return wanted;
}

admin_query read_clients_page(page_query page, std::string document) {
  list_clients wanted{.document = std::move(document), .after = {}, .limit = page.limit};
  if (page.after.empty()) return wanted;
  wanted.after = read_number(page.after);
  if (!wanted.after) return answer_error(400, "after must be the id of a client");
  return wanted;
}

/// The body itself is the event, as sessions receive it.
admin_query read_event(const http_request& request, std::string document) {
  const std::string& text = request.body;
  const bool is_json =
      is_valid_utf8(as_bytes(text)) && troupe::json::is_valid_json(text, event_depth_max);
  if (!is_json) return answer_error(400, "the body is not JSON, or nested more than 100 deep");
  if (const auto good = troupe::json::check_interchange(text); !good)
    return answer_error(400, "the body has " + good.error().detail);
  const json parsed = json::parse(text);
  if (parsed.is_object() && (parsed.contains("update") || parsed.contains("edit")))
    return answer_error(400, "an event has no member \"update\" or \"edit\": these are reserved");
  return event_query{std::move(document), text};
}

json to_json(const listed_clients::client& client) {
  json shown{{"clientId", client.id}, {"sessionId", client.session}};
  shown["state"] = client.is_cut ? json(nullptr) : read_presence(client.json);
  if (client.is_cut) shown["stateCut"] = client.json;
  return shown;
}

/// A body that is needed, unlike others.
admin_query read_notification(const std::string& body) {
  if (body.empty()) return answer_error(400, "the body is not a JSON object");
  const auto object = read_object(body);
  if (!object) return answer_error(400, object.error());
  const json& parsed = *object;
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

admin_query read_replay(const std::string& body) {
  const auto object = read_object(body);
  if (!object) return answer_error(400, object.error());
  // With a misspelt one all would be sent again.
  for (const auto& [name, value] : object->items())
    if (name != "delivery") return answer_error(400, "there is no member '" + name + "' here");
  const auto delivery = object->find("delivery");
  if (delivery == object->end() || delivery->is_null()) return replay_webhooks{};
  if (!delivery->is_string() || delivery->get_ref<const std::string&>().empty())
    return answer_error(400, "delivery must be a string that is not empty");
  return replay_webhooks{delivery->get<std::string>()};
}

json to_json(const described_webhooks::dead_letter& dead) {
  return {{"delivery", dead.delivery}, {"event", dead.event},
          {"document", dead.document}, {"at", iso_time(dead.happened_at)},
          {"attempts", dead.attempts}, {"error", dead.why}};
}

template <class Query>
admin_query query_or_refusal(tl::expected<Query, http_answer> query) {
  return query ? admin_query{*std::move(query)} : admin_query{std::move(query).error()};
}

/// A file of the dashboard; its connection ends, since whoever may have it may ask nothing more.
http_answer read_dashboard(const http_request& request) {
  const page_file* const file = find_page_file(dashboard_files(), request.target);
  http_answer answer = file == nullptr ? answer_error(404, "the dashboard has no such file")
                                       : answer_page_file(*file, request);
  answer.ends_connection = true;
  return answer;
}

}  // namespace

http_answer answer_error(unsigned status, const std::string& text, std::string allow) {
  http_answer answer = answer_json(status, {{"error", text}});
  answer.allow = std::move(allow);
  return answer;
}

admin_query read_request(const page_request& wanted, const http_request& request) {
  if (wanted.to == page::health)
    return http_answer{.status = 200, .body = "ok\n", .allow = {}, .ends_connection = true};
  if (wanted.to == page::dashboard) return read_dashboard(request);
  if (wanted.to == page::metrics) return metrics_query{};
  if (wanted.to == page::notify) return read_notification(request.body);
  if (wanted.to == page::close_sessions) return query_or_refusal(read_close(request));
  if (wanted.to == page::change_rights) return query_or_refusal(read_rights(request));
  if (wanted.to == page::lift_change) return query_or_refusal(read_lift(request));
  if (wanted.to == page::access_changes) return query_or_refusal(read_changes_page(request));
  if (wanted.to == page::cluster) return describe_cluster{};
  if (wanted.to == page::add_member || wanted.to == page::remove_member) {
    auto order = wanted.to == page::add_member ? read_added_member(request)
                                               : read_removed_member(request, wanted.id);
    return order ? admin_query{*std::move(order)} : admin_query{std::move(order).error()};
  }
  if (wanted.to == page::log) return describe_log{};
  if (wanted.to == page::set_log) {
    auto change = read_log_change(request);
    return change ? admin_query{*std::move(change)} : admin_query{std::move(change).error()};
  }
  if (wanted.to == page::webhooks) return describe_webhooks{};
  if (wanted.to == page::replay_webhooks) return read_replay(request.body);
  if (wanted.to == page::send_event) return read_event(request, wanted.document);
  auto of_list = read_page_query(request.target);
  if (!of_list) return answer_error(400, of_list.error());
  if (wanted.to == page::document_presence)
    return read_clients_page(std::move(*of_list), wanted.document);
  return read_sessions_page(std::move(*of_list), wanted.document);
}

std::optional<admin_query> read_open_documents(const http_request& request) {
  const auto is_wanted = read_switch(request.target, "open");
  if (!is_wanted) return answer_error(400, is_wanted.error());
  if (!*is_wanted) return std::nullopt;
  auto of_list = read_page_query(request.target);
  if (!of_list) return answer_error(400, of_list.error());
  return list_documents{.after = std::move(of_list->after), .limit = of_list->limit};
}

http_answer show_sessions(const listed_sessions& page, const listed_presence& presence) {
  const presence_by_session presences = presence_of(presence);
  return answer_list(
      "sessions", page.sessions, {{"count", page.count}}, page.has_more,
      [&](const session_info& each) { return to_json(each, presences); },
      [](const session_info& each) { return json(each.id); });
}

http_answer show_documents(const listed_documents& page) {
  return answer_list(
      "documents", page.documents, {{"count", page.count}}, page.has_more,
      [](const document_info& each) { return to_json(each); },
      [](const document_info& each) { return json(each.name); });
}

http_answer show_clients(const listed_clients& page) {
  return answer_list(
      "presence", page.clients, {{"count", page.count}}, page.has_more,
      [](const listed_clients::client& each) { return to_json(each); },
      [](const listed_clients::client& each) { return json(each.id); });
}

http_answer show_notified(bool is_open, const std::string& document) {
  return answer_json(200, {{"docName", document}, {"open", is_open}});
}

http_answer show_webhooks(const described_webhooks& all) {
  const json none = nullptr;
  return answer_list(
      "deadLetters", all.dead,
      {{"url", all.url},
       {"queued", all.queued},
       {"queuedBytes", all.queued_bytes},
       {"inFlight", all.in_flight},
       {"oldestSince", all.oldest_since == 0 ? none : json(iso_time(all.oldest_since))},
       {"failuresInRow", all.failures_in_row},
       {"lastError", all.last_failure.empty() ? none : json(all.last_failure)},
       {"sent", all.sent},
       {"failed", all.failed},
       {"leftOut", all.left_out},
       {"dead", all.dead_count}},
      false, [](const auto& each) { return to_json(each); },
      [](const auto& each) { return json(each.delivery); });
}

http_answer show_replayed(const replayed_webhooks& again, const std::string& which) {
  if (again.count == 0 && !which.empty())
    return answer_error(404, "no delivery '" + which + "' was given up");
  return answer_json(200, {{"replayed", again.count}});
}

http_answer show_no_webhooks() {
  return answer_error(404, "there are no webhooks: webhooks.url is not set");
}

http_answer show_failure() {
  http_answer answer = answer_error(503, "the node is busy or stopping");
  answer.retry_after = std::chrono::seconds{1};
  return answer;
}

std::string file_changed_payload(const std::string& path) {
  return json{{"event", "file-changed"}, {"path", path}}.dump(-1, ' ', false,
                                                              json::error_handler_t::replace);
}

}  // namespace troupe::admin
