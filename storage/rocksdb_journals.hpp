// Notes in the file JOURNAL of a store which of its journals (NNNNNN.log) is the newest, so that
// one that is missing is noticed: RocksDB tracks only those that it has closed. Includes RocksDB:
// for the sources of the RocksDB backend only. Format: docs/storage-format.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <rocksdb/env.h>

#include "base/errc.hpp"

namespace troupe::storage {

inline constexpr std::string_view journal_note_name = "JOURNAL";

/// An environment like the one below it (null: the usual) that makes the note before anything can
/// be written to a new journal. One that does so already is returned as it is.
std::shared_ptr<rocksdb::Env> make_noting_env(std::shared_ptr<rocksdb::Env> below);

std::string encode_journal_note(std::uint64_t number);
/// Returns 0 if the bytes are no note: there is none, then.
std::uint64_t decode_journal_note(std::string_view bytes) noexcept;

/// That no journal is missing which the note of a directory names. A directory without a note, or
/// with one that cannot be read, has none missing as far as can be known. Fails with
/// corrupt_store, and storage_failed if it cannot look.
result<void> check_newest_journal(const std::string& directory);

}  // namespace troupe::storage
