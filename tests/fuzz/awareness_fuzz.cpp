#include <cstdlib>

#include "protocol/sync/awareness.hpp"
#include "tests/fuzz/fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  sync::awareness presence;
  if (!presence.apply({data, size}, 1, {})) {
    if (presence.has_states()) std::abort();
    return 0;
  }
  // What we say must be what others understand.
  sync::awareness other;
  const auto told = other.apply(presence.encode_all(), 2, {});
  if (!told || other.states_by_owner().size() != presence.states_by_owner().size()) std::abort();
  presence.remove_session(1, {});
  if (presence.has_states()) std::abort();
  return 0;
}
