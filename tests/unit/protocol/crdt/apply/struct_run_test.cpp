// Updates of many structs, which take another path into the store than a few do: the same document
// must come out of both.
#include "protocol/crdt/apply/struct_run.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>

#include "base/utf8.hpp"
#include "tests/support/doc_checks.hpp"

namespace troupe::struct_run_test {

using namespace troupe::test;

namespace {

constexpr crdt::client_id author = 0x1f'ffff'ffff'ffff;  // an id of eight bytes

/// A text of `units` UTF-16 units, at most, of characters of up to four bytes.
std::string any_text(std::mt19937& random, std::size_t units) {
  const std::string characters[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
  std::string text;
  const bool is_ascii = random() % 2 == 0;
  while (text.size() < units) text += is_ascii ? "x" : characters[random() % 4];
  return text;
}

}  // namespace

TEST_CASE("many structs do not go on in a type that was deleted among them", "[crdt]") {
  constexpr std::size_t count = 40;
  const auto add = [](update_builder& to, std::size_t i) {
    if (i == 0) return to.type(in_root("m", "k"), crdt::type_kind::text), void();
    if (i == 1) return to.text(in_type({1, 0}), "a"), void();
    if (i == 20) return to.text(after_value({1, 0}), "v"), void();  // replaces the type
    if (i == 21) return to.text(after({1, 19}), "b"), void();       // in what is gone now
    to.text(after({1, i - 1}), "c");
  };
  update_builder all;
  all.client(1);
  crdt::doc at_once, one_by_one;
  for (std::size_t i = 0; i < count; ++i) {
    update_builder one;
    add(one.client(1, i), i);
    must_apply(one_by_one, one);
    add(all, i);
  }
  must_apply(at_once, all);
  CHECK(at_once.json() == one_by_one.json());
  CHECK(at_once.snapshot().deleted == one_by_one.snapshot().deleted);
}

TEST_CASE("many texts and tombstones make the same document as one after the other", "[crdt]") {
  std::mt19937 random{7};
  for (int run = 0; run < 200; ++run) {
    update_builder all;
    crdt::doc at_once, one_by_one;
    std::vector<std::uint64_t> ends;  // the last clock of each struct
    std::uint64_t clock = 0;
    all.client(author);
    for (std::size_t i = 0; i < 60; ++i) {
      update_builder one;
      one.client(author, clock);
      item_place at = in_root("t");
      // Behind the last one mostly, else behind any, where something else may stand by now.
      if (!ends.empty())
        at = after({author, random() % 4 != 0 ? ends.back() : ends[random() % ends.size()]});
      const std::size_t size = 1 + random() % 70;
      if (random() % 3 == 0) {
        one.deleted(at, size);
        all.deleted(at, size);
        clock += size;
      } else {
        const std::string text = any_text(random, size);
        one.text(at, text);
        all.text(at, text);
        clock += *utf16_length_if_valid(as_bytes(text));
      }
      ends.push_back(clock - 1);
      must_apply(one_by_one, one);
    }
    must_apply(at_once, all);
    REQUIRE(at_once.text("t") == one_by_one.text("t"));
    REQUIRE(at_once.snapshot().deleted == one_by_one.snapshot().deleted);
    REQUIRE(at_once.state_vector().encode() == one_by_one.state_vector().encode());
  }
}

TEST_CASE("an update that is cut anywhere among many structs changes nothing", "[crdt]") {
  update_builder all;
  all.client(5);
  std::string text = "first";
  all.text(in_root("t"), text);
  std::uint64_t clock = text.size();
  for (std::size_t i = 0; i < 50; ++i) {
    text = std::string(1 + i % 40, 'x');
    all.text(after({5, clock - 1}), text);
    clock += text.size();
  }
  const byte_buffer whole = all.build();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    crdt::doc doc;
    must_apply(doc, update_builder{}.client(9).text(in_root("t"), "kept"));
    check_rejected(doc,
                   byte_buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
                   errc::truncated);
  }
}

TEST_CASE("a bad byte among many structs is refused for what it is", "[crdt]") {
  const auto with = [](const item_place& at, std::string_view text) {
    update_builder all;
    all.client(5).text(in_root("t"), "a");
    for (std::uint64_t i = 1; i < 40; ++i) all.text(after({5, i - 1}), "b");
    all.text(at, text);
    for (std::uint64_t i = 41; i < 80; ++i) all.text(after({5, i - 1}), "b");
    return all;
  };
  crdt::doc doc;
  check_rejected(doc, with(after({5, 40}), "b"), errc::invalid_reference);
  check_rejected(doc, with(between({5, 1}, {5, 77}), "b"), errc::invalid_reference);
  check_rejected(doc, with(after({5, 39}), "\xff"), errc::invalid_utf8);
  check_rejected(doc, with(after({5, 39}), std::string(50, 'x') + "\xC3"), errc::invalid_utf8);
  check_rejected(doc, with(after({std::uint64_t{1} << 53, 1}), "b"), errc::number_too_large);
  check_rejected(doc, with(after({6, std::uint64_t{1} << 40}), "b"), errc::number_too_large);
  must_apply(doc, with(after({5, 39}), "b"));
  CHECK(doc.text("t").size() == 80);
}

}  // namespace troupe::struct_run_test
