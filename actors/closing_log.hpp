// The log lines about connections that the server has closed: one for each cause and document a
// minute, with how many there were, since a client may come back and be closed again and again.
// Thread: any.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "base/close_reason.hpp"
#include "base/log_quota.hpp"

namespace troupe {

class closing_log {
 public:
  using time_point = log_quota::time_point;

  /// The line that is due for a connection that has ended so, or nothing. A close by the client,
  /// the end of the server and a lost connection are no news. `document`: of the address.
  std::string line_for(close_reason why, std::string_view document, std::string_view address,
                       time_point now);

  /// The same for one that is about to be closed for what `text` says.
  std::string line_for_problem(close_reason why, std::string_view document, std::string text,
                               time_point now);

  /// The same for an upgrade that waits or is refused, since its client has been closed so.
  std::string line_for_return(close_reason why, std::string_view document, std::string_view address,
                              time_point now);

 private:
  std::uint64_t count(std::string_view kind, close_reason why, std::string_view document,
                      time_point now);

  std::mutex mutex_;
  log_quota quota_{std::chrono::minutes{1}, 1024};  // guarded by mutex_
};

}  // namespace troupe
