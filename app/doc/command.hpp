// The command `doc` with its files: reads the files that the request names, runs doc/tool on them
// and writes the result. An output file is written only after everything else has succeeded.
#pragma once

#include <iosfwd>

#include "app/doc/tool.hpp"

namespace troupe {

/// The exit code of a command whose input is wrong or whose files cannot be read or written.
constexpr int exit_failure = 1;

/// The streams of the command, besides its files.
struct doc_streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;  ///< Bytes are not written to a terminal.
};

/// Returns 0, or exit_failure after one line on `err` for what went wrong.
int run_doc_command(const doc_request& request, const doc_streams& streams);

}  // namespace troupe
