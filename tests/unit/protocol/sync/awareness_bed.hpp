// What the tests of awareness share: updates by hand, and what becomes of them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "protocol/lib0/encoder.hpp"
#include "protocol/sync/awareness.hpp"

namespace troupe::test {

using sync::awareness;

struct entry {
  std::uint64_t client;
  std::uint64_t clock;
  std::string state;
};

inline byte_buffer update_of(const std::vector<entry>& entries) {
  lib0::encoder out;
  out.write_var_uint(entries.size());
  for (const entry& one : entries) {
    out.write_var_uint(one.client);
    out.write_var_uint(one.clock);
    out.write_var_string(one.state);
  }
  return out.take();
}

inline constexpr session_id alice = 1;
inline constexpr session_id bob = 2;
inline const awareness::time_point start{};

using clients = std::vector<awareness::client_id>;

inline byte_buffer all_of(const awareness& presence) { return presence.encode(presence.shown()); }

inline clients sorted(clients of) {
  std::sort(of.begin(), of.end());
  return of;
}

inline awareness::sender sent_by(session_id session) { return {session, false, false}; }

/// A session's first presence, before it has heard any.
inline awareness::sender opened_by(session_id session) { return {session, true, true}; }

/// Applies an update of which nothing may be left out; returns whose clocks or states changed.
inline clients applied(awareness& to, const std::vector<entry>& entries,
                       const awareness::sender& from = sent_by(alice),
                       awareness::time_point now = start) {
  const auto outcome = to.apply(update_of(entries), from, now);
  CHECK(outcome.left_out == 0);
  return sorted(outcome.changed);
}
inline clients applied(awareness& to, const std::vector<entry>& entries, session_id from,
                       awareness::time_point now = start) {
  return applied(to, entries, sent_by(from), now);
}

/// Why the one entry was left out that is not taken; that nothing changed.
inline errc refused(awareness& by, byte_view update,
                    const awareness::sender& from = sent_by(alice)) {
  const auto outcome = by.apply(update, from, start);
  CHECK(outcome.changed.empty());
  CHECK(outcome.left_out == 1);
  REQUIRE(outcome.why.has_value());
  return outcome.why->code;
}
inline errc refused(awareness& by, const std::vector<entry>& entries, session_id from) {
  return refused(by, update_of(entries), sent_by(from));
}

/// Clients with a state of one byte, each shown by a session of its own.
inline void show_many(awareness& in, std::size_t count, awareness::client_id first = 1) {
  for (awareness::client_id client = first; client < first + count; ++client)
    REQUIRE(applied(in, {{client, 1, "1"}}, opened_by(1000 + client)).size() == 1);
}

}  // namespace troupe::test
