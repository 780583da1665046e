// Parses admin requests about versions of documents and formats their answers.
// Pure, as admin_documents.hpp. Format: docs/admin.md.
#pragma once

#include <optional>
#include <string>

#include "actors/admin_documents.hpp"
#include "storage/archive.hpp"

namespace troupe::admin {

// --- requests ---

read_result<storage::version_query> read_version_list(const http_request& request,
                                                      const std::string& document);

/// The label of a new version; it may be empty.
read_result<std::string> read_new_version(const http_request& request);

/// `text`: of the path, or of ?with=.
read_result<storage::version_number> read_version_number(const std::string& text);

/// How a version is wanted: as update or JSON; nothing: what is known of it.
read_result<std::optional<export_query>> read_version_form(const http_request& request);

/// With which version one is compared; nothing: with the document as it is now.
read_result<std::optional<storage::version_number>> read_comparison(const http_request& request);

// --- answers ---

http_answer show_versions(const storage::version_page& page);
http_answer show_version(unsigned status, const storage::version_info& info);
/// `after`: nothing: the document as it is now. `found`: of compare_documents().
http_answer show_comparison(storage::version_number before,
                            std::optional<storage::version_number> after, const std::string& found);
http_answer show_restored(const std::string& name, storage::version_number number,
                          const imported_update& outcome);
http_answer show_version_removed(const std::string& name, storage::version_number number);

http_answer answer_no_version(const std::string& name, storage::version_number number);

}  // namespace troupe::admin
