// The pages of open documents that a directory shows, and documents that are opened by somebody who
// is no session.
#include "actors/directory.hpp"

#include <caf/actor_cast.hpp>
#include <catch2/catch_test_macros.hpp>

#include "actors/failure_codes.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/editing_client.hpp"

namespace troupe::directory_test {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds patience{10};

directory_settings with_grace(std::chrono::milliseconds grace, std::size_t documents_max = 1000) {
  directory_settings settings;
  settings.idle_grace = grace;
  settings.documents_max = documents_max;
  return settings;
}

std::vector<std::string> names(const listed_documents& page) {
  std::vector<std::string> all;
  for (const document_info& each : page.documents) all.push_back(each.name);
  return all;
}

using name_list = std::vector<std::string>;

/// A directory of its own on the store of a node; the test is its hub.
class directory_bed {
 public:
  explicit directory_bed(const directory_settings& settings = {})
      : self_(node.system()),
        directory_(node.system().spawn<directory>(settings, node.store_handle(),
                                                  node.reader_handle(), std::vector{hub()})) {}
  ~directory_bed() {
    node.backend->open_gate();
    for (const document_actor& each : opened_) caf::anon_send_exit(each, caf::exit_reason::kill);
    caf::anon_send_exit(directory_, caf::exit_reason::user_shutdown);
    self_->wait_for(directory_);
  }

  using opening = tl::expected<opened_document, close_reason>;

  opening open(const std::string& name, session_id session, identity_ptr who = nullptr) {
    return open(
        open_document{name, join_document{{session, rights::all(), std::move(who)}, hub()}});
  }
  /// Opens it without a session.
  opening open(const std::string& name) { return open(open_document{name, std::nullopt}); }

  void leave(const opening& from, session_id session) {
    self_->send(from->document, leave_document{session});
  }
  void pass_second() { self_->send(directory_, second_passed{}); }

  listed_documents list(const list_documents& which = {}) {
    listed_documents page;
    self_->request(directory_, patience, which)
        .receive([&](const listed_documents& got) { page = got; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return page;
  }
  /// Nothing if it was answered by an error, which is `why`, then.
  template <class Answer, class Order>
  std::optional<Answer> ask(const Order& order, close_reason& why) {
    std::optional<Answer> answer;
    self_->request(directory_, patience, order)
        .receive([&](const Answer& got) { answer = got; },
                 [&](const caf::error& error) { why = to_close_reason(error); });
    return answer;
  }
  /// The names of the open documents once there are so many: the directory hears a little later
  /// that a document has ended.
  std::vector<std::string> names_when_count_is(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + patience;
    listed_documents page = list();
    while (page.count != count && std::chrono::steady_clock::now() < end) page = list();
    return names(page);
  }
  /// Whether a document ends while seconds pass.
  bool ends(const opening& which) {
    caf::scoped_actor waiter{node.system()};
    waiter->monitor(which->document);
    const auto end = std::chrono::steady_clock::now() + patience;
    for (bool is_down = false; std::chrono::steady_clock::now() < end;) {
      pass_second();
      waiter->receive([&](const caf::down_msg&) { is_down = true; }, caf::after(10ms) >> [] {});
      if (is_down) return true;
    }
    return false;
  }

  test::actor_node node;

 private:
  hub_actor hub() { return caf::actor_cast<hub_actor>(self_.ptr()); }

  opening open(const open_document& request) {
    opening answer = tl::unexpected(close_reason::io_error);
    self_->request(directory_, patience, request)
        .receive(
            [&](const opened_document& opened) {
              answer = opened;
              opened_.push_back(opened.document);
            },
            [&](const caf::error& why) { answer = tl::unexpected(to_close_reason(why)); });
    return answer;
  }

  caf::scoped_actor self_;
  directory_actor directory_;
  std::vector<document_actor> opened_;
};

}  // namespace

// --- quotas ---

TEST_CASE("a user, and an address, opens as many documents as it may", "[directory]") {
  directory_settings settings;
  settings.quota = {.per_user = 1, .per_address = 2};
  directory_bed bed{settings};
  const auto who = [](const char* user, const char* address) {
    return std::make_shared<const identity>(identity{user, address});
  };
  CHECK(bed.open("a", 1, who("ada", "192.0.2.1")));
  const auto second = bed.open("b", 2, who("ada", "192.0.2.1"));
  REQUIRE_FALSE(second);
  CHECK(second.error() == close_reason::quota_exceeded);
  CHECK(bed.open("b", 3, who("", "192.0.2.1")));
  CHECK_FALSE(bed.open("c", 4, who("", "192.0.2.1")));
  CHECK(bed.open("c", 5, who("", "192.0.2.2")));
  CHECK(bed.open("d", 6));
}

// --- pages ---

TEST_CASE("a directory without documents has an empty page", "[directory]") {
  directory_bed bed;
  const listed_documents page = bed.list();
  CHECK(page.documents.empty());
  CHECK(page.count == 0);
  CHECK_FALSE(page.has_more);
}

TEST_CASE("pages of documents follow each other by name", "[directory]") {
  directory_bed bed;
  for (const std::string name : {"c", "a", "b", "a/b", "B"}) REQUIRE(bed.open(name, 1));
  const listed_documents all = bed.list();
  CHECK(names(all) == name_list{"B", "a", "a/b", "b", "c"});
  CHECK(all.count == 5);
  CHECK_FALSE(all.has_more);

  const listed_documents first = bed.list({.after = {}, .limit = 2});
  CHECK(names(first) == name_list{"B", "a"});
  CHECK(first.count == 5);
  CHECK(first.has_more);
  const listed_documents second = bed.list({.after = "a", .limit = 2});
  CHECK(names(second) == name_list{"a/b", "b"});
  CHECK(second.count == 5);
  CHECK(second.has_more);
  const listed_documents third = bed.list({.after = "b", .limit = 2});
  CHECK(names(third) == name_list{"c"});
  CHECK_FALSE(third.has_more);
  const listed_documents beyond = bed.list({.after = "c", .limit = 2});
  CHECK(beyond.documents.empty());
  CHECK(beyond.count == 5);
  CHECK_FALSE(beyond.has_more);
}

TEST_CASE("a page of documents may begin behind one that is not open", "[directory]") {
  directory_bed bed;
  for (const std::string name : {"c", "a"}) REQUIRE(bed.open(name, 1));
  CHECK(names(bed.list({.after = "b"})) == name_list{"c"});
  CHECK_FALSE(bed.list({.after = {}, .limit = 2}).has_more);
  const listed_documents none = bed.list({.after = {}, .limit = 0});
  CHECK(none.documents.empty());
  CHECK(none.count == 2);
  CHECK(none.has_more);
}

TEST_CASE("each document of a page has the number of its sessions", "[directory]") {
  directory_bed bed;
  const auto a = bed.open("a", 1);
  REQUIRE(a);
  REQUIRE(bed.open("a", 2));
  REQUIRE(bed.open("c", 2));
  REQUIRE(bed.open("b"));
  const auto counts = [&](const list_documents& which) {
    std::vector<std::uint64_t> all;
    for (const document_info& each : bed.list(which).documents) {
      CHECK_FALSE(each.is_unloading);
      all.push_back(each.sessions);
    }
    return all;
  };
  CHECK(counts({}) == std::vector<std::uint64_t>{2, 0, 1});
  CHECK(counts({.after = "a", .limit = 5}) == std::vector<std::uint64_t>{0, 1});
  bed.leave(a, 1);
  CHECK(counts({.after = {}, .limit = 1}) == std::vector<std::uint64_t>{1});
}

TEST_CASE("a document that is being unloaded is listed as such", "[directory]") {
  directory_bed bed{with_grace(0ms)};
  const auto a = bed.open("a", 1);
  REQUIRE(a);
  bed.node.backend->close_gate();
  test::editing_client client{5};
  bed.node.send(*a, 1, sync::message_kind::update, client.insert_text("text", 0, "x"));
  bed.leave(a, 1);
  const auto end = std::chrono::steady_clock::now() + patience;
  listed_documents page;
  do {
    bed.pass_second();
    page = bed.list();
    REQUIRE(page.documents.size() == 1);
  } while (!page.documents[0].is_unloading && std::chrono::steady_clock::now() < end);
  CHECK(page.documents[0].is_unloading);
  CHECK(page.documents[0].sessions == 0);
  CHECK(page.count == 1);
}

// --- documents without a session ---

TEST_CASE("a document that is opened without a session stays for the idle grace", "[directory]") {
  directory_bed bed{with_grace(1h)};
  const auto opened = bed.open("a");
  REQUIRE(opened);
  for (int i = 0; i < 10; ++i) bed.pass_second();
  const listed_documents page = bed.list();
  REQUIRE(page.documents.size() == 1);
  CHECK_FALSE(page.documents[0].is_unloading);
  CHECK(page.documents[0].sessions == 0);
  const auto again = bed.open("a");
  REQUIRE(again);
  CHECK(again->id == opened->id);
}

TEST_CASE("a document that is opened without a session unloads after the idle grace",
          "[directory]") {
  directory_bed bed{with_grace(0ms)};
  const auto opened = bed.open("a");
  REQUIRE(opened);
  CHECK(bed.ends(opened));
  const auto again = bed.open("a");
  REQUIRE(again);
  CHECK(again->id != opened->id);
}

TEST_CASE("a session that joins a document opened without one keeps it open", "[directory]") {
  directory_bed bed{with_grace(0ms)};
  const auto opened = bed.open("a");
  REQUIRE(opened);
  const auto joined = bed.open("a", 1);
  REQUIRE(joined);
  CHECK(joined->id == opened->id);
  for (int i = 0; i < 10; ++i) bed.pass_second();
  const listed_documents page = bed.list();
  REQUIRE(page.documents.size() == 1);
  CHECK_FALSE(page.documents[0].is_unloading);
  CHECK(page.documents[0].sessions == 1);
  bed.leave(joined, 1);
  CHECK(bed.ends(joined));
}

TEST_CASE("somebody who is no session does not make a document idle that has sessions",
          "[directory]") {
  directory_bed bed{with_grace(0ms)};
  REQUIRE(bed.open("a", 1));
  REQUIRE(bed.open("a"));
  for (int i = 0; i < 10; ++i) bed.pass_second();
  const listed_documents page = bed.list();
  REQUIRE(page.documents.size() == 1);
  CHECK_FALSE(page.documents[0].is_unloading);
}

TEST_CASE("a document that is opened without a session counts for the limit", "[directory]") {
  directory_bed bed{with_grace(1h, 1)};
  REQUIRE(bed.open("a", 1));
  const auto refused = bed.open("b");
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == close_reason::too_many_documents);
  CHECK(bed.list().count == 1);
}

TEST_CASE("a document that is opened without a session makes room for one with a session",
          "[directory]") {
  directory_bed bed{with_grace(1h, 2)};
  const auto idle = bed.open("a");
  REQUIRE(idle);
  REQUIRE(bed.open("b", 1));
  REQUIRE(bed.open("c", 1));
  CHECK(bed.ends(idle));
  CHECK(bed.names_when_count_is(2) == name_list{"b", "c"});
  const auto refused = bed.open("d", 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == close_reason::too_many_documents);
}

TEST_CASE("an order for a document that cannot be opened is answered with the reason",
          "[directory]") {
  directory_bed bed;
  test::editing_client client{5};
  const import_update order{"d", shared_bytes::copy_of(client.insert_text("text", 0, "x"))};
  close_reason why = close_reason::io_error;
  REQUIRE(bed.ask<imported_update>(order, why));
  REQUIRE(bed.ask<removed_document>(remove_document{"d"}, why));
  // It is queued while the document loads, which fails.
  CHECK_FALSE(bed.ask<imported_update>(order, why));
  CHECK(why == close_reason::document_removed);
}

}  // namespace troupe::directory_test
