// What programs without a Yjs library ask to be changed in documents: edits, whole texts, updates,
// on condition of a version. Pure: a request in, an order or an answer that refuses it out; an
// outcome in, an answer out. Format: docs/backend-api.md, docs/openapi.yaml.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "actors/admin_documents.hpp"
#include "actors/operator_view.hpp"
#include "net/http_message.hpp"

namespace troupe::admin {

/// Documents that one batch may change.
inline constexpr std::size_t batch_documents_max = 100;

/// The edits that a document is asked to make, or why they are refused: what is wrong with them is
/// known before a document is asked.
using edit_order = read_result<import_update>;

/// {"edits": [...], "origin": "..."}
edit_order read_edits(const http_request& request, const std::string& document);

/// {"text": "...", "origin": "..."}, or the text as it is.
edit_order read_text(const http_request& request, const std::string& document,
                     const std::string& root);

/// An update as for an import, with ?origin=.
edit_order read_update(const http_request& request, const std::string& document,
                       std::size_t bytes_max);

/// Edits, an update, or nothing, for a document that is not there yet.
edit_order read_new_document(const http_request& request, const std::string& document,
                             std::size_t bytes_max);

/// {"documents": [{"name", "edits", "origin", "ifMatch"}]}: an order for each of them.
read_result<std::vector<edit_order>> read_batch(const http_request& request);

/// The names in such a body, as far as it can be understood, at most batch_documents_max.
std::vector<std::string> names_in_batch(const http_request& request);

/// If-Match and If-None-Match. Fails for what is no list of entity tags.
read_result<version_condition> read_condition(const http_request& request);

/// Whether ?as= is there.
bool wants_contents(const http_request& request);

/// `status`: of an order that was carried out.
http_answer show_edited(const std::string& name, const imported_update& outcome,
                        unsigned status = 200);

/// The answers of a batch, in its order.
http_answer show_batch(const std::vector<http_answer>& answers);

/// Whether a client may name itself so as the origin of an edit: UTF-8 of at most
/// hosted_document::origin_name_bytes_max bytes without control characters.
bool is_origin_name(std::string_view text);

}  // namespace troupe::admin
