// Where an import reads documents from: a store of another server, or a folder. One document after
// the other, so that memory holds one at a time.
//
// Thread: one. Unreadable data is reported, never skipped silently.
#pragma once

#include <string>
#include <vector>

#include "base/errc.hpp"

namespace troupe::moving {

/// Bytes of one document in a source, updates that follow each other included. A server would hold
/// several times as much in memory.
inline constexpr std::size_t document_size_bytes_max = std::size_t{512} << 20;

/// In which formats a source keeps updates.
enum class update_notation : std::uint8_t {
  v1,        ///< All of them in format v1.
  v1_or_v2,  ///< Each in format v1, or in v2 where it is no update of v1.
  any_of     ///< v1, v2, or a stream of v1 updates: to be detected.
};

/// What a name in a source is.
enum class source_names : std::uint8_t {
  as_they_are,
  /// Part of the path of a URL, as y-websocket's server takes it: "a%20b" is the document "a b".
  of_urls
};

/// One document of a source. Updates may be applied in any order.
struct found_document {
  std::string name;
  std::vector<std::string> updates;
  /// What of it could not be read, a line each.
  std::vector<std::string> problems;
  update_notation notation = update_notation::v1;

  void clear() {
    name.clear();
    updates.clear();
    problems.clear();
  }
};

class document_source {
 public:
  virtual ~document_source() = default;

  /// Reads the next document into `into`, whose memory is used again; false: there is none. A
  /// document without a name stands for problems that belong to none. Fails with storage_failed if
  /// nothing further can be read.
  virtual result<bool> next(found_document& into) = 0;
};

}  // namespace troupe::moving
