#include <cstdlib>

#include "protocol/sync/awareness.hpp"
#include "tests/fuzz/fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  sync::awareness presence;
  // The same from a session that begins, and from one that has heard others.
  presence.apply({data, size}, {1, true, true}, {});
  presence.apply({data, size}, {2, true, true}, {});
  presence.apply({data, size}, {1, false, false}, {});
  // What we say must be what others understand.
  sync::awareness other;
  for (const byte_buffer& part : presence.encode_in_parts(presence.shown()))
    if (other.apply(part, {3, false, false}, {}).left_out > 0) std::abort();
  if (other.shown().size() != presence.shown().size()) std::abort();
  presence.remove_session(1, {});
  presence.remove_session(2, {});
  for (const auto& [owner, state] : presence.states_by_owner())
    if (owner != no_session) std::abort();
  presence.expire(sync::awareness::time_point{} + sync::awareness::state_age_max);
  if (presence.has_states()) std::abort();
  return 0;
}
