// Updates of many makers into one document, one after the other: whatever order and whatever
// forgery, the document stays sound, a refused update changes nothing, and what is passed on brings
// another document along. Input: a byte for the format, then updates in pieces (update_pieces.hpp).
#include <cstdlib>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/update_pieces.hpp"

namespace troupe {

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

crdt::doc_settings options(crdt::garbage_collection gc) {
  crdt::doc_settings chosen;
  chosen.gc = gc;
  chosen.limit.structs_per_update_max = std::size_t{1} << 14;
  chosen.limit.pending_size_max = std::size_t{1} << 16;
  return chosen;
}

/// Applies and passes on what changed. True if nothing waits.
bool step(crdt::doc& doc, crdt::doc& follower, byte_view update, crdt::update_format format) {
  const byte_buffer before = doc.encode_state_as_update();
  const auto applied = doc.apply_update(update, format);
  crdt::check_invariants(doc.contents());
  if (!applied) {
    demand(doc.encode_state_as_update() == before);
    return true;
  }
  if (!applied->changed) return !applied->has_parked;
  demand(follower.apply_update(doc.encode_last_change()).has_value());
  crdt::check_invariants(follower.contents());
  return !applied->has_parked;
}

}  // namespace

}  // namespace troupe

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  if (size == 0) return 0;
  const auto format = (data[0] & 1) == 0 ? crdt::update_format::v1 : crdt::update_format::v2;
  const auto gc = (data[0] & 2) == 0 ? crdt::garbage_collection::on : crdt::garbage_collection::off;
  crdt::doc doc{options(gc)}, follower;
  bool is_settled = true;
  for (const byte_view update : test::split_pieces(byte_view{data, size}.subspan(1), 12))
    is_settled = step(doc, follower, update, format) && is_settled;
  // While structs wait, another with the same id may come first elsewhere; then no two need agree.
  if (is_settled) demand(follower.state_vector() == doc.state_vector());
  crdt::doc again;
  demand(again.apply_update(doc.encode_state_as_update()).has_value());
  crdt::check_invariants(again.contents());
  return 0;
}
