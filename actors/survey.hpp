// Walks through a hash table slice by slice, while it changes in between: for looking at all of
// something without holding up its owner. Pure.
#pragma once

#include <cstddef>

#include "actors/operator_view.hpp"

namespace troupe {

/// Where a slice has ended.
struct survey_slice {
  survey_place next;
  bool has_more = false;
  bool begins_anew = false;
};

/// Calls `visit(entry)` for the entries from a place on, about `limit` of them and no more than
/// those of one bucket above it. If the table has been laid out anew since then, it begins at the
/// front. Empty buckets count, so that a table which was large once is looked at in slices, too.
template <class Table, class Visit>
survey_slice visit_slice(Table& table, survey_place from, std::size_t limit, Visit&& visit) {
  constexpr std::size_t empty_buckets_per_entry = 4;
  survey_slice slice;
  const std::size_t count = table.bucket_count();
  slice.begins_anew = from.bucket_count != count;
  std::size_t bucket = slice.begins_anew ? 0 : from.bucket;
  const std::size_t last = bucket + limit * empty_buckets_per_entry;
  std::size_t seen = 0;
  for (; bucket < count && bucket < last && seen < limit; ++bucket)
    for (auto entry = table.begin(bucket); entry != table.end(bucket); ++entry, ++seen)
      visit(*entry);
  slice.next = {bucket, count};
  slice.has_more = bucket < count;
  return slice;
}

}  // namespace troupe
