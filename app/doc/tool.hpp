// The `doc` commands: inspect, convert and merge stored or captured Yjs updates. Bytes in, text or
// bytes out; doc/command handles files and the terminal. Each input is one update of format v1 or
// v2, or a stream of v1 updates, and is checked as a whole before anything is printed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/wire/update_stream.hpp"

namespace troupe {

enum class doc_action : std::uint8_t { info, json, text, dump, convert, merge, diff };

/// What the command line asks for. Paths may be "-", the standard input.
struct doc_request {
  doc_action action = doc_action::info;
  std::vector<std::string> files;
  std::optional<crdt::update_container> format;  ///< Of the files; none: detected.
  std::optional<crdt::update_format> to;         ///< convert, merge: the format to write.
  std::optional<std::string> root;               ///< json, text: the root to print.
  std::optional<std::string> since;              ///< diff: the file with the known contents.
  std::optional<std::string> state_vector;       ///< diff: instead, as hexadecimal or base64.
  std::optional<std::string> output;             ///< The file to write; none: standard output.
  bool repair = false;                           ///< convert, merge, diff: also what is unusable.
  bool as_json = false;                          ///< info: JSON instead of a table.
};

/// The bytes of a file, and its name for messages.
struct doc_input {
  std::string name;
  byte_buffer bytes;
};

/// Whether the action yields an update rather than text.
constexpr bool is_binary(doc_action action) noexcept {
  return action == doc_action::convert || action == doc_action::merge || action == doc_action::diff;
}

/// Runs the request on the contents of `request.files`, in order, and of `request.since`.
/// Returns the output, or one line that says which input is wrong, how, and where.
tl::expected<std::string, std::string> run_doc_tool(const doc_request& request,
                                                    std::span<const doc_input> inputs,
                                                    const doc_input* since = nullptr);

/// A state vector written as hexadecimal digits or base64 (standard or for URLs, padding optional).
/// Hexadecimal is tried first. Fails with a line that says why.
tl::expected<crdt::state_vector, std::string> parse_state_vector(std::string_view text);

}  // namespace troupe
