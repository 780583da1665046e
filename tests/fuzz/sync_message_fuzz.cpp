// Frames of a client, as a hosted document sees them: a byte of length, then that many bytes, again
// and again.
#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/hosted_document.hpp"
#include "tests/fuzz/fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  hosted_document document{{}};
  document_effects effects;
  byte_view rest{data, size};
  while (!rest.empty()) {
    const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 1);
    const auto message = sync::decode_message(rest.subspan(1, length));
    if (message) document.on_message(1, message->kind, message->body, {}, effects);
    effects.clear();
    rest = rest.subspan(1 + length);
  }
  document.on_leave(1, {});
  document.end_turn(effects);
  crdt::check_invariants(document.state().contents());
  return 0;
}
