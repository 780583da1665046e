#include "base/bytes.hpp"

#include <memory>

#include <catch2/catch_test_macros.hpp>

namespace troupe::bytes_test {

TEST_CASE("bytes and text are views of the same memory", "[bytes]") {
  const std::string text = "a\0\xff";
  const byte_view bytes = as_bytes(text);
  CHECK(static_cast<const void*>(bytes.data()) == text.data());
  CHECK(bytes.size() == text.size());
  CHECK(as_text(bytes).data() == text.data());
  CHECK(as_text(bytes) == text);
  CHECK(as_bytes("").empty());
  CHECK(as_text({}).empty());
}

TEST_CASE("shared bytes are empty at first and when they copy nothing", "[bytes]") {
  const shared_bytes none;
  CHECK(none.empty());
  CHECK(none.size() == 0);
  CHECK(none.view().empty());
  CHECK(shared_bytes::copy_of({}).empty());
  CHECK(shared_bytes::copy_of({}, byte_view{}).empty());
}

TEST_CASE("shared bytes hold a copy of one or more pieces", "[bytes]") {
  byte_buffer source{1, 2, 3};
  const shared_bytes copy = shared_bytes::copy_of(source);
  source[0] = 9;
  CHECK(byte_buffer(copy.view().begin(), copy.view().end()) == byte_buffer{1, 2, 3});
  CHECK(copy.size() == 3);
  CHECK_FALSE(copy.empty());
  const shared_bytes joined = shared_bytes::copy_of(as_bytes("head"), as_bytes("body"));
  CHECK(as_text(joined.view()) == "headbody");
  CHECK(as_text(
            shared_bytes::copy_of(as_bytes("head"), as_bytes(" and "), as_bytes("body")).view()) ==
        "head and body");
  CHECK(as_text(shared_bytes::copy_of({}, as_bytes("body")).view()) == "body");
  CHECK(as_text(shared_bytes::copy_of(as_bytes("head"), byte_view{}).view()) == "head");
}

TEST_CASE("shared bytes outlive the first that held them", "[bytes]") {
  auto first = std::make_unique<shared_bytes>(shared_bytes::copy_of(as_bytes("shared")));
  const std::uint8_t* const memory = first->view().data();
  const shared_bytes second = *first;
  CHECK(second.view().data() == memory);
  first.reset();
  CHECK(as_text(second.view()) == "shared");
}

TEST_CASE("shared bytes leave nothing behind when they are moved", "[bytes]") {
  shared_bytes from = shared_bytes::copy_of(as_bytes("moved"));
  const shared_bytes to = std::move(from);
  CHECK(from.empty());  // NOLINT: what a moved-from object holds is promised here
  CHECK(as_text(to.view()) == "moved");
}

TEST_CASE("shared bytes can be assigned, to themselves too", "[bytes]") {
  shared_bytes a = shared_bytes::copy_of(as_bytes("a"));
  shared_bytes b = shared_bytes::copy_of(as_bytes("b"));
  b = a;
  CHECK(b.view().data() == a.view().data());
  const shared_bytes& same = a;
  a = same;
  CHECK(as_text(a.view()) == "a");
  a = shared_bytes{};
  CHECK(a.empty());
  CHECK(as_text(b.view()) == "a");
  b = shared_bytes::copy_of(as_bytes("c"));
  CHECK(as_text(b.view()) == "c");
}

TEST_CASE("a slice is a part of shared bytes and keeps them", "[bytes]") {
  shared_bytes whole = shared_bytes::copy_of(as_bytes("one two"));
  const shared_slice all{whole};
  const shared_slice part{whole, 4, 3};
  whole = {};
  CHECK(as_text(all.view()) == "one two");
  CHECK(as_text(part.view()) == "two");
  CHECK(part.view().data() == all.view().data() + 4);
  CHECK_FALSE(part.empty());
  CHECK(shared_slice{}.empty());
  CHECK(shared_slice{shared_bytes{}}.empty());
}

}  // namespace troupe::bytes_test
