// The pages of sessions that an operator sees.
#include <memory>

#include <catch2/catch_test_macros.hpp>

#include "actors/session_table.hpp"
#include "tests/support/listed_session.hpp"

namespace troupe::session_table_list_test {

namespace {

/// A table of sessions with the documents that each has joined.
class listed_table {
 public:
  void add(session_id id, std::vector<std::string> documents = {}) {
    auto& one = *sessions_.emplace_back(std::make_unique<test::listed_session>());
    one.info.id = id;
    one.info.documents = std::move(documents);
    table.add(id, &one);
  }

  session_table table;

 private:
  std::vector<std::unique_ptr<test::listed_session>> sessions_;
};

std::vector<session_id> ids(const listed_sessions& page) {
  std::vector<session_id> all;
  for (const session_info& each : page.sessions) all.push_back(each.id);
  return all;
}

using id_list = std::vector<session_id>;

}  // namespace

TEST_CASE("a table without sessions has an empty page", "[session_table]") {
  const session_table table;
  const listed_sessions page = table.list({});
  CHECK(page.sessions.empty());
  CHECK(page.count == 0);
  CHECK_FALSE(page.has_more);
}

TEST_CASE("a page lists sessions by their ids", "[session_table]") {
  listed_table bed;
  for (const session_id id : {30, 4, 100, 7, 12}) bed.add(id);
  const listed_sessions page = bed.table.list({});
  CHECK(ids(page) == id_list{4, 7, 12, 30, 100});
  CHECK(page.count == 5);
  CHECK_FALSE(page.has_more);
  bed.table.remove(12);
  CHECK(ids(bed.table.list({})) == id_list{4, 7, 30, 100});
}

TEST_CASE("pages follow each other without a gap", "[session_table]") {
  listed_table bed;
  for (const session_id id : {30, 4, 100, 7, 12}) bed.add(id);
  const listed_sessions first = bed.table.list({.document = {}, .limit = 2});
  CHECK(ids(first) == id_list{4, 7});
  CHECK(first.count == 5);
  CHECK(first.has_more);
  const listed_sessions second = bed.table.list({.document = {}, .after = 7, .limit = 2});
  CHECK(ids(second) == id_list{12, 30});
  CHECK(second.count == 5);
  CHECK(second.has_more);
  const listed_sessions third = bed.table.list({.document = {}, .after = 30, .limit = 2});
  CHECK(ids(third) == id_list{100});
  CHECK(third.count == 5);
  CHECK_FALSE(third.has_more);
  const listed_sessions beyond = bed.table.list({.document = {}, .after = 100, .limit = 2});
  CHECK(beyond.sessions.empty());
  CHECK(beyond.count == 5);
  CHECK_FALSE(beyond.has_more);
}

TEST_CASE("a page that is just full has no more behind it", "[session_table]") {
  listed_table bed;
  for (session_id id = 1; id <= 4; ++id) bed.add(id);
  CHECK_FALSE(bed.table.list({.document = {}, .limit = 4}).has_more);
  CHECK(bed.table.list({.document = {}, .limit = 3}).has_more);
  const listed_sessions none = bed.table.list({.document = {}, .limit = 0});
  CHECK(none.sessions.empty());
  CHECK(none.count == 4);
  CHECK(none.has_more);
}

TEST_CASE("a page may begin behind a session that has gone", "[session_table]") {
  listed_table bed;
  for (const session_id id : {4, 7, 12}) bed.add(id);
  bed.table.remove(7);
  CHECK(ids(bed.table.list({.document = {}, .after = 7})) == id_list{12});
  CHECK(ids(bed.table.list({.document = {}, .after = 5})) == id_list{12});
}

TEST_CASE("the sessions of a document are listed and counted alone", "[session_table]") {
  listed_table bed;
  bed.add(1, {"a"});
  bed.add(2, {"b", "a"});
  bed.add(3, {"ab"});
  bed.add(4);
  bed.add(5, {"a"});
  const listed_sessions all = bed.table.list({.document = "a"});
  CHECK(ids(all) == id_list{1, 2, 5});
  CHECK(all.count == 3);
  const listed_sessions page = bed.table.list({.document = "a", .after = 1, .limit = 1});
  CHECK(ids(page) == id_list{2});
  CHECK(page.count == 3);
  CHECK(page.has_more);
  CHECK(bed.table.list({.document = "c"}).count == 0);
  CHECK(bed.table.list({}).count == 5);
}

TEST_CASE("a page ends early where the names of documents are many", "[session_table]") {
  listed_table bed;
  for (session_id id = 1; id <= 200; ++id)
    bed.add(id, std::vector<std::string>(100, std::string(512, 'n')));
  const listed_sessions page = bed.table.list({});
  CHECK(page.count == 200);
  CHECK(page.has_more);
  CHECK(page.sessions.size() < 100);
  CHECK(page.sessions.size() >= listed_bytes_max / (100 * 512));
}

}  // namespace troupe::session_table_list_test
