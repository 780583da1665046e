// Parses admin requests about stored documents and formats their answers. Pure: a request
// in, what to do or an answer that refuses it out; an outcome in, an answer out. Format:
// docs/admin.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "actors/cluster_view.hpp"
#include "actors/operator_view.hpp"
#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "net/http_message.hpp"
#include "protocol/crdt/doc.hpp"
#include "storage/archive.hpp"

namespace troupe::admin {

template <class T>
using read_result = tl::expected<T, http_answer>;

// --- requests ---

read_result<storage::document_query> read_document_list(const http_request& request);

enum class export_form : std::uint8_t { update, json, text, xml, delta, raw };

struct export_query {
  export_form form = export_form::update;
  std::optional<std::string> root;  ///< Nothing: all, or the only one.
  bool is_local = false;  ///< As this node has it, whatever other nodes of the cluster have.
};
read_result<export_query> read_export(const http_request& request);

struct import_body {
  shared_bytes update;
  bool only_new = false;  ///< ?new=true
};
/// The bytes as they are, or {"update": base64}; at most `bytes_max`.
read_result<import_body> read_import(const http_request& request, std::size_t bytes_max);

/// A version as it stands in the header ETag.
std::string etag_of(const std::string& version);

/// The name of the document to copy to.
read_result<std::string> read_copy(const http_request& request);

/// The directory to back up to, below `parent`; refuses all if that is empty.
read_result<std::string> read_backup(const http_request& request, const std::string& parent);

// --- answers ---

/// `open`: the names of those that are open, in the order of the page.
http_answer show_stored(const storage::document_page& page, const std::vector<std::string>& open);

/// `open`: nothing if it is not.
/// `place`: nothing if the node is alone.
http_answer show_document(const std::optional<storage::document_info>& stored,
                          const std::optional<document_info>& open, const std::string& name,
                          const std::optional<placed_document>& place = {});

/// The document as text; `state` as it is for an update. `version`: of the state; empty: it is
/// found out.
http_answer show_export(const export_query& query, const shared_bytes& state,
                        const crdt::doc_settings& with, std::string version = {});
http_answer show_raw(const std::string& name, const storage::raw_document& found);

http_answer show_imported(const std::string& name, const imported_update& outcome);
http_answer show_copied(const std::string& from, const std::string& to, std::size_t bytes,
                        const imported_update& outcome);
http_answer show_removed(const std::string& name, bool was_there);
/// The answer while storage cannot be written; nothing if it can.
std::optional<http_answer> refusal_to_remove(const storage::store_stats& stats);
http_answer show_admitted(const std::string& name, bool was_removed);
http_answer show_storage(const storage::store_stats& stats);

struct made_backup {
  std::string directory;
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::chrono::milliseconds took{0};
};
http_answer show_backup(const made_backup& made);

http_answer answer_no_document(const std::string& name);
/// Too few nodes of the cluster can be reached. `what`: what has become of the request.
http_answer answer_unavailable(const std::string& what);
/// The document was never stored here, and the server that may have it cannot be asked.
http_answer answer_not_fetched();
http_answer answer_removed(const std::string& name);

/// The one translation of a failure of storage into a status.
http_answer show_storage_failure(const failure& why);
/// An edit that the document has refused; one that only storage stands against is as good as any,
/// and can be sent again.
http_answer show_refusal(const std::string& what, const failure& why);

}  // namespace troupe::admin
