// The `storage` commands: check, repair, copy and describe a store that no server has open, and
// make the tables of one in PostgreSQL. Each prints a table for people or JSON for programs, and
// never changes a store that it only reads.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/errc.hpp"

namespace troupe {

enum class storage_action : std::uint8_t { verify, repair, backup, restore, stats, migrate };

/// What the command line asks for.
struct storage_request {
  storage_action action = storage_action::verify;
  std::string path;  ///< The store, a directory or the URL of a database; of restore, the backup.
  std::string schema = "troupe";  ///< Of the tables of a database.
  std::string to;   ///< backup, restore: the copy. repair: the new store; may be empty.
  std::string raw;  ///< repair: where raw bytes go; empty: beside the store.
  std::vector<std::string> names;  ///< repair: names that may have been lost.
  std::size_t top = 10;            ///< stats: how many of the largest documents.
  bool as_json = false;
  bool drop = false;         ///< repair: broken documents are removed.
  bool dry_run = false;      ///< repair: says what it would do.
  bool past_damage = false;  ///< repair: also what the journal holds behind its damage.
};

/// The exit codes of the `storage` commands.
constexpr int storage_sound = 0;    ///< Done, and nothing is damaged.
constexpr int storage_damaged = 1;  ///< verify found damage; repair had something to repair.
constexpr int storage_refused = 2;  ///< Nothing was done; standard error says why.

/// The streams of a command.
struct storage_streams {
  std::ostream& out;
  std::ostream& err;
};

int run_storage_command(const storage_request& request, const storage_streams& streams);

/// Which command helps when a store cannot be opened; empty if none does.
std::string storage_advice(errc why, std::string_view path);

}  // namespace troupe
