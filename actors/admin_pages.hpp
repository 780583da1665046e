// Formats what the admin listener reports of the running node: lists of sessions and open
// documents, and events for a document. Pure: a request in, what to ask of the node's actors or an
// answer out. Format: docs/admin.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "actors/admin_log.hpp"
#include "actors/admin_routes.hpp"
#include "actors/admin_sessions.hpp"
#include "actors/cluster_view.hpp"
#include "actors/operator_view.hpp"
#include "net/http_message.hpp"

namespace troupe::admin {

struct notify_query {
  std::string path;
  std::string document;
};
/// An event of the application.
struct event_query {
  std::string document;
  std::string payload;  ///< JSON text.
};
/// All metrics of the node.
struct metrics_query {};
using admin_query =
    std::variant<http_answer, list_sessions, list_documents, list_clients, notify_query,
                 event_query, describe_webhooks, replay_webhooks, access_query, changes_query,
                 describe_cluster, change_members, describe_log, log_change, metrics_query>;

/// An answer that says what is wrong. `allow`: the methods that are understood.
http_answer answer_error(unsigned status, const std::string& text, std::string allow = {});

/// What a request for a page of the running node is about; an answer where that is known at once
/// (health, mistakes).
admin_query read_request(const page_request& wanted, const http_request& request);

/// The same of page::documents; nothing if the documents that are stored are meant.
std::optional<admin_query> read_open_documents(const http_request& request);

/// A page of sessions with what they show; it names the id to continue behind if there are more.
http_answer show_sessions(const listed_sessions& page, const listed_presence& presence);
/// The same of documents.
http_answer show_documents(const listed_documents& page);
/// A page of who is present in a document.
http_answer show_clients(const listed_clients& page);
http_answer show_notified(bool is_open, const std::string& document);
http_answer show_webhooks(const described_webhooks& all);
/// `which`: the delivery that was asked for; empty: all.
http_answer show_replayed(const replayed_webhooks& again, const std::string& which);
/// 404: webhooks.url is not set.
http_answer show_no_webhooks();
/// 503: an actor did not answer.
http_answer show_failure();

/// The payload of the event that reports a changed file.
std::string file_changed_payload(const std::string& path);

}  // namespace troupe::admin
