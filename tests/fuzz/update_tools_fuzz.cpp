// Merge, diff, conversion and the state vector of updates: what they make must be an update again,
// with the effect of what went in. Input: a byte for the format, then updates in pieces
// (update_pieces.hpp).
#include <cstdlib>
#include <optional>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/crdt/wire/update_tools.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/update_pieces.hpp"

namespace troupe {

namespace {

using crdt::update_format;

const crdt::limits limit{.structs_per_update_max = std::size_t{1} << 14};

void demand(bool holds) {
  if (!holds) std::abort();
}

/// The state vector of a document with these updates, if nothing in it waits.
std::optional<crdt::state_vector> settled(std::span<const byte_view> updates,
                                          update_format format) {
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  for (const byte_view update : updates)
    if (!doc.apply_update(update, format)) return {};
  crdt::check_invariants(doc.contents());
  if (doc.pending_size() > 0) return {};
  return doc.state_vector();
}

std::optional<crdt::state_vector> settled(const byte_buffer& update, update_format format) {
  const byte_view one[] = {update};
  return settled(one, format);
}

void check_merge(std::span<const byte_view> updates, update_format format) {
  const auto merged = crdt::merge_updates(updates, format, limit);
  if (!merged) return;
  const auto apart = settled(updates, format);
  const auto together = settled(*merged, format);
  if (apart && together) demand(*apart == *together);
  const byte_view again_of[] = {*merged, *merged};
  demand(crdt::merge_updates(again_of, format, limit).has_value());
}

void check_one(byte_view update, update_format format) {
  const auto vector = crdt::state_vector_from_update(update, format, limit);
  if (!vector) return;
  const auto rest = crdt::diff_update(update, *vector, format, limit);
  demand(rest.has_value());
  demand(crdt::diff_update(*rest, *vector, format, limit).has_value());
  const auto other_format = format == update_format::v1 ? update_format::v2 : update_format::v1;
  const auto converted = crdt::convert_update(update, format, other_format, limit);
  demand(converted.has_value());
  demand(crdt::state_vector_from_update(*converted, other_format) == *vector);
  const auto back = crdt::convert_update(*converted, other_format, format);
  demand(back.has_value());
  const byte_view one[] = {update};
  const auto before = settled(one, format), after = settled(*back, format);
  if (before && after) demand(*before == *after);
  static_cast<void>(crdt::update_meta(update, format, limit));
}

}  // namespace

}  // namespace troupe

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  if (size == 0) return 0;
  const auto format = data[0] % 2 == 0 ? update_format::v1 : update_format::v2;
  const auto updates = test::split_pieces(byte_view{data, size}.subspan(1), 6);
  check_merge(updates, format);
  for (const byte_view update : updates) check_one(update, format);
  return 0;
}
