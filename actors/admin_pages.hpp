// What the admin listener serves: lists of sessions and documents, and news for a document. Pure: a
// request in, what to ask of the supervisor or an answer out. Format: docs/admin.md.
#pragma once

#include <string>
#include <variant>

#include "actors/interfaces.hpp"
#include "net/http_message.hpp"

namespace troupe::admin {

/// How many sessions or documents one answer lists.
constexpr std::size_t page_size_default = 1000;
constexpr std::size_t page_size_max = 10'000;

/// The sessions of all documents, or of one, by their ids.
struct sessions_query {
  std::string document = {};  ///< Empty: all.
  std::size_t limit = page_size_default;
  session_id after = no_session;  ///< Those with a greater id.
};
/// The open documents, by their names.
struct documents_query {
  std::size_t limit = page_size_default;
  std::string after = {};  ///< Those behind this name; empty: all.
};
struct notify_query {
  std::string path;
  std::string document;
};
using admin_query = std::variant<http_answer, sessions_query, documents_query, notify_query>;

/// What a request is about; an answer where that is known at once (health, mistakes).
admin_query read_request(const http_request& request);

/// A page of the list; it says what to ask for next if there is more.
http_answer show_sessions(const listed_sessions& listed, const listed_presence& presence,
                          const sessions_query& wanted);
/// `sessions`: to count those of each document.
http_answer show_documents(const listed_documents& listed, const listed_sessions& sessions,
                           const documents_query& wanted);
http_answer show_notified(const notified_document& notified, const std::string& document);
/// 503: an actor did not answer.
http_answer show_failure();

/// The payload that tells JSON sessions of a changed file.
std::string file_changed_payload(const std::string& path);

}  // namespace troupe::admin
