// Events of which an application is yet to be notified: announcements that survive the process,
// kept beside the documents that they are about. An announcement of a change is written in the
// batch of the change (batch::announcements, backend.hpp), all else by change() here. Who delivers
// them removes them. What they say is opaque to storage, but for the document that they name.
//
// Thread: any, also while documents are loaded and written. Every function fails as those of the
// backend do (backend.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/errc.hpp"

namespace troupe::storage {

/// Orders announcements; each has its own. The newest are the largest.
using announcement_number = std::uint64_t;

/// Names an announcement for whoever receives it, also when it comes a second time.
using announcement_id = std::array<std::uint8_t, 16>;

inline constexpr std::size_t announcement_topic_size_max = 64;

struct announcement {
  announcement_number number = 0;
  announcement_id id{};
  std::uint64_t created_at = 0;  ///< Milliseconds since 1970 (UTC).
  std::uint64_t since = 0;       ///< Since when it is being delivered, likewise.
  bool is_dead = false;          ///< Nobody tries to deliver it any more.
  std::string topic;             ///< At most announcement_topic_size_max bytes.
  std::string document;          ///< At most 65,535 bytes; may be empty.
  std::string details;

  bool operator==(const announcement&) const = default;
};

/// Written as one: after a crash all of it is there or none.
struct outbox_change {
  std::vector<announcement> puts;  ///< One that is there already is replaced.
  std::vector<announcement_number> removals;

  bool empty() const noexcept { return puts.empty() && removals.empty(); }
};

struct outbox_query {
  announcement_number after = 0;  ///< Only those behind this one.
  std::size_t limit = 1000;
};

struct outbox_page {
  std::vector<announcement> announcements;  ///< By their numbers.
  announcement_number last = 0;             ///< Of the last that was looked at; 0: there is none.
  std::size_t damaged = 0;                  ///< So many cannot be read, and are left out.
  bool has_more = false;                    ///< Ask again, after the last one.
};

class outbox {
 public:
  virtual ~outbox() = default;

  /// Returns when all of it is durable. Fails with name_too_long for a topic or a document.
  virtual result<void> change(const outbox_change& what) = 0;

  virtual result<outbox_page> announcements(const outbox_query& which) = 0;
};

}  // namespace troupe::storage
