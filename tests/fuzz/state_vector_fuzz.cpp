#include <cstdlib>

#include "protocol/crdt/wire/state_vector.hpp"
#include "tests/fuzz/fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using troupe::crdt::state_vector;
  const auto vector = state_vector::decode({data, size});
  if (!vector) return 0;
  const auto again = state_vector::decode(vector->encode());
  if (!again || *again != *vector) std::abort();
  return 0;
}
