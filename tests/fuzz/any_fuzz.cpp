// One `any` value: what is accepted can be exported, and survives the way through JSON text if JSON
// holds it.
#include <cstdlib>

#include "protocol/json/convert.hpp"
#include "protocol/json/validate.hpp"
#include "tests/fuzz/fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  lib0::decoder check{{data, size}};
  const byte_view value = check.skip_any(100);
  if (!check.ok()) return 0;
  std::string shown, text, again;
  lib0::decoder first{value}, second{value};
  json::any_to_json(first, json::flavour::lossless, shown);
  json::any_to_json(second, json::flavour::javascript, text);
  if (!json::is_valid_json(shown, 128) || !json::is_valid_json(text, 128)) std::abort();
  lib0::encoder encoded;
  json::json_to_any(text, encoded);
  lib0::decoder third{encoded.view()};
  json::any_to_json(third, json::flavour::javascript, again);
  if (!third.ok() || !third.at_end() || !json::is_valid_json(again, 128)) std::abort();
  return 0;
}
