// What the tests of crdt::doc_edit share: values and attributes that must be valid, operations that
// must succeed or must be refused without effect, and texts with their format markers as a string.
#pragma once

#include "protocol/crdt/edit/edit.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/lib0/decoder.hpp"
#include "tests/support/doc_checks.hpp"

namespace troupe::test {

inline crdt::type_ref root(std::string_view name) { return name; }

template <class T>
T must(result<T> outcome) {
  if (!outcome) FAIL("refused: " << to_string(outcome.error()));
  if constexpr (!std::is_void_v<T>) return *std::move(outcome);
}

inline crdt::value value_from(std::string_view text) { return must(crdt::value::json(text)); }
inline crdt::attributes formats(std::string_view text) {
  return must(crdt::attributes::json(text));
}

inline crdt::doc_edit open(crdt::doc& in, crdt::client_id own = 1) { return must(in.edit(own)); }

/// Carries out one edit as a transaction of its own, with all invariants checked before and after
/// its end. Returns the update for the others.
template <class Call>
byte_buffer edit(crdt::doc& in, Call call, crdt::client_id own = 1) {
  crdt::doc_edit opened = open(in, own);
  call(opened);
  crdt::check_invariants(in.contents());
  opened.commit();
  crdt::check_invariants(in.contents());
  return in.encode_last_change();
}

/// An operation that must fail with `expected` and must not change anything.
template <class Call>
void check_refused(crdt::doc& in, errc expected, Call call) {
  const std::string before = state_of(in);
  {
    crdt::doc_edit opened = open(in);
    const auto outcome = call(opened);
    REQUIRE_FALSE(outcome.has_value());
    CHECK(to_string(outcome.error().code) == to_string(expected));
    crdt::check_invariants(in.contents());
    CHECK_FALSE(opened.commit().changed);
  }
  crdt::check_invariants(in.contents());
  CHECK(state_of(in) == before);
}

/// The sequence of a root: text, <key=JSON> for live markers, * for each other visible unit.
inline std::string marked_text(const crdt::doc& of, std::string_view name) {
  const crdt::struct_store& in = of.contents();
  const crdt::type_handle type = in.find_root(name);
  if (type == crdt::none) return {};
  std::string text;
  for (auto at = in.chain_at(in.type_at(type).sequence).head; at != crdt::none;
       at = in.at(at).right) {
    const crdt::item& current = in.at(at);
    if (current.is_deleted != 0) continue;
    if (current.kind() == crdt::content_kind::string) {
      text += as_text(in.content_of(current));
    } else if (current.kind() == crdt::content_kind::format) {
      lib0::decoder content{in.content_of(current)};
      text.append("<").append(content.read_var_string("key")).append("=");
      text.append(content.read_var_string("value")).append(">");
    } else {
      text.append(current.length, '*');
    }
  }
  return text;
}

}  // namespace troupe::test
