// Edit operations of a program without Yjs: whatever they are, they change a document whole or not
// at all, and others get all of it by the update.
#include <cstdlib>

#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/edits/apply.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;

void require(bool holds) {
  if (!holds) std::abort();
}

/// A text with a format, an array, a map with types in it and XML.
byte_buffer start() {
  crdt::doc doc;
  const auto batch = edits::batch::parse(R"([
    {"op":"setText","path":"/t","text":"text \ud83d\ude00 here"},
    {"op":"formatText","path":"/t","index":0,"length":4,"attributes":{"b":true}},
    {"op":"push","path":"/a","values":[1,"two",{"3":3}]},
    {"op":"set","path":"/m/k","type":"map","value":{"n":{"$type":"array","value":[1]}}},
    {"op":"push","path":"/x","type":"xml","value":{"name":"p","children":["in it"]}}])");
  require(batch.has_value());
  const auto applied = edits::apply(*batch, doc, 1);
  require(applied.has_value());
  return applied->update;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const byte_buffer contents = start();
  const auto batch = edits::batch::parse(as_text({data, size}));
  if (!batch) {
    require(!edits::to_string(batch.error()).empty());
    return 0;
  }
  crdt::limits limit;
  limit.update_steps_max = 100'000;
  crdt::doc doc{{crdt::garbage_collection::on, limit}}, other;
  require(doc.apply_update(contents).has_value() && other.apply_update(contents).has_value());
  const auto applied = edits::apply(*batch, doc, 2);
  crdt::check_invariants(doc.contents());
  if (applied && applied->changed) require(other.apply_update(applied->update).has_value());
  require(crdt::holds_the_same(doc, other));
  require(doc.json() == other.json());
  return 0;
}
