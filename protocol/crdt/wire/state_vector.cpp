#include "protocol/crdt/wire/state_vector.hpp"

#include <algorithm>

#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::crdt {

result<state_vector> state_vector::decode(byte_view bytes) {
  lib0::decoder in{bytes};
  state_vector vector;
  const std::uint64_t count = in.read_count(2, "state vector count");
  vector.entries_.reserve(count);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const client_id client = in.read_var_uint();
    vector.add(client, static_cast<clock_type>(std::min(in.read_var_uint(), clock_max)));
  }
  if (in.ok() && !in.at_end()) in.fail(errc::trailing_bytes, "behind the state vector");
  if (!in.ok()) return in.error();
  vector.sort();
  return vector;
}

byte_buffer state_vector::encode() const {
  lib0::encoder out{entries_.size() * 8 + 8};
  out.write_var_uint(entries_.size());
  for (const entry& e : entries_) {
    out.write_var_uint(e.client);
    out.write_var_uint(e.clock);
  }
  return out.take();
}

clock_type state_vector::clock_of(client_id client) const noexcept {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), client,
                                      [](const entry& e, client_id id) { return e.client > id; });
  return found != entries_.end() && found->client == client ? found->clock : 0;
}

void state_vector::sort() {
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const entry& a, const entry& b) { return a.client > b.client; });
}

}  // namespace troupe::crdt
