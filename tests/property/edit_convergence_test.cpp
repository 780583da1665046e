// Two servers that edit one document at the same time, with everything the editor has: once both
// have heard of everything, they are equal.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <random>

#include "tests/support/edit_checks.hpp"
#include "tests/support/editing_client.hpp"

namespace troupe::edit_convergence_test {

using namespace troupe::test;
using crdt::doc_edit;
using crdt::type_kind;
using crdt::type_ref;
using crdt::value;

namespace {

class random_editor {
 public:
  random_editor(crdt::doc& in, std::mt19937& random) : doc_(in), random_(random) {}

  /// A transaction of some operations on types that exist by then.
  void run(crdt::client_id own) {
    doc_edit opened = open(doc_, own);
    for (unsigned left = 1 + below(5); left > 0; --left) {
      step(opened);
      check_invariants(doc_.contents());
    }
    opened.commit();
    check_invariants(doc_.contents());
  }

 private:
  unsigned below(std::size_t bound) { return static_cast<unsigned>(random_() % bound); }

  /// A root, or something in it, or something in that.
  type_ref pick_type(const doc_edit& in) {
    static constexpr std::string_view names[] = {"text", "array", "map"};
    type_ref type = root(names[below(3)]);
    for (unsigned depth = below(3); depth > 0; --depth) {
      const std::uint32_t length = must(in.length(type));
      const auto inside = below(2) == 0 && length > 0
                              ? in.child(type, static_cast<std::uint32_t>(below(length)))
                              : in.child(type, keys_[below(3)]);
      if (inside) type = *inside;
    }
    return type;
  }

  value pick_value() {
    static constexpr type_kind kinds[] = {type_kind::array, type_kind::map, type_kind::text};
    switch (below(6)) {
      case 0: return value::type(kinds[below(3)]);
      case 1: return value::binary(byte_buffer{1, 2});
      default: return value_from(R"({"a":[1]})");
    }
  }

  void step(doc_edit& in) {
    const type_ref type = pick_type(in);
    const std::uint32_t length = must(in.length(type));
    const std::uint32_t index = below(length + 1u);
    const std::uint32_t count = below(std::min(length - index, 5u) + 1u);
    const auto bold = formats(below(2) == 0 ? R"({"b":true,"c":{"x":1}})" : R"({"b":null})");
    const value values[] = {pick_value(), pick_value()};
    const auto done = [](const result<void>& outcome) {  // only a cut pair may be refused
      if (!outcome) REQUIRE(outcome.error().code == errc::out_of_range);
    };
    switch (below(10)) {
      case 0: return done(in.insert_text(type, index, "x\xF0\x9F\x98\x80y"));
      case 1: return done(in.insert_text(type, index, "bold", bold));
      case 2: return done(in.insert_embed(type, index, value_from("1"), bold));
      case 3: return done(in.remove_text(type, index, count));
      case 4: return done(in.format_text(type, index, count, bold));
      case 5: return done(in.insert(type, index, values));
      case 6: return done(in.push(type, values));
      case 7: return done(in.remove(type, index, count));
      case 8: return done(in.remove_key(type, keys_[below(3)]));
      default: return done(in.set(type, keys_[below(3)], values[0]));
    }
  }

  static constexpr std::string_view keys_[] = {"one", "two", "three"};
  crdt::doc& doc_;
  std::mt19937& random_;
};

void exchange(crdt::doc& a, crdt::doc& b) {
  must_apply(b, a.encode_state_as_update(b.state_vector()));
  must_apply(a, b.encode_state_as_update(a.state_vector()));
}

}  // namespace

TEST_CASE("documents that are edited at the same time converge", "[crdt][edit][property]") {
  const unsigned seed = GENERATE(range(0u, 80u));
  CAPTURE(seed);
  std::mt19937 random{seed};
  crdt::doc docs[2], listener;  // the listener hears single changes, in order of their making
  const crdt::client_id ids[] = {5, (std::uint64_t{1} << 52) + 3};
  for (unsigned step = 0; step < 40; ++step) {
    const std::size_t who = random() % 2;
    random_editor{docs[who], random}.run(ids[who]);
    must_apply(listener, docs[who].encode_last_change());
    if (random() % 5 == 0) exchange(docs[0], docs[1]);
  }
  exchange(docs[0], docs[1]);
  CHECK(normal_form(docs[0]) == normal_form(docs[1]));
  must_apply(listener, docs[0].encode_state_as_update());
  CHECK(listener.pending_size() == 0);
  CHECK(normal_form(listener) == normal_form(docs[0]));
  CHECK(marked_text(docs[0], "text") == marked_text(docs[1], "text"));
}

}  // namespace troupe::edit_convergence_test
