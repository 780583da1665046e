#include <cstdlib>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;

/// "a😀bcdef" in root t, a map with an overwritten value, an array in it; kept when deleted.
const crdt::doc& sample() {
  static const crdt::doc* const made = [] {
    auto* doc = new crdt::doc{{crdt::garbage_collection::off, {}}};
    constexpr std::uint8_t update[] = {
        1,    5, 1, 0,   4, 1,   1, 't', 9, 'a',  0xf0, 0x9f, 0x98, 0x80, 'b', 'c', 'd', 'e',
        0x28, 1, 1, 'm', 1, 'k', 1, 125, 1, 0xa8, 1,    7,    1,    125,  2,   7,   1,   1,
        'x',  0, 8, 0,   1, 9,   2, 125, 3, 126,  1,    1,    2,    1,    1,   7,   1};
    if (!doc->apply_update(update)) std::abort();
    return doc;
  }();
  return *made;
}

void check(byte_view bytes, crdt::update_format format) {
  const auto at = crdt::snapshot::decode(bytes, format);
  if (!at) return;
  const auto again = crdt::snapshot::decode(at->encode(format), format);
  if (!again || *again != *at) std::abort();
  const crdt::doc_view view = sample().view_at(*at);
  const std::string text = view.json();
  const auto update = crdt::encode_state_at(sample().contents(), *at);
  if (!update) return;
  crdt::doc restored{{crdt::garbage_collection::off, {}}};
  if (!restored.apply_update(*update)) std::abort();
  crdt::check_invariants(restored.contents());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({data, size}, crdt::update_format::v1);
  check({data, size}, crdt::update_format::v2);
  return 0;
}
