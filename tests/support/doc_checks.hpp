// What the tests of crdt::doc share: applying updates with all invariants checked, and the state of
// a document as text that compares and prints well.
#pragma once

#include <initializer_list>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::test {

/// Applies an update that must be accepted; the invariants of the store must hold afterwards.
inline crdt::applied_update must_apply(crdt::doc& to, byte_view update) {
  const auto applied = to.apply_update(update);
  INFO("update " << to_hex(update));
  if (!applied) FAIL("rejected: " << to_string(applied.error()));
  crdt::check_invariants(to.contents());
  return *applied;
}

inline crdt::applied_update must_apply(crdt::doc& to, const update_builder& update) {
  return must_apply(to, update.build());
}

/// The whole state as hexadecimal digits: equal exactly if the documents would answer alike.
inline std::string state_of(const crdt::doc& of) { return to_hex(of.encode_state_as_update()); }

/// Applies an update that must be rejected with `expected` and must not change anything.
inline void check_rejected(crdt::doc& by, byte_view update, errc expected) {
  INFO("update " << to_hex(update));
  const std::string before = state_of(by);
  const auto applied = by.apply_update(update);
  REQUIRE_FALSE(applied.has_value());
  CHECK(to_string(applied.error().code) == to_string(expected));
  CHECK(state_of(by) == before);
  crdt::check_invariants(by.contents());
}

inline void check_rejected(crdt::doc& by, const update_builder& update, errc expected) {
  check_rejected(by, update.build(), expected);
}

/// The clock of a client in the document's state vector.
inline crdt::clock_type clock_of(const crdt::doc& in, crdt::client_id client) {
  return in.state_vector().clock_of(client);
}

}  // namespace troupe::test
