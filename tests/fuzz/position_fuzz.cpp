#include <cstdlib>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/read/relative_position.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;

/// "hello" in root t, and in root a a text "xy".
const crdt::doc& sample() {
  static const crdt::doc* const made = [] {
    auto* doc = new crdt::doc;
    constexpr std::uint8_t update[] = {1, 3, 1, 0,   4, 1, 1, 't', 5, 'h', 'e', 'l', 'l', 'o',
                                       7, 1, 1, 'a', 2, 4, 0, 1,   5, 2,   'x', 'y', 0};
    if (!doc->apply_update(update)) std::abort();
    return doc;
  }();
  return *made;
}

void check(const result<crdt::relative_position>& read) {
  if (!read) return;
  const auto from_json = crdt::relative_position::from_json(read->to_json());
  if (!from_json || *from_json != *read) std::abort();
  if (!crdt::relative_position::decode(read->encode())) std::abort();
  const auto found = crdt::resolve(sample().contents(), *read);
  if (found && found->index > 5) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(crdt::relative_position::decode({data, size}));
  check(crdt::relative_position::from_json(as_text({data, size})));
  return 0;
}
