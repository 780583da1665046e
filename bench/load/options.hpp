// What the command line says, for all modes. Every number has bounds; they stand in load.cpp.
#pragma once

#include <string>
#include <vector>

#include "bench/load/client.hpp"
#include "bench/load/update_maker.hpp"
#include "bench/load/usage.hpp"

namespace troupe::load {

struct options {
  target where;
  std::vector<pid_t> server_processes;
  double seconds = 5;
  double warm_up_seconds = 0.5;
  std::size_t documents = 1;
  std::size_t clients = 10;     ///< Per document, except in `idle`, where it is all of them.
  std::size_t writers = 1;      ///< Per document.
  std::size_t outstanding = 1;  ///< Closed loop: updates per writer that are not done.
  double rate = 0;              ///< Per writer and second; 0: closed loop.
  std::vector<std::size_t> writers_of_server;  ///< In `cross`: per document, in order of addresses.
  std::vector<std::size_t> readers_of_server;  ///< Likewise.
  std::size_t updates = 1000;                  ///< In `catch_up`: written while links are cut.
  bool nudges = false;                         ///< In `catch_up`: one more edit behind the heal.
  double edit_rate = 0;  ///< In `awareness`, of one client per document; 0: no edits.
  bool echoes = false;   ///< In `awareness`: clients send back the presence that they hear.
  unsigned characters = 1;
  placement where_to_write = placement::append;
  std::size_t at_once = 100;  ///< Connections under way.
  std::size_t size = 10'000;  ///< Of one document or history, in bytes of its text or update.
  std::size_t piece = 100;    ///< Of one update in `documents`.
  std::string file;           ///< A history or a stream of updates.
  bool checks_state = false;
  bool wants_refusal = false;
  bool shares_connections = false;  ///< In `fanout`: one connection for the I-th clients of all.
  bool allows_others = false;       ///< In `fanout`: others write to the documents, too.
  bool as_json = false;
};

using seconds_of = std::chrono::duration<double>;

inline loop_clock::time_point after(loop_clock::time_point from, double seconds) {
  return from + std::chrono::duration_cast<loop_clock::duration>(seconds_of{seconds});
}

}  // namespace troupe::load
