// Frames of a client, as a hosted document sees them: a byte of length, then that many bytes, again
// and again. A frame may hold several messages; each is shorter than what is left of the frame.
#include <cstdlib>

#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/dialects/dialects.hpp"
#include "protocol/hosted_document.hpp"
#include "tests/fuzz/fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  hosted_document document{{}};
  document.on_join({1, rights::all(), nullptr});
  document_effects effects;
  const dialect_codec& codec = codec_of(dialect::y_websocket);
  decoded_frame frame;
  byte_view rest{data, size};
  while (!rest.empty()) {
    const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 1);
    for (byte_view left = rest.subspan(1, length); codec.decode(left, frame); left = frame.rest) {
      if (frame.rest.size() >= left.size()) std::abort();
      document.on_request(1, {frame.kind, dialect::y_websocket, frame.body, frame.message_id}, {},
                          effects);
    }
    effects.clear();
    rest = rest.subspan(1 + length);
  }
  document.on_leave(1, {});
  document.end_turn(effects);
  crdt::check_invariants(document.state().contents());
  return 0;
}
