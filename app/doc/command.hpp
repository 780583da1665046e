// The command `doc` with its files: reads what the request names, has doc_tool carry it out, writes
// the result. An output file is written only once everything has succeeded.
#pragma once

#include <iosfwd>

#include "app/doc/tool.hpp"

namespace troupe {

/// The exit code of a command whose input is wrong or whose files cannot be read or written.
constexpr int exit_failure = 1;

/// Where the command reads and writes besides files.
struct doc_streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;  ///< Bytes are not written to a terminal.
};

/// Returns 0, or exit_failure after one line on `err` for what went wrong.
int run_doc_command(const doc_request& request, const doc_streams& streams);

}  // namespace troupe
