// The input of a benchmark: a file with one update, or with a stream of updates, each behind its
// length as varUint. The bytes show which of the two it is, and in which format; only an update
// that begins with 0 must be decoded to find out, before anything is measured.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "protocol/crdt/doc.hpp"

namespace troupe::bench {

struct input {
  byte_buffer base;  ///< The document before the updates, in the same format; mostly empty.
  byte_buffer bytes;
  std::vector<byte_view> updates;  ///< Views of `bytes`.
  crdt::update_format format = crdt::update_format::v1;
};

byte_buffer read_file(const std::string& path);

/// The updates of the file, or the first `count_max` of them.
input read_input(const std::string& path, std::size_t count_max);

/// A new document as it is before the updates; null if it is refused, for the reason in `error`.
std::unique_ptr<crdt::doc> begin(const input& in, std::string& error);

/// Applies all updates; false if one is refused, for the reason in `error`.
bool apply_all(const input& in, crdt::doc& to, std::string& error);

/// A new document with everything in it; null if an update is refused.
std::unique_ptr<crdt::doc> load(const input& in, std::string& error);

/// The update that inserts one character: in the root `text` behind the id `clock` - 1 of the same
/// client, or at its beginning for clock 0.
byte_buffer typed_character(crdt::client_id client, crdt::clock_type clock);

}  // namespace troupe::bench
