#include <cstdlib>

#include "base/utf8.hpp"
#include "protocol/json/convert.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/json/validate.hpp"
#include "tests/fuzz/fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  const byte_view text{data, size};
  if (!is_valid_utf8(text) || !json::is_valid_json(as_text(text), 100)) return 0;
  std::string scratch;
  const std::string_view shown = json::to_interchange(as_text(text), scratch);
  if (!json::is_valid_json(shown, 100) || !json::check_interchange(shown)) std::abort();
  lib0::encoder value;
  json::json_to_any(as_text(text), value);
  lib0::decoder check{value.view()};
  check.skip_any(128);
  if (!check.ok() || !check.at_end()) std::abort();
  return 0;
}
