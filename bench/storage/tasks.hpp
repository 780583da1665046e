// What store_bench measures: each task works on a store in a directory of its own and adds its
// figures. A task that cannot go on adds what is wrong.
#pragma once

#include <cstddef>
#include <string>

#include "bench/load/report.hpp"
#include "bench/storage/author.hpp"

namespace troupe::bench {

struct task_options {
  std::string path;  ///< Of the store; the task makes it, but for run_open. Its parent exists.
  contents of = contents::prose;
  double seconds = 2;
  std::size_t documents = 200;
  std::size_t updates = 1000;  ///< Of each document.
  std::size_t update_size_min = 30;
  std::size_t update_size_max = 300;
  std::string prefix = "doc-";  ///< Of the names; a number follows.
  std::string file;             ///< An update (v1).
};

/// fdatasync behind each append of a few bytes to a file, nothing else: the floor.
void run_disk(const task_options& given, load::report& out);

/// Appends one update of each of so many documents at a time, each batch durable, beside fdatasync
/// calls on a file of as many bytes, in turns.
void run_append(const task_options& given, load::report& out);

/// Batches of one update of each document, with checkpoints as a document makes them
/// (actors/durability.hpp): what is written to the disk for each byte of an update.
void run_mix(const task_options& given, load::report& out);

/// Loads stored documents, one after the other, with nothing of them in memory, and decodes them.
void run_cold(const task_options& given, load::report& out);

/// Checkpoints of documents with a log of many updates, each durable.
void run_compact(const task_options& given, load::report& out);

/// Opens a store that run_fill made, which is as large as `documents` says, lists and loads some.
void run_open(const task_options& given, load::report& out);

/// Appends one update of each of so many documents at a time to a store in PostgreSQL, whose URL is
/// the path, beside one COMMIT for each update in the same database, in turns. What is in its
/// schema store_bench goes.
void run_database(const task_options& given, load::report& out);

/// One COMMIT for each update in the database whose URL is the path, nothing else: the floor.
void run_commit(const task_options& given, load::report& out);

/// Only makes a store, for a server.
void run_fill(const task_options& given, load::report& out);

}  // namespace troupe::bench
