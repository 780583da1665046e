// One `any` value: what is accepted can be exported, and survives the way through JSON text if JSON
// holds it.
#include <cstdlib>

#include "protocol/json/convert.hpp"
#include "protocol/json/validate.hpp"
#include "protocol/lib0/any.hpp"
#include "tests/fuzz/fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe;
  lib0::decoder check{{data, size}};
  const byte_view value = check.skip_any(100);
  if (!check.ok()) return 0;
  std::string shown, text, again;
  lib0::decoder first{value}, second{value};
  lib0::append_any_as_json(first, shown);
  json::append_any_as_json_text(second, text);
  if (!json::is_valid_json(shown, 128) || !json::is_valid_json(text, 128)) std::abort();
  lib0::encoder encoded;
  json::append_json_as_any(text, encoded);
  lib0::decoder third{encoded.view()};
  json::append_any_as_json_text(third, again);
  if (!third.ok() || !third.at_end() || !json::is_valid_json(again, 128)) std::abort();
  return 0;
}
