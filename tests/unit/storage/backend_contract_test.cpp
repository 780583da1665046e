// What every store keeps to, whatever it is made of: the same tests for the one in memory, the one
// on disk and the one in PostgreSQL.
#include <algorithm>
#include <atomic>
#include <thread>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/postgres_server.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::backend_contract_test {

using namespace troupe::storage;
using test::append_of;
using test::append_to;
using test::load_from;
using test::stored_texts;
using test::write_checkpoint;

namespace {

std::vector<std::string> names_of(const document_page& page) {
  std::vector<std::string> names;
  for (const document_info& each : page.documents) names.push_back(each.name);
  return names;
}

void require_conflict(const result<void>& written, std::string_view detail) {
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().code == errc::storage_conflict);
  CHECK(written.error().detail == detail);
}

using names = std::vector<std::string>;

}  // namespace

#define CONTRACT(name)                                                                             \
  TEMPLATE_TEST_CASE(name, "[storage]", test::memory_bed, test::rocksdb_bed, test::postgres_bed)

CONTRACT("a store has nothing of a document that was never written") {
  TestType store;
  CHECK(load_from(*store, "new") == stored_texts{});
  CHECK(store->info("new") == std::nullopt);
}

CONTRACT("a store shows what lies in it of a document, up to so many bytes") {
  TestType store;
  batch first;
  first.appends = {append_of("a", 1, {"a1", "a2"}), append_of("b", 1, {"b1"})};
  REQUIRE(store->write(first).has_value());
  REQUIRE(write_checkpoint(*store, "a", 1, "state").has_value());
  const auto raw = store->raw("a", 1'000'000);
  REQUIRE(raw.has_value());
  CHECK(raw->is_complete);
  CHECK(raw->gaps.empty());
  std::string all;
  for (const raw_piece& piece : raw->pieces) {
    CHECK(piece.damage.empty());
    CHECK((piece.label.starts_with("checkpoint") || piece.label.starts_with("record ")));
    all += piece.value;
  }
  CHECK(all.find("state") != std::string::npos);
  CHECK(all.find("a2") != std::string::npos);
  CHECK(all.find("b1") == std::string::npos);
  CHECK_FALSE(store->raw("a", 1)->is_complete);
  CHECK(store->raw("new", 1'000'000)->pieces.empty());
  REQUIRE(store->remove("a").has_value());
  CHECK(store->raw("a", 1'000'000)->pieces.empty());
}

CONTRACT("a store gives back updates in order, each document its own") {
  TestType store;
  batch first;
  first.appends = {append_of("a", 1, {"a1"}), append_of("b", 1, {"b1", ""}),
                   append_of("a", 2, {"a2"})};
  REQUIRE(store->write(first));
  REQUIRE(append_to(*store, "a", 3, {"a3"}));
  CHECK(load_from(*store, "a") == stored_texts{"", {"a1", "a2", "a3"}, 3});
  CHECK(load_from(*store, "b") == stored_texts{"", {"b1", ""}, 2});
}

CONTRACT("a store takes names with slashes, blanks and any letter") {
  TestType store;
  const names all = {"/", " ", "d/a", "i/", "format", "Zürich/für", std::string(512, 'x')};
  for (const std::string& name : all) REQUIRE(append_to(*store, name, 1, {"of " + name}));
  for (const std::string& name : all)
    CHECK(load_from(*store, name) == stored_texts{"", {"of " + name}, 1});
}

CONTRACT("a store keeps a part of bytes that are shared with others as that part") {
  TestType store;
  const shared_bytes message = test::bytes_of("header|first|second");
  batch what;
  what.appends = {append_of("a", 1, {})};
  what.appends[0].updates = {{message, 7, 5}, {message, 13, 6}};
  REQUIRE(store->write(what));
  CHECK(load_from(*store, "a").updates == names{"first", "second"});
}

CONTRACT("a checkpoint replaces the log that it covers and keeps what is behind it") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u1", "u2", "u3", "u4", "u5"}));
  REQUIRE(append_to(*store, "b", 1, {"other"}));
  REQUIRE(write_checkpoint(*store, "a", 3, "s3"));
  CHECK(load_from(*store, "a") == stored_texts{"s3", {"u4", "u5"}, 5});
  REQUIRE(append_to(*store, "a", 6, {"u6"}));
  REQUIRE(write_checkpoint(*store, "a", 6, "s6"));
  CHECK(load_from(*store, "a") == stored_texts{"s6", {}, 6});
  REQUIRE(append_to(*store, "a", 7, {"u7"}));
  REQUIRE(write_checkpoint(*store, "a", 6, "s6 again"));
  CHECK(load_from(*store, "a") == stored_texts{"s6 again", {"u7"}, 7});
  CHECK(load_from(*store, "b") == stored_texts{"", {"other"}, 1});
}

CONTRACT("a checkpoint may cover what the same batch appends") {
  TestType store;
  batch both;
  both.appends = {append_of("a", 1, {"u1", "u2", "u3"})};
  both.checkpoints = {{"a", 2, test::bytes_of("s2")}};
  REQUIRE(store->write(both));
  CHECK(load_from(*store, "a") == stored_texts{"s2", {"u3"}, 3});
  CHECK(store->info("a")->value().log_bytes == 2);
}

CONTRACT("a checkpoint that covers less than the newest changes nothing") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u1", "u2", "u3"}));
  REQUIRE(write_checkpoint(*store, "a", 3, "s3"));
  REQUIRE(write_checkpoint(*store, "a", 2, "s2, late"));
  CHECK(load_from(*store, "a") == stored_texts{"s3", {}, 3});
}

CONTRACT("a checkpoint may come from elsewhere, with a number that the log has not reached") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  REQUIRE(write_checkpoint(*store, "a", 7, "s7"));
  CHECK(load_from(*store, "a") == stored_texts{"s7", {}, 7});
  REQUIRE(append_to(*store, "a", 8, {"u8"}));
  CHECK(load_from(*store, "a") == stored_texts{"s7", {"u8"}, 8});
}

CONTRACT("a large checkpoint comes back whole, an empty one as none") {
  TestType store;
  for (const std::size_t size : {chunk_size_bytes_max - 1, chunk_size_bytes_max,
                                 chunk_size_bytes_max + 1, 3 * chunk_size_bytes_max}) {
    const std::string name = std::to_string(size);
    const std::string state = test::noise(size);
    REQUIRE(write_checkpoint(*store, name, 1, state));
    CHECK(load_from(*store, name).checkpoint == state);
    CHECK(store->info(name)->value().checkpoint_size == size);
  }
  REQUIRE(write_checkpoint(*store, "empty", 4, ""));
  CHECK(load_from(*store, "empty") == stored_texts{"", {}, 4});
}

CONTRACT("a store takes a batch of nothing without effect") {
  TestType store;
  REQUIRE(store->write({}));
  REQUIRE(append_to(*store, "a", 1, {}));
  CHECK(load_from(*store, "a") == stored_texts{});
  CHECK(store->info("a") == std::nullopt);
}

CONTRACT("a store numbers updates itself if it is asked to") {
  TestType store;
  REQUIRE(append_to(*store, "a", next_number, {"u1", "u2"}));
  batch twice;
  twice.appends = {append_of("a", next_number, {"u3"}), append_of("a", next_number, {"u4"})};
  REQUIRE(store->write(twice));
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1", "u2", "u3", "u4"}, 4});
}

CONTRACT("a store refuses an append that leaves a gap, with the whole batch") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  batch what;
  what.appends = {append_of("b", 1, {"b1"}), append_of("a", 3, {"u3"})};
  require_conflict(store->write(what), "document 'a': its next record is 2 and not 3");
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1"}, 1});
  CHECK(load_from(*store, "b") == stored_texts{});
  require_conflict(append_to(*store, "new", 2, {"u"}),
                   "document 'new': its next record is 1 and not 2");
}

CONTRACT("a store takes what it has again, and refuses other contents in its place") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u1", "u2"}));
  REQUIRE(append_to(*store, "a", 1, {"u1", "u2", "u3"}));
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1", "u2", "u3"}, 3});
  CHECK(store->info("a")->value().log_records == 3);
  require_conflict(append_to(*store, "a", 2, {"other", "u3"}),
                   "document 'a': record 2 is stored already, and not with these contents");
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1", "u2", "u3"}, 3});
}

CONTRACT("documents are loaded while others are written") {
  TestType store;
  REQUIRE(append_to(*store, "read", 1, {"r1", "r2"}));
  std::atomic<bool> is_done = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] {
      while (!is_done) {
        const auto read = store->load("read");
        const auto written = store->load("written");
        if (!read || !written || read->updates.size() != 2) ++wrong;
        // Never a part of a batch: a checkpoint comes with the update behind it.
        if (written && written->last % 2 != 0) ++wrong;
      }
    });
  for (sequence number = 1; number < 100; number += 2) {
    batch what;
    what.appends = {append_of("written", number, {"x", "y"})};
    what.checkpoints = {{"written", number, test::bytes_of("s")}};
    if (!store->write(what)) ++wrong;
  }
  is_done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(load_from(*store, "written") == stored_texts{"s", {"y"}, 100});
}

// --- administration ---

CONTRACT("an archive lists documents by prefix, in pages, in order") {
  TestType store;
  for (const char* name : {"team/c", "team/a", "other", "team/b", "team/d", "tea", "team0"})
    REQUIRE(append_to(*store, name, 1, {"u"}));
  CHECK(names_of(*store->list({})) ==
        names{"other", "tea", "team/a", "team/b", "team/c", "team/d", "team0"});
  document_query query;
  query.prefix = "team/";
  query.limit = 3;
  const document_page first = *store->list(query);
  CHECK(names_of(first) == names{"team/a", "team/b", "team/c"});
  CHECK(first.has_more);
  query.after = "team/c";
  const document_page second = *store->list(query);
  CHECK(names_of(second) == names{"team/d"});
  CHECK_FALSE(second.has_more);
  query.after = "team/bb";
  CHECK(names_of(*store->list(query)) == names{"team/c", "team/d"});
  query.prefix = "none";
  CHECK(store->list(query)->documents.empty());
}

CONTRACT("an archive knows the sizes and times of a document") {
  TestType store;
  for (sequence number = 1; number <= 200; ++number)
    REQUIRE(append_to(*store, "a", number, {std::string(10, 'u')}));
  document_info info = **store->info("a");
  CHECK(info.name == "a");
  CHECK(info.last == 200);
  CHECK(info.log_records == 200);
  CHECK(info.log_bytes == 2000);
  CHECK(info.checkpoint_size == 0);
  CHECK(info.generation == 0);
  CHECK(info.life == 1);
  CHECK(info.created_at > 1'600'000'000'000);
  CHECK(info.changed_at >= info.created_at);
  CHECK(info.damage.empty());
  REQUIRE(write_checkpoint(*store, "a", 150, "state"));
  REQUIRE(append_to(*store, "a", 201, {"more"}));
  info = store->list({})->documents.at(0);
  CHECK(info.last == 201);
  CHECK(info.log_records == 51);
  CHECK(info.log_bytes == 504);
  CHECK(info.checkpoint_size == 5);
  CHECK(info.generation == 1);
}

CONTRACT("a removed document stays away until somebody admits it again") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u1", "u2"}));
  REQUIRE(write_checkpoint(*store, "a", 1, "s1"));
  REQUIRE(append_to(*store, "b", 1, {"b1"}));
  CHECK(store->remove("a") == true);
  CHECK(store->remove("a") == false);
  CHECK(store->remove("never") == false);

  const auto loaded = store->load("a");
  REQUIRE_FALSE(loaded.has_value());
  CHECK(to_string(loaded.error()) == "document_removed: document 'a': it was removed");
  // A client that was away: nothing of the batch is written.
  batch late;
  late.appends = {append_of("b", 2, {"b2"}), append_of("a", 3, {"u3"})};
  const auto written = store->write(late);
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().code == errc::document_removed);
  const auto compacted = write_checkpoint(*store, "a", 3, "s3");
  REQUIRE_FALSE(compacted.has_value());
  CHECK(compacted.error().code == errc::document_removed);
  CHECK(load_from(*store, "b") == stored_texts{"", {"b1"}, 1});

  CHECK(names_of(*store->list({})) == names{"b"});
  document_query with_removed;
  with_removed.with_removed = true;
  CHECK(names_of(*store->list(with_removed)) == names{"a", "b"});
  document_info info = **store->info("a");
  CHECK(info.is_removed);
  CHECK_FALSE(info.is_admitted);
  CHECK(info.last == 0);
  CHECK(info.checkpoint_size == 0);

  CHECK(store->admit("b") == false);
  CHECK(store->admit("never") == false);
  CHECK(store->admit("a") == true);
  CHECK(load_from(*store, "a") == stored_texts{});
  CHECK(store->info("a")->value().is_admitted);
  // A document actor that has not heard of it does not go on where it was.
  require_conflict(append_to(*store, "a", 3, {"u3"}),
                   "document 'a': its next record is 1 and not 3");
  REQUIRE(append_to(*store, "a", 1, {"new"}));
  CHECK(load_from(*store, "a") == stored_texts{"", {"new"}, 1});
  info = **store->info("a");
  CHECK(info.life == 2);
  CHECK_FALSE(info.is_removed);
  CHECK(store->remove("a") == true);
  CHECK(store->info("a")->value().life == 2);
}

CONTRACT("an admitted document that nobody has created can be removed again") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  CHECK(store->remove("a") == true);
  CHECK(store->admit("a") == true);
  CHECK(store->remove("a") == false);
  CHECK_FALSE(store->load("a").has_value());
}

CONTRACT("an archive counts what it verifies and stops when it is told to") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"12345", "678"}));
  REQUIRE(append_to(*store, "b", 1, {"x"}));
  REQUIRE(write_checkpoint(*store, "b", 1, "state"));
  REQUIRE(append_to(*store, "c", 1, {"y"}));
  REQUIRE(store->remove("c"));
  names heard;
  const auto report = store->verify([&](const verify_report&, std::string_view name) {
    heard.emplace_back(name);
    return true;
  });
  REQUIRE(report.has_value());
  CHECK(report->documents == 2);
  CHECK(report->removed == 1);
  CHECK(report->records == 2);
  CHECK(report->checkpoints == 1);
  CHECK(report->bytes == 13);
  CHECK(report->damages_in_total == 0);
  CHECK(report->is_complete);
  CHECK(heard == names{"a", "b", "c"});
  const auto first = store->verify([](const verify_report&, std::string_view) { return false; });
  REQUIRE(first.has_value());
  CHECK(first->documents == 1);
  CHECK_FALSE(first->is_complete);
  CHECK(store->verify({})->is_complete);
}

CONTRACT("the figures of a store say whether it can be written") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"12345"}));
  const auto stats = store->stats();
  REQUIRE(stats.has_value());
  CHECK(stats->documents_estimated == 1);
  CHECK(stats->log_bytes >= 5);
  CHECK(stats->is_writable);
  CHECK(stats->awaited_bytes == 0);
  CHECK(store->recover());
}

// --- versions ---

namespace {

version_info must_add(archive& to, const std::string& document, const version_draft& what) {
  auto added = to.add_version(document, what);
  INFO((added ? "" : to_string(added.error())));
  REQUIRE(added.has_value());
  return *added;
}

std::vector<version_number> numbers_of(const version_page& page) {
  std::vector<version_number> numbers;
  for (const version_info& each : page.versions) numbers.push_back(each.number);
  return numbers;
}

using numbers = std::vector<version_number>;

}  // namespace

CONTRACT("a version comes back as it was kept, whatever its size") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u1", "u2"}));
  const std::string large = test::noise(2 * chunk_size_bytes_max + 7);
  const version_info first = must_add(*store, "a", {"first", false, 1, as_bytes("state")});
  const version_info second = must_add(*store, "a", {"", true, 2, as_bytes(large)});
  const version_info third = must_add(*store, "a", {"empty", false, 2, {}});
  CHECK(first.number == 1);
  CHECK(first.label == "first");
  CHECK_FALSE(first.is_automatic);
  CHECK(first.covers == 1);
  CHECK(first.size == 5);
  CHECK(first.created_at > 1'600'000'000'000);
  CHECK(second.is_automatic);
  CHECK(second.stored_size > chunk_size_bytes_max);
  for (const auto& [info, state] : {std::pair{first, std::string{"state"}},
                                    std::pair{second, large}, std::pair{third, std::string{}}}) {
    const auto found = store->read_version("a", info.number);
    REQUIRE(found.has_value());
    REQUIRE(found->has_value());
    CHECK((*found)->info == info);
    CHECK(as_text((*found)->state.view()) == state);
  }
  CHECK(store->list_versions({"a"})->versions == std::vector{first, second, third});
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1", "u2"}, 2});
  const auto report = store->verify({});
  CHECK(report->versions == 3);
  CHECK(report->damages_in_total == 0);
  CHECK(store->stats()->version_bytes > chunk_size_bytes_max);
}

CONTRACT("a version says who has edited since the one before") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  append_credits many;
  for (int i = 0; i < 150; ++i) many.add({{"user " + std::to_string(i)}, {}});
  CHECK(many.users.size() == append_credits::count_max);
  many.add({{"user 3"}, {"importer", "importer"}});
  CHECK(many.origins == std::vector<std::string>{"importer"});
  const version_info made = must_add(*store, "a", {"named", true, 1, as_bytes("state"), many});
  CHECK(made.by == many);
  const version_info plain = must_add(*store, "a", {"named", true, 1, as_bytes("state")});
  CHECK(plain.by.empty());
  CHECK(store->list_versions({"a"})->versions == std::vector{made, plain});
  CHECK((*store->read_version("a", made.number))->info.by == many);
  CHECK(store->verify({})->damages_in_total == 0);
}

CONTRACT("versions are listed in pages, each document its own, and numbers are not given twice") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u"}));
  REQUIRE(append_to(*store, "b", 1, {"u"}));
  for (int i = 0; i < 5; ++i) must_add(*store, "a", {"v", false, 1, as_bytes("s")});
  must_add(*store, "b", {"other", false, 1, as_bytes("s")});
  version_query query{"a", 0, 2};
  const version_page first = *store->list_versions(query);
  CHECK(numbers_of(first) == numbers{1, 2});
  CHECK(first.has_more);
  query.after = 3;
  CHECK(numbers_of(*store->list_versions(query)) == numbers{4, 5});
  CHECK_FALSE(store->list_versions(query)->has_more);
  CHECK(numbers_of(*store->list_versions({"b"})) == numbers{1});
  CHECK(numbers_of(*store->list_versions({"a", ~version_number{0}})).empty());
  CHECK(store->remove_version("a", 5) == true);
  CHECK(store->remove_version("a", 5) == false);
  CHECK(store->remove_version("a", 2) == true);
  CHECK(store->remove_version("a", 0) == false);
  CHECK(*store->read_version("a", 5) == std::nullopt);
  CHECK(*store->read_version("a", 0) == std::nullopt);
  CHECK(numbers_of(*store->list_versions({"a"})) == numbers{1, 3, 4});
  CHECK(must_add(*store, "a", {"v", false, 1, as_bytes("s")}).number == 6);
  CHECK(numbers_of(*store->list_versions({"b"})) == numbers{1});
}

CONTRACT("the versions of a document go with it") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u"}));
  must_add(*store, "a", {"v", false, 1, as_bytes("s")});
  REQUIRE(store->remove("a"));
  CHECK(store->list_versions({"a"})->versions.empty());
  CHECK(*store->read_version("a", 1) == std::nullopt);
  CHECK(store->remove_version("a", 1) == false);
  const auto refused = store->add_version("a", {"v", false, 1, as_bytes("s")});
  REQUIRE_FALSE(refused.has_value());
  CHECK(to_string(refused.error()) == "document_removed: document 'a': there is no such document");
  CHECK(store->add_version("never", {}).error().code == errc::document_removed);
  CHECK(store->list_versions({"never"})->versions.empty());
  REQUIRE(store->admit("a"));
  REQUIRE(append_to(*store, "a", 1, {"u"}));
  CHECK(must_add(*store, "a", {"v", false, 1, as_bytes("s")}).number == 1);
  CHECK(store->verify({})->damages_in_total == 0);
}

CONTRACT("a version is refused with a label that is too long or no text") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u"}));
  CHECK(store->add_version("a", {std::string(version_label_size_max + 1, 'x'), false, 1, {}})
            .error()
            .code == errc::name_too_long);
  CHECK(store->add_version("a", {"\xff", false, 1, {}}).error().code == errc::invalid_utf8);
  CHECK(store->list_versions({"a"})->versions.empty());
}

// --- announcements ---

namespace {

announcement announcement_of(announcement_number number, const std::string& document) {
  announcement what;
  what.number = number;
  what.id.fill(static_cast<std::uint8_t>(number));
  what.created_at = what.since = number;
  what.topic = "document.changed";
  what.document = document;
  return what;
}

std::vector<announcement> announced(outbox& by) { return by.announcements({})->announcements; }

}  // namespace

CONTRACT("an announcement is written with the change that it announces") {
  TestType store;
  batch written;
  written.appends = {append_of("a", 1, {"u1"})};
  written.announcements = {announcement_of(7, "a")};
  REQUIRE(store->write(written));
  CHECK(announced(*store) == std::vector{announcement_of(7, "a")});
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1"}, 1});
  // A batch that is refused announces nothing.
  written.appends = {append_of("a", 5, {"u5"})};
  written.announcements = {announcement_of(8, "a")};
  CHECK(store->write(written).error().code == errc::storage_conflict);
  CHECK(announced(*store).size() == 1);
  CHECK(store->verify({})->damages_in_total == 0);
}

CONTRACT("announcements are replaced, removed, and listed in the order of their numbers") {
  TestType store;
  outbox_change change;
  for (const announcement_number number : {3, 1, 2, 300, 70'000})
    change.puts.push_back(announcement_of(number, "a"));
  REQUIRE(store->change(change));
  announcement dead = announcement_of(2, "b");
  dead.is_dead = true;
  dead.details = "{}";
  REQUIRE(store->change({{dead, announcement_of(4, "c")}, {1, 99}}));
  outbox_query query{0, 3};
  const outbox_page first = *store->announcements(query);
  CHECK(first.announcements == std::vector{dead, announcement_of(3, "a"), announcement_of(4, "c")});
  CHECK(first.has_more);
  CHECK(first.last == 4);
  query.after = first.last;
  const outbox_page second = *store->announcements(query);
  CHECK(second.announcements ==
        std::vector{announcement_of(300, "a"), announcement_of(70'000, "a")});
  CHECK_FALSE(second.has_more);
  REQUIRE(store->change({{}, {2, 3, 4, 300, 70'000}}));
  CHECK(announced(*store).empty());
  REQUIRE(store->change({}));
}

CONTRACT("announcements stay when their document is removed") {
  TestType store;
  REQUIRE(append_to(*store, "a", 1, {"u"}));
  REQUIRE(store->change({{announcement_of(1, "a")}, {}}));
  REQUIRE(store->remove("a"));
  CHECK(announced(*store).size() == 1);
}

CONTRACT("an announcement whose names are too long is refused whole") {
  TestType store;
  const announcement bad = announcement_of(2, std::string(65'536, 'x'));
  CHECK(store->change({{announcement_of(1, "a"), bad}, {}}).error().code == errc::name_too_long);
  CHECK(announced(*store).empty());
}

}  // namespace troupe::backend_contract_test
