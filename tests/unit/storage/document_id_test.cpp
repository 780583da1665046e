#include "storage/document_id.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>

namespace troupe::document_id_test {

using namespace troupe::storage;

TEST_CASE("the id of a document is the beginning of the SHA-256 of its name", "[storage]") {
  // FIPS 180-4's examples, and the empty text.
  CHECK(to_string(id_of("abc")) == "ba7816bf8f01cfea414140de5dae2223");
  CHECK(to_string(id_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "248d6a61d20638b8e5c026930c3e6039");
  CHECK(to_string(id_of("")) == "e3b0c44298fc1c149afbf4c8996fb924");
}

TEST_CASE("different names have different ids", "[storage]") {
  std::set<document_id> ids;
  for (int i = 0; i < 10'000; ++i) ids.insert(id_of("document " + std::to_string(i)));
  CHECK(ids.size() == 10'000);
}

}  // namespace troupe::document_id_test
