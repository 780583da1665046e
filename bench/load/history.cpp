#include "bench/load/history.hpp"

#include <fstream>
#include <iterator>

#include "bench/load/update_maker.hpp"

namespace troupe::load {

namespace {

constexpr unsigned insertions_per_update = 1000;  // some 20 kB, well below what servers accept
constexpr crdt::client_id author = crdt::client_id{1} << 31;

void append(history& to, byte_buffer update) {
  if (!to.document->apply_update(update) || to.document->pending_size() > 0) to.is_whole = false;
  to.updates.push_back(std::move(update));
}

}  // namespace

history read_history(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  history read;
  append(read, {std::istreambuf_iterator<char>{file}, {}});
  return read;
}

history make_history(std::size_t size, unsigned characters) {
  update_maker maker{author, characters, placement::scattered};
  history made;
  for (std::size_t made_size = 0; made_size < size; made_size += made.updates.back().size()) {
    const byte_view update = maker.next(insertions_per_update);
    append(made, {update.begin(), update.end()});
  }
  return made;
}

}  // namespace troupe::load
