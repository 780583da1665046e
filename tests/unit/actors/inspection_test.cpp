// One gather for all who ask within a second, and the rows that come first.
#include "actors/inspection.hpp"

#include <catch2/catch_test_macros.hpp>

#include "actors/inspect_wire.hpp"

namespace troupe::inspection_test {

using namespace troupe::inspection;
using namespace std::chrono_literals;

namespace {

using gather = shared_gather<int>;
using verdict = gather::verdict;

const clock::time_point start{1h};

/// Notes what it is answered with.
gather::asker into(std::vector<int>& heard) {
  return [&heard](int what, clock::time_point) { heard.push_back(what); };
}

std::vector<session_id> ids(const std::vector<surveyed_session>& rows) {
  std::vector<session_id> all;
  for (const surveyed_session& each : rows) all.push_back(each.load.id);
  return all;
}

std::vector<std::string> names(const std::vector<document_info>& rows) {
  std::vector<std::string> all;
  for (const document_info& each : rows) all.push_back(each.name);
  return all;
}

std::uint8_t by(session_order order) { return static_cast<std::uint8_t>(order); }
std::uint8_t by(document_order order) { return static_cast<std::uint8_t>(order); }

}  // namespace

TEST_CASE("all who ask during a gather are answered by it", "[inspection]") {
  gather one;
  std::vector<int> heard;
  CHECK(one.ask(start, into(heard)) == verdict::begins);
  CHECK(one.ask(start + 500ms, into(heard)) == verdict::waits);
  CHECK(heard.empty());
  one.finish(7, start + 600ms);
  CHECK(heard == std::vector<int>{7, 7});
  CHECK_FALSE(one.has_askers());
}

TEST_CASE("within a second nothing is gathered again", "[inspection]") {
  gather one;
  std::vector<int> heard;
  one.ask(start, into(heard));
  one.finish(7, start);
  for (int i = 0; i < 1000; ++i) CHECK(one.ask(start + 999ms, into(heard)) == verdict::answered);
  CHECK(heard.size() == 1001);
  CHECK(one.ask(start + 1s, into(heard)) == verdict::begins);
  CHECK(one.ask(start + 10s, into(heard)) == verdict::waits);
}

TEST_CASE("those who wait may be answered with a part", "[inspection]") {
  gather one;
  std::vector<int> heard;
  one.ask(start, into(heard));
  one.answer(1, start);
  CHECK(heard == std::vector<int>{1});
  CHECK(one.ask(start + 2s, into(heard)) == verdict::waits);
  one.finish(2, start + 3s);
  CHECK(heard == std::vector<int>{1, 2});
  CHECK(*one.newest() == 2);
}

TEST_CASE("only so many wait", "[inspection]") {
  gather one;
  std::vector<int> heard;
  for (std::size_t i = 0; i < askers_max; ++i) one.ask(start, into(heard));
  CHECK(one.ask(start, into(heard)) == verdict::refused);
  one.finish(1, start);
  CHECK(heard.size() == askers_max);
}

TEST_CASE("whoever asks from an answer is served as well", "[inspection]") {
  gather one;
  std::vector<int> heard;
  one.ask(start, [&](int, clock::time_point at) { one.ask(at, into(heard)); });
  one.finish(3, start);
  CHECK(heard == std::vector<int>{3});
}

TEST_CASE("the sessions that come first", "[inspection]") {
  gathered_sessions all;
  all.sessions = {{{.id = 1, .queued_bytes = 5, .bytes_in = 1, .idle = 2s}, 0},
                  {{.id = 3, .queued_bytes = 9, .bytes_out = 4, .documents = 2}, 1},
                  {{.id = 2, .queued_bytes = 5, .bytes_in = 3, .idle = 1s}, 1}};
  using list = std::vector<session_id>;
  CHECK(ids(first_of(all, by(session_order::queue), 10)) == list{3, 1, 2});
  CHECK(ids(first_of(all, by(session_order::queue), 2)) == list{3, 1});
  CHECK(ids(first_of(all, by(session_order::in), 3)) == list{2, 1, 3});
  CHECK(ids(first_of(all, by(session_order::out), 1)) == list{3});
  CHECK(ids(first_of(all, by(session_order::documents), 1)) == list{3});
  CHECK(ids(first_of(all, by(session_order::idle), 3)) == list{1, 2, 3});
  CHECK(ids(first_of(all, by(session_order::id), 3)) == list{1, 2, 3});
  CHECK(ids(first_of(all, 200, 1)) == list{3});
  CHECK(first_of(all, 0, 0).empty());
  CHECK(first_of(gathered_sessions{}, 0, 5).empty());
}

TEST_CASE("the documents that come first", "[inspection]") {
  gathered_documents all;
  all.documents = {{.name = "b", .sessions = 1, .state_bytes = 10, .memory_bytes = 1},
                   {.name = "a", .sessions = 7, .state_bytes = 10},
                   {.name = "c", .sessions = 2, .state_bytes = 99, .memory_bytes = 50}};
  using list = std::vector<std::string>;
  CHECK(names(first_of(all, by(document_order::size), 10)) == list{"c", "a", "b"});
  CHECK(names(first_of(all, by(document_order::memory), 2)) == list{"c", "b"});
  CHECK(names(first_of(all, by(document_order::sessions), 1)) == list{"a"});
  CHECK(names(first_of(all, by(document_order::name), 3)) == list{"a", "b", "c"});
  CHECK(names(first_of(all, 77, 1)) == list{"c"});
}

}  // namespace troupe::inspection_test
