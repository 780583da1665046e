// Reads and checks one entry of an awareness update, for the parts of awareness. Pure.
#pragma once

#include "base/trim.hpp"
#include "base/utf8.hpp"
#include "protocol/json/validate.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/sync/awareness.hpp"

namespace troupe::sync {

inline constexpr std::string_view null_state = "null";

/// The state is not looked at: it may be no JSON, and no UTF-8.
inline awareness_entry read_entry(lib0::decoder& in) {
  awareness_entry entry;
  entry.client = in.read_var_uint();
  entry.clock = in.read_var_uint();
  entry.state = trimmed(as_text(in.read_var_bytes()));
  return entry;
}

/// Bytes that a state has at most when a client has parsed it and writes it anew, as y-websocket
/// does to send it back: only numbers with an exponent grow, `1e20` to 21 digits.
inline std::size_t size_when_rewritten(std::string_view state) {
  constexpr std::size_t number_size_max = 25;  // -0.0000012345678901234567
  std::size_t size = state.size();
  bool is_in_string = false;
  for (std::size_t i = 0; i < state.size(); ++i) {
    const char c = state[i];
    if (c == '"') is_in_string = !is_in_string;
    if (c == '\\' && is_in_string) ++i;
    const bool is_in_number = !is_in_string && i > 0 && state[i - 1] >= '0' && state[i - 1] <= '9';
    if (is_in_number && (c == 'e' || c == 'E')) size += number_size_max;
  }
  return size;
}

/// Fails with invalid_utf8, invalid_json.
inline result<void> check_state(std::string_view state) {
  if (!is_valid_utf8(as_bytes(state))) return fail(errc::invalid_utf8, "awareness state");
  if (!json::is_valid_json(state, awareness::state_depth_max))
    return fail(errc::invalid_json, "awareness state");
  return {};
}

}  // namespace troupe::sync
