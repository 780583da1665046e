// What another node may send: the first byte says whether the rest is one message, or payloads of
// batches, each behind its size (two bytes, the highest first). A message that is accepted is
// written again, and read as the same; of payloads no more is kept than one message.
#include <algorithm>
#include <cstdlib>

#include "protocol/cluster/link.hpp"
#include "protocol/cluster/peer_codec.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;
using namespace troupe::cluster;

constexpr std::size_t message_bytes_max = 10'000;

void require(bool condition) {
  if (!condition) std::abort();
}

void read_message(const shared_slice& bytes) {
  const auto message = decode(bytes);
  if (!message) return;
  const shared_bytes written = encode(*message);
  require(written.size() <= bytes.size);  // numbers may have come in longer forms
  const auto again = decode(written);
  require(again.has_value() && again->index() == message->index());
  require(as_text(encode(*again).view()) == as_text(written.view()));
}

void read_payloads(byte_view rest) {
  link_limits limits;
  limits.message_bytes_max = message_bytes_max;
  troupe::cluster::link end{limits};
  end.open(1);
  for (batch_number number = 1; rest.size() >= 2; ++number) {
    const std::size_t said = static_cast<std::size_t>(rest[0]) << 8 | rest[1];
    const std::size_t size = std::min(said, rest.size() - 2);
    batch next{1, number, 0, std::string{as_text(rest.subspan(2, size))}};
    rest = rest.subspan(2 + size);
    if (next.payload.empty()) --next.sequence;
    const auto got = end.on_batch(next, {});
    if (!got) return;
    require(!got->is_stale);
    if (next.payload.empty()) --number;
    for (const shared_slice& each : got->messages) {
      require(!each.empty() && each.size <= message_bytes_max);
      read_message(each);
    }
    require(end.figures({}).incomplete_bytes <= message_bytes_max);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const byte_view rest{data + 1, size - 1};
  if (data[0] % 2 == 0)
    read_message(shared_bytes::copy_of(rest));
  else
    read_payloads(rest);
  return 0;
}
