// What comes from the servers that people move from: keys of y-leveldb, values of its state
// vectors, paths of files, files of y-sweet, and frames of a server that runs. The first byte says
// which. What is accepted is written again as it was, or as something that reads the same.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "app/moving/file_name.hpp"
#include "app/moving/leveldb_key.hpp"
#include "app/moving/ysweet_checkpoint.hpp"
#include "protocol/dialects/upstream_exchange.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;
using namespace troupe::moving;

void require(bool condition) {
  if (!condition) std::abort();
}

void read_key(byte_view bytes) {
  const auto key = decode_leveldb_key(bytes);
  if (!key || key->what == leveldb_key::kind::meta) return;
  const std::string again = key->what == leveldb_key::kind::update
                                ? leveldb_update_key(key->document, key->number)
                                : leveldb_state_vector_key(key->document);
  require(decode_leveldb_key(as_bytes(again)).value() == *key);
}

void read_checkpoint(byte_view bytes) {
  const auto found = decode_ysweet_checkpoint(bytes);
  if (!found) return;
  const auto is_within = [&](byte_view part) {
    return part.empty() || (part.data() >= bytes.data() &&
                            part.data() + part.size() <= bytes.data() + bytes.size());
  };
  require(is_within(found->state_vector));
  for (const byte_view update : found->updates) require(is_within(update));
}

/// Frames with a byte in front that says how long each is; the first one says in which protocol.
void exchange_frames(byte_view bytes) {
  if (bytes.empty()) return;
  constexpr std::size_t size_max = 100;
  const auto protocol =
      bytes[0] % 2 == 0 ? upstream_protocol::y_websocket : upstream_protocol::hocuspocus;
  upstream_exchange exchange{{.protocol = protocol, .bytes_max = size_max}, "d", "t"};
  upstream_exchange::time_point now{};
  for (bytes = bytes.subspan(1); !bytes.empty();) {
    const std::size_t size = std::min<std::size_t>(bytes[0], bytes.size() - 1);
    if (!exchange.on_frame(bytes.subspan(1, size), now)) return;
    bytes = bytes.subspan(1 + size);
    exchange.on_time(now += std::chrono::milliseconds{600});
    require(exchange.take_frames().size() <= 2);
  }
  std::size_t total = 0;
  for (const byte_buffer& each : exchange.take_updates()) total += each.size();
  require(total <= size_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const byte_view rest{data + 1, size - 1};
  switch (data[0] % 6) {
    case 0: read_key(rest); break;
    case 1: (void)decode_leveldb_covered(rest).has_value(); break;
    case 2:
      if (const auto name = name_of_path(as_text(rest)); name && !name->empty())
        require(name_of_path(path_of_name(*name)).value() == *name);
      break;
    case 3:
      if (!rest.empty())
        require(name_of_path(path_of_name(as_text(rest))).value() == as_text(rest));
      break;
    case 4: read_checkpoint(rest); break;
    default: exchange_frames(rest);
  }
  return 0;
}
