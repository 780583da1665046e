// The `doc` commands: looking into stored or captured Yjs updates, and changing their form. Bytes
// in, text or bytes out; no file, no terminal (doc_command has those). Each input is one update of
// format v1 or v2 or a stream of v1 updates, and is checked whole before anything is shown.
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
  std::optional<crdt::update_container> format;  ///< How to read the files; none: found out.
  std::optional<crdt::update_format> to;         ///< convert, merge: the format to write.
  std::optional<std::string> root;               ///< json, text: the one root to show.
  std::optional<std::string> since;              ///< diff: the file whose contents are left out.
  std::optional<std::string> state_vector;       ///< diff: instead, as hexadecimal or base64.
  std::optional<std::string> output;             ///< Where bytes go; none: the standard output.
  bool as_json = false;                          ///< info: for programs.
};

/// The bytes of a file and what it is called in messages.
struct doc_input {
  std::string name;
  byte_buffer bytes;
};

/// Whether the action yields an update rather than text.
constexpr bool is_binary(doc_action action) noexcept {
  return action == doc_action::convert || action == doc_action::merge || action == doc_action::diff;
}

/// Carries the request out on the contents of `request.files`, in order, and of `request.since`.
/// Returns what goes to the output, or one line that says what is wrong with which input, where.
tl::expected<std::string, std::string> run_doc_tool(const doc_request& request,
                                                    std::span<const doc_input> inputs,
                                                    const doc_input* since = nullptr);

/// A state vector written as hexadecimal digits or base64 (standard or for URLs, padding optional).
/// What can be read as hexadecimal is. Fails with a line that says why.
tl::expected<crdt::state_vector, std::string> parse_state_vector(std::string_view text);

}  // namespace troupe
