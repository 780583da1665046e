// The limits of the engine: the size of one update, of the names and values in it, and the memory
// that a document and the structs that wait in it may use. A server takes most of them from its
// configuration; the failures of the engine name their keys there.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/errc.hpp"
#include "protocol/crdt/wire/unusable_content.hpp"

namespace troupe::crdt {

struct limits {
  /// Structs in one update: more than limits.max_sync_size and limits.max_document_size let through
  /// by default. In format v2, whose runs encode any number of structs in a few bytes, also the
  /// second number and 16 per byte.
  std::size_t structs_per_update_max = std::size_t{1} << 23;
  std::size_t structs_in_runs_max = std::size_t{1} << 16;
  /// Bytes of keys and names that one update in format v2 may take from its table of keys again.
  std::size_t reused_key_bytes_max = std::size_t{16} << 20;
  /// Nesting of one `any` or JSON value, at most lib0::any_depth_limit. limits.max_nesting.
  std::size_t any_depth_max = 1000;
  /// Bytes of a root name, key or element name. limits.max_name_size.
  std::size_t name_size_max = std::size_t{1} << 20;
  /// Client ids in one document; never more than client_count_max. limits.max_client_ids.
  std::size_t clients_max = 10'000'000;
  /// New client ids of one sender to a document that is nearly full of them.
  /// limits.max_new_client_ids.
  std::size_t new_clients_max = 1000;
  /// Bytes of memory of a document's structs and contents; see struct_store::size_in_memory().
  /// limits.max_document_size.
  std::size_t document_size_max = std::size_t{1} << 30;
  /// Up to here a search among concurrent insertions is short: it is not worth an index.
  std::size_t long_scan_steps = 32;
  /// Steps of searching that one update may take beyond what its size accounts for; one of more is
  /// refused. A step takes about ten nanoseconds. limits.max_update_work.
  std::uint64_t update_steps_max = 100'000'000;
  /// Bytes of structs that wait for missing ones. limits.max_pending_size.
  std::size_t pending_size_max = std::size_t{16} << 20;
  /// Contents that clients cannot use.
  unusable_content unusable = unusable_content::refuse;
};

/// For an update that was taken before, whatever the limits were then: only what the engine itself
/// cannot hold is refused, and contents that clients cannot use are repaired.
limits limits_of_stored(const limits& of) noexcept;

/// From here on a document counts as nearly full: of client ids, or of memory.
constexpr std::size_t nearly_full(std::size_t limit) noexcept { return limit - limit / 5; }

/// Adds the limit that a failure is about, with its value, to the detail.
failure with_limit(failure what, const limits& of);

}  // namespace troupe::crdt
