#include "app/inspect/json.hpp"

#include <nlohmann/json.hpp>

namespace troupe::inspection {

namespace {

using nlohmann::json;

/// Foreign text may be no UTF-8.
std::string line_of(const json& what) {
  return what.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

json text_or_null(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

json to_json(const member_row& of) {
  return {{"name", of.name},
          {"address", of.address},
          {"uuid", of.uuid},
          {"role", of.role},
          {"state", of.state},
          {"error", text_or_null(of.why_down)},
          {"incarnation", of.incarnation},
          {"lagMs", of.lag},
          {"queuedBytes", of.queued_bytes},
          {"inFlightBytes", of.in_flight_bytes},
          {"movedList", of.moved_list}};
}

json to_json(const actor_row& of) {
  const bool is_measured = of.mailbox != actor_row::not_known;
  json shown{{"name", of.name}, {"asked", of.asked}, {"silent", of.silent}};
  shown["answerNs"] = of.answer == actor_row::not_known ? json(nullptr) : json(of.answer);
  shown["mailbox"] = is_measured ? json(of.mailbox) : json(nullptr);
  if (!is_measured) return shown;
  shown["messages"] = of.messages;
  shown["handlingMeanNs"] = of.handling_mean;
  shown["handlingP99Ns"] = of.handling_p99;
  shown["waitingMeanNs"] = of.waiting_mean;
  shown["waitingP99Ns"] = of.waiting_p99;
  return shown;
}

json to_json(const document_row& of) {
  json shown{{"name", of.name},
             {"sessions", of.sessions},
             {"stateBytes", of.state_bytes},
             {"memoryBytes", of.memory_bytes},
             {"clientIds", of.client_ids},
             {"folded", of.is_folded},
             {"unloading", of.is_unloading}};
  if (of.keepers.empty()) return shown;
  shown["home"] = text_or_null(of.home);
  shown["keepers"] = of.keepers;
  return shown;
}

json to_json(const session_row& of) {
  return {{"id", of.id},
          {"userId", text_or_null(of.user)},
          {"address", of.address},
          {"dialects", of.dialects},
          {"documents", of.documents},
          {"document", text_or_null(of.document)},
          {"queuedBytes", of.queued_bytes},
          {"bytesIn", of.bytes_in},
          {"bytesOut", of.bytes_out},
          {"messagesIn", of.messages_in},
          {"messagesOut", of.messages_out},
          {"idleMs", of.idle},
          {"connectedMs", of.connected}};
}

template <class Rows>
json list_of(const Rows& rows) {
  json list = json::array();
  for (const auto& each : rows) list.push_back(to_json(each));
  return list;
}

void add_source(json& to, const inspect_source& source) {
  to["count"] = source.total;
  to["ageMs"] = source.age;
  to["partial"] = source.is_partial;
}

json to_json(const inspected_node& of) {
  json shown{{"version", of.program},
             {"node", text_or_null(of.name)},
             {"process", of.process},
             {"uptimeMs", of.uptime},
             {"memoryBytes", of.memory_bytes},
             {"cpuMs", of.cpu_time},
             {"actors", of.running_actors},
             {"connections", of.connections},
             {"openDocuments", of.open_documents},
             {"messages", of.messages},
             {"unstoredBytes", of.unstored_bytes},
             {"storageRefusal", text_or_null(of.storage_refusal)},
             {"partial", of.source.is_partial},
             {"ageMs", of.source.age}};
  if (of.cluster.empty()) return shown;
  shown["cluster"] = {{"name", of.cluster},
                      {"list", of.list_number},
                      {"waits", text_or_null(of.why_not_joined)},
                      {"members", list_of(of.members)}};
  return shown;
}

json to_json(const inspected_actors& all) {
  json shown{{"actors", list_of(all.actors)}};
  add_source(shown, all.source);
  return shown;
}

json to_json(const inspected_documents& all) {
  json shown{{"documents", list_of(all.documents)}, {"silent", all.silent}};
  add_source(shown, all.source);
  return shown;
}

json to_json(const inspected_sessions& all) {
  json shown{{"sessions", list_of(all.sessions)},
             {"queuedBytes", all.queued_bytes},
             {"bytesIn", all.bytes_in},
             {"bytesOut", all.bytes_out}};
  add_source(shown, all.source);
  return shown;
}

json to_json(const inspected_document& of) {
  json shown = to_json(of.row);
  shown["open"] = of.is_open;
  shown["stored"] = of.is_stored;
  shown["removed"] = of.is_removed;
  shown["silent"] = of.is_silent;
  if (!of.damage.empty()) shown["damage"] = of.damage;
  if (!of.is_stored) return shown;
  shown["createdAt"] = of.created_at;
  shown["changedAt"] = of.changed_at;
  shown["updates"] = of.updates;
  shown["logRecords"] = of.log_records;
  shown["logBytes"] = of.log_bytes;
  shown["checkpointBytes"] = of.checkpoint_bytes;
  return shown;
}

}  // namespace

std::string node_json(const inspected_node& node) { return line_of(to_json(node)); }
std::string actors_json(const inspected_actors& all) { return line_of(to_json(all)); }
std::string documents_json(const inspected_documents& all) { return line_of(to_json(all)); }
std::string document_json(const inspected_document& of) { return line_of(to_json(of)); }
std::string sessions_json(const inspected_sessions& all) { return line_of(to_json(all)); }

std::string overview_json(const overview& all) {
  return line_of({{"node", to_json(all.node)},
                  {"sessions", to_json(all.sessions)},
                  {"documents", to_json(all.documents)},
                  {"actors", to_json(all.actors)}});
}

}  // namespace troupe::inspection
