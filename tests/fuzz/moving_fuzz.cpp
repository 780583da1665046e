// What an import reads of foreign stores by itself: keys of y-leveldb, values of its state vectors,
// paths of files, and files of y-sweet. The first byte says which. What is accepted is written
// again as it was, or as something that reads the same.
#include <cstdlib>
#include <string>

#include "app/moving/file_name.hpp"
#include "app/moving/leveldb_key.hpp"
#include "app/moving/ysweet_checkpoint.hpp"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const byte_view rest{data + 1, size - 1};
  switch (data[0] % 5) {
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
    default: read_checkpoint(rest);
  }
  return 0;
}
