// Frames of a client of y-sweet's dialect, as a hosted document sees them: a byte of length, then
// that many bytes, again and again. Each receipt comes back with the bytes of the last question,
// and no request has two of them.
#include <cstdlib>

#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/dialects/dialects.hpp"
#include "protocol/hosted_document.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;

/// Reads again what the codec makes of a receipt.
class receipt_reader final : public frame_sink {
 public:
  explicit receipt_reader(byte_view asked) : asked_(asked) {}

  void add(byte_view head, byte_view body) override {
    byte_buffer frame{head.begin(), head.end()};
    frame.insert(frame.end(), body.begin(), body.end());
    decoded_frame read;
    const bool is_same = codec_of(dialect::y_sweet).decode(frame, read).has_value() &&
                         read.kind == request_kind::receipt && read.rest.empty() &&
                         std::ranges::equal(read.body, asked_);
    if (!is_same) std::abort();
  }

 private:
  byte_view asked_;
};

/// What one request brought.
void check(const document_effects& effects, byte_view asked) {
  if (effects.writes.size() > 1) std::abort();
  for (const auto& write : effects.writes) {
    if (!write.confirmation) continue;
    receipt_reader reader{asked};
    codec_of(dialect::y_sweet).encode(*write.confirmation, "d", reader);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hosted_document document{{}};
  document.on_join({1, rights::all(), nullptr});
  document_effects effects;
  byte_buffer asked;
  decoded_frame frame;
  byte_view rest{data, size};
  while (!rest.empty()) {
    const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 1);
    byte_view left = rest.subspan(1, length);
    for (; codec_of(dialect::y_sweet).decode(left, frame); left = frame.rest) {
      if (frame.rest.size() >= left.size()) std::abort();
      if (frame.kind == request_kind::receipt) asked.assign(frame.body.begin(), frame.body.end());
      effects.clear();
      document.on_request(1, {frame.kind, dialect::y_sweet, frame.body, {}, frame.answers_question},
                          {}, effects);
      check(effects, asked);
    }
    rest = rest.subspan(1 + length);
  }
  document.on_leave(1, {});
  document.end_turn(effects);
  crdt::check_invariants(document.state().contents());
  return 0;
}
