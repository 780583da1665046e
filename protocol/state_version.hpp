// The version of a state: a short text that is the same wherever a document has seen the same
// insertions and deletions, and differs everywhere else. It is the entity tag of the REST pages.
// What waits for missing updates is not part of it, since nobody sees it. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/crdt/doc.hpp"
#include "protocol/siphash.hpp"

namespace troupe {

/// What a document must be for a change to be made.
struct version_condition {
  bool must_exist = false;          ///< Something was stored of it.
  bool must_be_new = false;         ///< Nothing was.
  std::vector<std::string> one_of;  ///< Its version; empty: any.

  bool is_any() const noexcept { return !must_exist && !must_be_new && one_of.empty(); }
  bool allows(bool exists) const noexcept { return exists ? !must_be_new : !must_exist; }
  /// Requires: allows() for one that exists.
  bool allows_version(const std::string& version) const {
    return one_of.empty() || std::ranges::find(one_of, version) != one_of.end();
  }
};

/// 32 hexadecimal digits. Cost: linear in the client ids and the ranges of deleted clocks.
std::string version_of(const crdt::doc& state);

/// The hash that these digits show. Requires: version_of() made them.
hash128 hash_of_version(std::string_view version);

}  // namespace troupe
