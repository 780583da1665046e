#include "protocol/json/member.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "protocol/json/validate.hpp"

namespace troupe::member_test {

using namespace troupe::json;
using tree = nlohmann::json;

namespace {

constexpr std::string_view ada = R"({"name":"Ada"})";

tree stamped(std::string_view object) {
  const std::string made = with_member(object, "user", ada);
  CAPTURE(object, made);
  REQUIRE(is_valid_json(made, 100));
  return tree::parse(made);
}

/// A value with everything that a scanner could trip over.
tree random_value(std::mt19937& random, int depth) {
  static const std::vector<std::string> words{"user", "a\"b", "}", "{", ",", "\\", "", "[\"", ":"};
  const auto word = [&] { return words[random() % words.size()]; };
  switch (random() % (depth > 0 ? 7 : 5)) {
    case 0: return word();
    case 1: return static_cast<int>(random() % 1000) - 500;
    case 2: return true;
    case 3: return nullptr;
    case 4: return 1.5e-7;
    case 5: {
      tree list = tree::array();
      for (unsigned i = random() % 4; i > 0; --i) list.push_back(random_value(random, depth - 1));
      return list;
    }
    default: {
      tree object = tree::object();
      for (unsigned i = random() % 4; i > 0; --i) object[word()] = random_value(random, depth - 1);
      return object;
    }
  }
}

}  // namespace

TEST_CASE("a member is set beside the others", "[json]") {
  CHECK(stamped("{}") == tree::parse(R"({"user":{"name":"Ada"}})"));
  CHECK(stamped(R"( { "cursor" : 7 } )") == tree::parse(R"({"cursor":7,"user":{"name":"Ada"}})"));
}

TEST_CASE("what stood under its name is gone, however it was written", "[json]") {
  for (const std::string_view posing :
       {R"({"user":{"name":"Bob"}})", R"({"user":1,"user":[2]})", R"({"\u0075ser":"Bob"})",
        R"({"\u0075\u0073er":{"user":"Bob"}})"}) {
    const std::string made = with_member(posing, "user", ada);
    CHECK(made == R"({"user":{"name":"Ada"}})");
  }
  CHECK(stamped(R"({"a":{"user":"Bob"},"user":"Bob","b":[{"user":1}]})") ==
        tree::parse(R"({"a":{"user":"Bob"},"b":[{"user":1}],"user":{"name":"Ada"}})"));
}

TEST_CASE("half of a surrogate pair is kept as it is", "[json]") {
  CHECK(with_member(R"({"\ud800":"\udc00x"})", "user", "1") == R"({"\ud800":"\udc00x","user":1})");
}

TEST_CASE("what is no object stays as it is", "[json]") {
  for (const std::string_view other : {"7", "[1,{\"user\":2}]", "\"{\"", "true", "null"})
    CHECK(with_member(other, "user", ada) == other);
}

TEST_CASE("random objects keep all else", "[json]") {
  std::mt19937 random{7};
  for (int run = 0; run < 5000; ++run) {
    tree object = tree::object();
    for (unsigned i = random() % 5; i > 0; --i)
      object["k" + std::to_string(i)] = random_value(random, 3);
    if (random() % 2 == 0) object["user"] = random_value(random, 3);
    const std::string text = object.dump(random() % 2 == 0 ? -1 : 2);
    object["user"] = tree::parse(ada);
    CHECK(stamped(text) == object);
  }
}

}  // namespace troupe::member_test
