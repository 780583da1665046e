#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/update_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  troupe::test::check_update({data, size}, troupe::crdt::update_format::v1);
  return 0;
}
