#include "actors/request_journal.hpp"

#include <utility>

#include "actors/admin_cluster.hpp"
#include "actors/admin_documents.hpp"
#include "actors/admin_edits.hpp"
#include "actors/admin_json.hpp"
#include "actors/admin_log.hpp"
#include "actors/admin_sessions.hpp"
#include "protocol/json/write.hpp"

namespace troupe {

namespace {

using admin::page;

/// The audit event of a page; empty: it changes nothing but contents, which the request log tells.
std::string_view event_of(page to) noexcept {
  switch (to) {
    case page::close_sessions: return "sessions.closed";
    case page::change_rights: return "rights.changed";
    case page::lift_change: return "change.lifted";
    case page::create_document: return "document.created";
    case page::import_document: return "document.imported";
    case page::copy_document: return "document.copied";
    case page::remove_document: return "document.removed";
    case page::admit_document: return "document.admitted";
    case page::make_version: return "version.made";
    case page::restore_version: return "version.restored";
    case page::remove_version: return "version.removed";
    case page::backup: return "backup.made";
    case page::replay_webhooks: return "webhooks.replayed";
    case page::add_member: return "member.added";
    case page::remove_member: return "member.removed";
    case page::set_log: return "log.changed";
    case page::edit_document:
    case page::set_text:
    case page::add_update:
    case page::batch:
    case page::health:
    case page::readiness:
    case page::dashboard:
    case page::metrics:
    case page::sessions:
    case page::access_changes:
    case page::notify:
    case page::documents:
    case page::document_sessions:
    case page::document_presence:
    case page::send_event:
    case page::document:
    case page::export_document:
    case page::versions:
    case page::version:
    case page::compare_version:
    case page::storage:
    case page::webhooks:
    case page::cluster:
    case page::log: break;
  }
  return {};
}

/// Appends a member of an object with a text, unless that is empty.
void add(std::string& members, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  if (!members.empty()) members += ',';
  json::append_string(name, members);
  members += ':';
  json::append_string(text, members);
}

/// Whose sessions are closed or get other rights; nothing of a request that cannot be understood.
std::string details_of_change(const admin::access_query& query) {
  std::string members;
  add(members, "user", query.what.user);
  add(members, "tokenId", query.what.token_id);
  add(members, "document", query.what.document);
  if (query.what.may) add(members, "rights", to_string(*query.what.may));
  if (query.is_lift) return members;
  if (query.what.is_grant) members += ",\"grant\":true";
  return members.append(members.empty() ? "" : ",")
      .append("\"seconds\":")
      .append(std::to_string(query.lasts.count()));
}

std::string details_of(const admin::page_request& of, const http_request& request) {
  std::string members;
  switch (of.to) {
    case page::close_sessions:
      if (const auto query = admin::read_close(request)) return details_of_change(*query);
      break;
    case page::change_rights:
      if (const auto query = admin::read_rights(request)) return details_of_change(*query);
      break;
    case page::lift_change:
      if (const auto query = admin::read_lift(request)) return details_of_change(*query);
      break;
    case page::copy_document:
      if (const auto to = admin::read_copy(request)) add(members, "to", *to);
      break;
    case page::add_member:
      if (const auto order = admin::read_added_member(request))
        add(members, "member", order->which);
      break;
    case page::remove_member: add(members, "member", of.id); break;
    case page::set_log:
      if (const auto change = admin::read_log_change(request))
        add(members, "levels", admin::describe(change->applied_to({})));
      break;
    case page::restore_version:
    case page::remove_version: add(members, "version", of.id); break;
    default: break;
  }
  return members;
}

/// What both kinds of lines begin with.
void begin(json::writer& to, std::string_view kind, const request_note& of) {
  to.open('{').name("time").value(std::string_view{admin::iso_time(of.at_ms)});
  to.name("kind").value(kind);
}

/// Only what is known is written.
void add_asker(json::writer& to, const request_note& of) {
  to.name("by").value(of.asker.role.empty() ? std::string_view{"nobody"} : of.asker.role);
  if (!of.asker.user.empty()) to.name("user").value(std::string_view{of.asker.user});
  if (!of.asker.token_id.empty()) to.name("tokenId").value(std::string_view{of.asker.token_id});
  to.name("address").value(std::string_view{of.address});
}

}  // namespace

request_note note_of(const http_request& request, const admin::page_request* wanted,
                     std::uint64_t now_ms) {
  request_note note;
  note.at_ms = now_ms;
  note.asker = request.asker;
  note.address = request.remote_address;
  note.method = request.method;
  note.bytes_in = request.body.size();
  if (wanted == nullptr) return note;
  note.route = wanted->path;
  note.document = wanted->document;
  note.event = event_of(wanted->to);
  if (!note.event.empty()) note.details = details_of(*wanted, request);
  if (wanted->to == page::batch) note.documents = admin::names_in_batch(request);
  return note;
}

std::string request_line(const request_note& of, const http_answer& answer,
                         std::chrono::microseconds took) {
  json::writer line;
  begin(line, "request", of);
  add_asker(line, of);
  line.name("method").value(std::string_view{of.method});
  if (of.route.empty())
    line.name("route").raw("null");
  else
    line.name("route").value(of.route);
  if (!of.document.empty()) line.name("document").value(std::string_view{of.document});
  if (!of.documents.empty()) {
    line.name("documents").open('[');
    for (const std::string& name : of.documents) line.value(std::string_view{name});
    line.close(']');
  }
  std::string milliseconds;
  json::append_number(static_cast<double>(took.count()) / 1000, milliseconds);
  line.name("status").value(std::uint64_t{answer.status});
  line.name("bytesIn").value(std::uint64_t{of.bytes_in});
  line.name("bytesOut").value(std::uint64_t{answer.body.size()});
  line.name("ms").raw(milliseconds).close('}');
  return line.take();
}

std::string audit_line(const request_note& of, const http_answer& answer) {
  json::writer line;
  begin(line, "audit", of);
  line.name("event").value(of.event);
  add_asker(line, of);
  if (!of.document.empty()) line.name("document").value(std::string_view{of.document});
  if (!of.details.empty())
    line.name("details").raw(std::string{"{"}.append(of.details).append("}"));
  line.name("done").raw(answer.status < 300 ? "true" : "false");
  line.name("status").value(std::uint64_t{answer.status}).close('}');
  return line.take();
}

std::string gap_line(std::uint64_t count, std::uint64_t now_ms) {
  json::writer line;
  line.open('{').name("time").value(std::string_view{admin::iso_time(now_ms)});
  line.name("kind").value(std::string_view{"gap"}).name("lines").value(count).close('}');
  return line.take();
}

void request_journal::write(const request_note& of, const http_answer& answer,
                            std::chrono::microseconds took) {
  if (requests_) requests_->write(request_line(of, answer, took));
  if (audit_ && !of.event.empty()) audit_->write(audit_line(of, answer));
}

result<void> request_journal::reopen() {
  result<void> outcome;
  for (const auto& each : {requests_, audit_})
    if (each)
      if (auto opened = each->reopen(); !opened && outcome) outcome = std::move(opened);
  return outcome;
}

}  // namespace troupe
