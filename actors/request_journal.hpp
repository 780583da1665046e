// Who asked what of the admin pages and the REST API, and who changed what by them, as JSON lines
// (log.requests, log.audit): what goes to a collector of logs, where people and programs look for
// it. Never a token, and nothing of what documents hold. Format: docs/admin.md#request-log.
// Thread: any.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/admin_routes.hpp"
#include "actors/line_log.hpp"
#include "net/http_message.hpp"

namespace troupe {

/// One request and what became of it.
struct request_note {
  std::uint64_t at_ms = 0;  ///< When it came, since 1970 (UTC).
  http_asker asker;
  std::string address;
  std::string method;
  std::string_view route;  ///< The path of its page, with {name}; empty: there is no such page.
  std::string document;    ///< Empty: none, or several.
  std::vector<std::string> documents = {};  ///< Of a batch.
  std::size_t bytes_in = 0;
  /// What the request changes, for its audit event: members of a JSON object, with commas between.
  std::string details = {};
  std::string_view event = {};  ///< Of the audit; empty: it changes nothing that is audited.
};

/// The note of a request that has found its page, or not (null).
request_note note_of(const http_request& request, const admin::page_request* page,
                     std::uint64_t now_ms);

/// A line of the request log, without its end.
std::string request_line(const request_note& of, const http_answer& answer,
                         std::chrono::microseconds took);

/// A line of the audit. Requires: an event.
std::string audit_line(const request_note& of, const http_answer& answer);

/// The line of either for lines that were left out.
std::string gap_line(std::uint64_t count, std::uint64_t now_ms);

/// Where the lines go. Either log may be null, or both may be one.
class request_journal {
 public:
  request_journal(std::shared_ptr<line_log> requests, std::shared_ptr<line_log> audit)
      : requests_(std::move(requests)), audit_(std::move(audit)) {}

  bool is_wanted() const noexcept { return requests_ || audit_; }
  void write(const request_note& of, const http_answer& answer, std::chrono::microseconds took);

  /// Goes on in new files where the old ones were renamed. Returns the first failure.
  result<void> reopen();

 private:
  std::shared_ptr<line_log> requests_;
  std::shared_ptr<line_log> audit_;
};

}  // namespace troupe
