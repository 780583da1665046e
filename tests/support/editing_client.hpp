// A client that edits: makes the updates that a Yjs client would send for an insertion or a
// deletion, and applies them to a document of its own. Positions are visible units; origins are the
// physical neighbours, tombstones included. Random edits come from a seeded generator, so a failing
// run can be repeated.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "protocol/crdt/doc.hpp"

namespace troupe::test {

class editing_client {
 public:
  explicit editing_client(crdt::client_id id, crdt::doc_settings options = {})
      : id_(id), doc(options) {}

  /// Each returns the update; it is applied already.
  byte_buffer insert_text(std::string_view root, std::size_t index, std::string_view text);
  byte_buffer insert_values(std::string_view root, std::size_t index, std::size_t count);
  byte_buffer set_key(std::string_view root, std::string_view key, int value);
  byte_buffer remove(std::string_view root, std::size_t index, std::size_t length);

  /// One edit of a random kind somewhere in the roots "text", "array", "map" or a type nested in
  /// them.
  byte_buffer edit_randomly(std::mt19937& random);

  std::size_t length(std::string_view root) const;
  crdt::client_id id() const noexcept { return id_; }

 private:
  crdt::client_id id_;

 public:
  crdt::doc doc;

 private:
  struct place {
    crdt::item_handle left = crdt::none;  // the item that holds the unit on the left
    crdt::clock_type left_clock = 0;      // that unit
    crdt::item_handle right = crdt::none;
    crdt::clock_type right_clock = 0;
  };
  /// A type to edit: a root by name, or a nested one.
  struct target {
    std::string root;
    crdt::type_handle type = crdt::none;
    crdt::type_kind kind = crdt::type_kind::array;
  };

  place find_place(crdt::type_handle type, std::size_t index) const;
  byte_buffer insert(const target& into, std::size_t index, crdt::struct_view content);
  byte_buffer set(const target& in, std::string_view key, crdt::struct_view content);
  byte_buffer remove_from(crdt::type_handle type, std::size_t index, std::size_t length);
  byte_buffer remove_key(crdt::type_handle type, std::mt19937& random);
  byte_buffer finish(const crdt::struct_view& made);
  byte_buffer apply(byte_buffer update);
  std::vector<target> targets() const;
  crdt::struct_view random_content(crdt::type_kind into, std::mt19937& random);

  byte_buffer content_;  // of the struct that is being made
};

/// What a document holds, in a form that does not depend on how its items came to be merged.
std::string normal_form(const crdt::doc& of);

}  // namespace troupe::test
