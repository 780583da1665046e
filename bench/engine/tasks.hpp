// The tasks that engine_bench times on a file of updates, each as a server does it.
//
//   load          a new document from all updates       encode        the whole state, in the
//   apply         the same, reported per update         format of the file (cold, see below)
//   state-vector  made and encoded                      diff          the structs that a peer lacks
//   text, json    a root read out                       merge         updates into one, without
//   memory        nothing is timed                                    a document
//
// Reading files, checking and destroying are never timed; results are kept until the clock has been
// read. Cold: the first encoding of a document that has just been loaded. Warm: the next one,
// without a change in between. After a change: with one character typed since the last encoding.
#pragma once

#include "bench/engine/input.hpp"
#include "bench/engine/measure.hpp"

namespace troupe::bench {

struct task_options {
  repetition how;
  std::string root = "text";
  std::string from;           ///< diff: a file with the state vector; empty: made from `missing`.
  std::size_t missing = 100;  ///< diff: how many of the last structs of one client are lacking.
};

/// What can be measured, as words of the command line.
const std::vector<std::string>& task_names();

/// The figures of one task. Fails with the reason in `error` and an empty object: an update that is
/// refused, a state vector that is none.
json_object measure(const std::string& task, const input& in, const task_options& options,
                    std::string& error);

}  // namespace troupe::bench
