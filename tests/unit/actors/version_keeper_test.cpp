// Versions made from what is stored, and the actor that makes them. When, and which go, is in
// version_policy_test.cpp.
#include "actors/version_keeper.hpp"

#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "actors/version_maker.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/edit_checks.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::version_keeper_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

/// A stored document that the test edits.
struct keeper_bed {
  explicit keeper_bed(version_rules with = {},
                      crdt::garbage_collection gc = crdt::garbage_collection::on)
      : rules(with), settings{gc, {}}, doc(settings) {}

  /// Writes into the text "t", as an update in the log.
  void write(const std::string& text) {
    const byte_buffer update = edit(
        doc, [&](crdt::doc_edit& e) { must(e.insert_text("t", 0, text)); }, 1);
    storage::batch batch;
    batch.appends = {{std::make_shared<const std::string>("d"),
                      storage::next_number,
                      {shared_bytes::copy_of(update)}}};
    REQUIRE(store->write(batch));
  }
  void checkpoint() {
    const storage::sequence last = store->load("d")->last;
    storage::batch batch;
    batch.checkpoints = {{"d", last, shared_bytes::copy_of(doc.encode_state_as_update())}};
    REQUIRE(store->write(batch));
  }
  /// Keeps what is stored now.
  result<storage::version_info> keep(const std::string& label) {
    const auto stored = store->load("d");
    if (!stored) return tl::unexpected(stored.error());
    const byte_buffer state = *encode_stored(*stored, {});
    return keeper().keep("d", {label, false, stored->last, state});
  }
  version_keeper keeper() {
    return {store, store, [this](const std::string&) { return settings; }, rules};
  }
  std::string text_of(storage::version_number number) {
    crdt::doc version;
    must_apply(version, (**store->read_version("d", number)).state.view());
    return version.text("t");
  }
  std::vector<storage::version_info> list() { return store->list_versions({"d"})->versions; }

  version_rules rules;
  crdt::doc_settings settings;
  std::shared_ptr<storage::memory_backend> store = std::make_shared<storage::memory_backend>();
  crdt::doc doc;
};

}  // namespace

TEST_CASE("a version has what the checkpoint and the log have", "[versions]") {
  keeper_bed bed;
  bed.write("one");
  bed.checkpoint();
  bed.write("two ");
  const auto kept = bed.keep("a name");
  REQUIRE(kept.has_value());
  CHECK(kept->covers == 2);
  CHECK(kept->label == "a name");
  CHECK_FALSE(kept->is_automatic);
  CHECK(bed.text_of(1) == "two one");
}

TEST_CASE("a version that is made by itself keeps deleted contents where the document does",
          "[versions]") {
  for (const auto gc : {crdt::garbage_collection::on, crdt::garbage_collection::off}) {
    keeper_bed bed{{}, gc};
    bed.write("deleted later");
    const byte_buffer removal = edit(
        bed.doc, [](crdt::doc_edit& e) { must(e.remove_text("t", 0, 13)); }, 1);
    storage::batch batch;
    batch.appends = {{std::make_shared<const std::string>("d"),
                      storage::next_number,
                      {shared_bytes::copy_of(removal)}}};
    REQUIRE(bed.store->write(batch));
    REQUIRE(bed.keeper().keep_if_changed("d"));
    const auto version = bed.store->read_version("d", 1);
    const std::string_view bytes = as_text((**version).state.view());
    CHECK((bytes.find("deleted later") != std::string_view::npos) ==
          (gc == crdt::garbage_collection::off));
  }
}

TEST_CASE("a version is made by itself only where something has changed", "[versions]") {
  keeper_bed bed;
  bed.write("one");
  CHECK((*bed.keeper().keep_if_changed("d"))->number == 1);
  CHECK(*bed.keeper().keep_if_changed("d") == std::nullopt);
  bed.write("two ");
  REQUIRE(bed.keep("by hand"));
  CHECK(*bed.keeper().keep_if_changed("d") == std::nullopt);
  bed.write("three ");
  const auto third = *bed.keeper().keep_if_changed("d");
  CHECK(third->number == 3);
  CHECK(third->is_automatic);
  CHECK(bed.text_of(3) == "three two one");
  CHECK(*bed.keeper().keep_if_changed("never") == std::nullopt);
}

TEST_CASE("outdated versions go when one is made, named ones stay", "[versions]") {
  version_rules rules;
  rules.max_per_document = 3;
  keeper_bed bed{rules};
  bed.write("a");
  REQUIRE(bed.keep("named"));
  for (int i = 0; i < 5; ++i) {
    bed.write("b");
    REQUIRE(bed.keeper().keep_if_changed("d"));
  }
  std::vector<storage::version_number> numbers;
  for (const auto& each : bed.list()) numbers.push_back(each.number);
  CHECK(numbers == std::vector<storage::version_number>{1, 5, 6});
  // A name takes the place of one that the server made, while there is one.
  REQUIRE(bed.keep("second"));
  REQUIRE(bed.keep("third"));
  const auto fourth = bed.keep("fourth");
  REQUIRE_FALSE(fourth.has_value());
  CHECK(fourth.error().code == errc::quota_exceeded);
  CHECK(bed.list().size() == 3);
}

TEST_CASE("a document that was removed or cannot be read gets no version", "[versions]") {
  keeper_bed bed;
  bed.write("a");
  storage::batch batch;
  batch.appends = {append_of("broken", 1, {"no update"})};
  REQUIRE(bed.store->write(batch));
  CHECK(bed.keeper().keep_if_changed("broken").error().code == errc::corrupt_document);
  REQUIRE(bed.store->remove("d"));
  CHECK(bed.keeper().keep("d", {}).error().code == errc::document_removed);
  CHECK(*bed.keeper().keep_if_changed("d") == std::nullopt);
}

TEST_CASE("what a store writes is noted, and what it could not write is not", "[versions]") {
  const auto gated = std::make_shared<gated_backend>();
  const auto changes = std::make_shared<changed_documents>(0ms);
  noting_backend store{gated, changes};
  REQUIRE(append_to(store, "a", 1, {"u"}));
  REQUIRE(append_to(store, "a", 2, {"u"}));
  REQUIRE(test::write_checkpoint(store, "b", 1, "s"));
  gated->fail_writes(errc::storage_failed);
  REQUIRE_FALSE(append_to(store, "c", 1, {"u"}));
  const auto due = changes->take_due();
  REQUIRE(due != nullptr);
  CHECK(*due == "a");
  CHECK(changes->take_due() == nullptr);
  CHECK(load_from(store, "a").last == 2);
}

TEST_CASE("a version names those who have edited since the one before", "[versions]") {
  using names = std::vector<std::string>;
  keeper_bed bed;
  const auto changes = std::make_shared<changed_documents>(0ms);
  noting_backend noted{bed.store, changes};
  const version_keeper keeper{bed.store, bed.store,
                              [](const std::string&) { return crdt::doc_settings{}; }, bed.rules,
                              changes};
  const auto write_by = [&](storage::append_credits who) {
    const byte_buffer update = edit(
        bed.doc, [](crdt::doc_edit& e) { must(e.insert_text("t", 0, "x")); }, 1);
    storage::batch batch;
    batch.appends = {{std::make_shared<const std::string>("d"),
                      storage::next_number,
                      {shared_bytes::copy_of(update)}}};
    batch.appends[0].by = std::make_shared<const storage::append_credits>(std::move(who));
    REQUIRE(noted.write(batch));
  };
  write_by({{"ada"}, {}});
  write_by({{"bob", "ada"}, {"importer"}});
  const auto first = keeper.keep_if_changed("d");
  REQUIRE(first.has_value());
  REQUIRE(first->has_value());
  CHECK((*first)->by == storage::append_credits{{"ada", "bob"}, {"importer"}});
  write_by({{"carol"}, {}});
  // What cannot be kept leaves the names for the next one.
  const std::string too_long(storage::version_label_size_max + 1, 'x');
  CHECK_FALSE(keeper.keep("d", {too_long, false, 3, {}}).has_value());
  const auto second = keeper.keep("d", {"by hand", false, 3, {}});
  REQUIRE(second.has_value());
  CHECK(second->by.users == names{"carol"});
  CHECK(keeper.keep("d", {"again", false, 3, {}})->by.empty());
}

TEST_CASE("the version maker keeps a version of a document that has changed",
          "[versions][actors]") {
  register_types_once();
  keeper_bed bed;
  bed.write("one");
  const auto changes = std::make_shared<changed_documents>(0ms);
  changes->note(std::make_shared<const std::string>("gone"));
  changes->note(std::make_shared<const std::string>("d"));
  caf::actor_system_config config;
  caf::actor_system system{config};
  const auto workers = std::make_shared<worker_pool>(1);
  const version_maker_actor maker = system.spawn<version_maker>(
      std::make_shared<const version_keeper>(bed.keeper()), changes, workers);
  tell_anonymously(maker, second_passed{});
  for (int i = 0; i < 500 && bed.list().empty(); ++i) std::this_thread::sleep_for(10ms);
  REQUIRE(bed.list().size() == 1);
  CHECK(bed.list()[0].is_automatic);
  CHECK(bed.text_of(1) == "one");
  caf::anon_send_exit(maker, caf::exit_reason::user_shutdown);
  workers->stop(1s);
}

TEST_CASE("of the nodes that store a document only its home makes versions of it",
          "[versions][actors][cluster]") {
  register_types_once();
  keeper_bed bed;
  bed.write("one");
  const auto changes = std::make_shared<changed_documents>(0ms);
  const auto noted = std::make_shared<const std::string>("d");
  caf::actor_system_config config;
  caf::actor_system system{config};
  const auto workers = std::make_shared<worker_pool>(1);
  // A cluster of this node and one that has been away for an hour, or is expected to be there.
  const bool is_home = GENERATE(true, false);
  const auto now = std::chrono::steady_clock::now();
  const auto homes = std::make_shared<newest_links>(is_home ? now - 1h : now);
  const cluster::member self{{7, 1}, "n1", "127.0.0.1:4001"};
  const cluster::member other{{7, 2}, "n2", "127.0.0.1:4002"};
  auto links = std::make_shared<cluster_links>();
  links->list = *cluster::member_list::make(1, {self, other});
  links->self = cluster::place_of(links->list, "d", 2).ranking.back();
  links->is_member = true;
  homes->set(links);
  const version_maker_actor maker = system.spawn<version_maker>(
      std::make_shared<const version_keeper>(bed.keeper()), changes, workers, homes);
  changes->note(noted);
  tell_anonymously(maker, second_passed{});
  if (is_home) {
    for (int i = 0; i < 500 && bed.list().empty(); ++i) std::this_thread::sleep_for(10ms);
    CHECK(bed.list().size() == 1);
  } else {
    std::this_thread::sleep_for(100ms);
    CHECK(bed.list().empty());
    CHECK(changes->take_due() == nullptr);
  }
  caf::anon_send_exit(maker, caf::exit_reason::user_shutdown);
  workers->stop(1s);
}

}  // namespace troupe::version_keeper_test
