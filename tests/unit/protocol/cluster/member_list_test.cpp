#include "protocol/cluster/member_list.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>

#include "protocol/lib0/decoder.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::member_list_test {

using namespace troupe::cluster;

namespace {

member make_member(std::uint64_t id) {
  const std::string text = std::to_string(id);
  return {{id, id}, "n" + text, "10.0.0." + text + ":4101"};
}

member_list list_of(std::uint64_t number, const std::vector<std::uint64_t>& ids) {
  std::vector<member> members;
  for (const std::uint64_t id : ids) members.push_back(make_member(id));
  auto made = member_list::make(number, std::move(members));
  REQUIRE(made);
  return *std::move(made);
}

std::string reason(const result<member_list>& made) { return made ? "none" : made.error().detail; }

constexpr auto done = moves::done;
constexpr auto going_on = moves::going_on;

}  // namespace

TEST_CASE("a list is the same, whatever the order in which its members come", "[member_list]") {
  const member_list list = list_of(1, {3, 1, 2});
  CHECK(list == list_of(1, {1, 2, 3}));
  CHECK(list.digest() == list_of(1, {2, 3, 1}).digest());
  CHECK(list.members()[0].name == "n1");
  CHECK(list.find({2, 2})->name == "n2");
  CHECK(list.find({4, 4}) == nullptr);
  CHECK(list.find_name("n3")->id == node_uuid{3, 3});
  CHECK(list.find_name("n4") == nullptr);
  CHECK(list.least_size() == 1);
  CHECK(member_list{}.empty());
}

TEST_CASE("lists with different contents have different digests", "[member_list]") {
  const member_list list = list_of(1, {1, 2});
  CHECK(list.digest() != list_of(2, {1, 2}).digest());
  CHECK(list.digest() != list_of(1, {1, 3}).digest());
  CHECK(list.without({1, 1}, done)->digest() != list.without_lost({1, 1}, done)->digest());
}

TEST_CASE("the bytes of a list are these", "[member_list]") {
  const auto list = list_of(300, {1}).with({{2, 0xff}, "n2", "h:1"}, done);
  REQUIRE(list);
  const byte_buffer bytes = list->encode();
  CHECK(bytes == test::hex("01 ad 02 01 02"
                           "00000000000000010000000000000001 02 6e31 0d 31302e302e302e313a34313031"
                           "000000000000000200000000000000ff 02 6e32 03 683a31 00"));
  CHECK(member_list::decode(bytes) == *list);
}

TEST_CASE("what is no list is refused, wherever it ends", "[member_list]") {
  const byte_buffer bytes = list_of(7, {1, 2, 3}).without({2, 2}, going_on)->encode();
  REQUIRE(member_list::decode(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(member_list::decode(byte_view{bytes}.first(size)));
  byte_buffer longer = bytes;
  longer.push_back(0);
  CHECK(member_list::decode(longer).error().code == errc::trailing_bytes);
  byte_buffer newer = bytes;
  newer[0] = 2;
  CHECK(member_list::decode(newer).error().code == errc::newer_format);
  CHECK_FALSE(member_list::decode(byte_buffer(member_list_size_bytes_max + 1)));
}

TEST_CASE("changed bytes are a list or a failure, and what is a list is read back",
          "[member_list]") {
  const byte_buffer good = list_of(7, {1, 2, 3}).without({2, 2}, going_on)->encode();
  std::mt19937 random{1};
  for (int i = 0; i < 20'000; ++i) {
    byte_buffer bytes = good;
    for (int changes = 0; changes < 3; ++changes)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    if (const auto read = member_list::decode(bytes))
      CHECK(member_list::decode(read->encode()) == *read);
  }
}

TEST_CASE("a list has members with a uuid, name and address of their own", "[member_list]") {
  const auto make = [](std::vector<member> members) {
    return reason(member_list::make(1, std::move(members)));
  };
  CHECK(make({make_member(1), make_member(2)}) == "none");
  CHECK(make({}) == "a list needs a member");
  CHECK(make({{{}, "n", "h:1"}}) == "a member has no uuid");
  CHECK(make({{{1, 1}, "a", "h:1"}, {{1, 1}, "b", "h:2"}}) == "two members have one uuid");
  CHECK(make({{{1, 1}, "a", "h:1"}, {{2, 1}, "a", "h:2"}}) == "two members have one name");
  CHECK(make({{{1, 1}, "a", "h:1"}, {{2, 1}, "b", "h:1"}}) == "two members have one address");
  CHECK(make({{{1, 1}, "a b", "h:1"}}).starts_with("the name of a member, 'a b', must be"));
  CHECK(make({{{1, 1}, "a", "h"}}).starts_with("the address of member 'a', 'h', must be"));
  CHECK(reason(member_list::make(0, {make_member(1)})) == "a list cannot have this number");
  std::vector<member> many;
  for (std::uint64_t id = 1; id <= members_max + 1; ++id) many.push_back(make_member(id));
  CHECK(make(many) == "a list has at most 64 members");
  many.pop_back();
  CHECK(make(many) == "none");
}

TEST_CASE("the largest list fits the limit of its bytes", "[member_list]") {
  std::vector<member> most;
  for (std::uint64_t id = 1; id <= members_max; ++id) {
    const std::string text = std::to_string(100 + id);
    most.push_back(
        {{id, ~id}, std::string(61, 'n') + text, std::string(251, 'a') + text + ":41010"});
  }
  member_list list = *member_list::make(lib0::max_safe_integer - members_max, most);
  CHECK(list.encode().size() <= member_list_size_bytes_max);
  CHECK(member_list::decode(list.encode()) == list);
}

TEST_CASE("each change makes the next list", "[member_list]") {
  const member_list first = list_of(1, {1, 2});
  const member_list second = *first.with(make_member(3), done);
  CHECK(second.number() == 2);
  CHECK(second.size() == 3);
  CHECK(second.least_size() == 2);
  CHECK(second.former().empty());
  CHECK_FALSE(second.with(make_member(3), done));
  const member_list third = *second.without({1, 1}, done);
  CHECK(third.number() == 3);
  CHECK(third.size() == 2);
  REQUIRE(third.former().size() == 1);
  CHECK_FALSE(third.former()[0].is_gone);
  CHECK(third.is_linked({1, 1}));
  CHECK_FALSE(third.contains({1, 1}));
  CHECK_FALSE(third.without({1, 1}, going_on));
  const member_list moved = *third.replace({{2, 2}, "n2", "10.0.0.9:4101"}, done);
  CHECK(moved.find({2, 2})->address == "10.0.0.9:4101");
  CHECK(moved.former().empty());
  CHECK_FALSE(moved.replace(make_member(9), done));
  CHECK(reason(list_of(1, {1}).without({1, 1}, done)) == "a list needs a member");
}

TEST_CASE("a list remembers who may have what has not moved yet", "[member_list]") {
  const member_list list = list_of(4, {1, 2, 3, 4, 5});
  const member_list left = *list.without({5, 5}, done);
  const member_list lost = *left.without_lost({4, 4}, going_on);
  CHECK(lost.least_size() == 3);
  REQUIRE(lost.former().size() == 2);
  CHECK(lost.find_former({4, 4})->is_gone);
  CHECK_FALSE(lost.find_former({5, 5})->is_gone);
  CHECK_FALSE(lost.is_linked({4, 4}));
  // It was leaving, and is lost now.
  const member_list both = *lost.without_lost({5, 5}, going_on);
  CHECK(both.find_former({5, 5})->is_gone);
  CHECK_FALSE(both.without_lost({5, 5}, going_on));
  const member_list back = *both.with(make_member(5), going_on);
  CHECK(back.find_former({5, 5}) == nullptr);
  CHECK(back.find_former({4, 4}) != nullptr);
  CHECK(back.least_size() == 3);
  CHECK(back.with(make_member(6), done)->former().empty());
  CHECK(back.with(make_member(6), done)->least_size() == 4);
  CHECK(member_list::decode(both.encode()) == both);
}

}  // namespace troupe::member_list_test
