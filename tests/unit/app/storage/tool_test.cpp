// `troupe storage` on stores with real Yjs contents: sound, damaged in each way, in use, newer, and
// no stores at all. Damage at every kind of place of the files is in bit_flips_test.cpp.
#include "app/storage/tool.hpp"

#include <sstream>

#include <nlohmann/json.hpp>

#include "storage/version_record.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/stored_documents.hpp"

namespace troupe::storage_tool_test {

using namespace troupe::storage;
using test::append_to;
using test::line_update;
using test::lines_state;
using test::raw_store;
using test::rocksdb_bed;
using test::text_in;
using test::write_checkpoint;

namespace {

namespace fs = std::filesystem;

struct outcome {
  int code = 0;
  std::string out;
  std::string err;
};

outcome run(const storage_request& request) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_storage_command(request, {out, err});
  return {code, out.str(), err.str()};
}

outcome run(storage_action action, const std::string& path, const std::string& to = {}) {
  storage_request request;
  request.action = action;
  request.path = path;
  request.to = to;
  return run(request);
}

nlohmann::json run_json(storage_request request, int code) {
  request.as_json = true;
  const outcome done = run(request);
  INFO(done.err << done.out);
  REQUIRE(done.code == code);
  return nlohmann::json::parse(done.out);
}

storage_request repair_of(const rocksdb_bed& store) {
  storage_request request;
  request.action = storage_action::repair;
  request.path = store.settings.path;
  return request;
}

/// "plan": checkpoints of 3 and 5 lines and a log up to 7; "notes": 2 lines; "gone": removed.
void fill(rocksdb_bed& store) {
  for (sequence number = 1; number <= 7; ++number) {
    REQUIRE(append_to(*store, "plan", number, {line_update(number)}));
    if (number == 3 || number == 5)
      REQUIRE(write_checkpoint(*store, "plan", number, lines_state(number)));
  }
  REQUIRE(append_to(*store, "notes", 1, {line_update(1), line_update(2)}));
  REQUIRE(append_to(*store, "gone", 1, {line_update(1)}));
  REQUIRE(store->remove("gone"));
  store.close();
}

const storage::document_id plan = id_of("plan");

/// The one folder beside the store whose name begins like this.
std::string beside(const rocksdb_bed& store, std::string_view middle) {
  std::string found;
  for (const auto& each : fs::directory_iterator{store.directory.path()}) {
    const std::string name = each.path().filename().string();
    if (name.starts_with("store." + std::string{middle})) {
      CHECK(found.empty());
      found = each.path().string();
    }
  }
  REQUIRE_FALSE(found.empty());
  return found;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

// --- verify and stats ---

TEST_CASE("verify of a sound store says so and changes nothing in it", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  std::map<std::string, std::uintmax_t> before;
  for (const auto& each : fs::directory_iterator{store.settings.path})
    before[each.path().string()] = fs::file_size(each);
  const outcome done = run(storage_action::verify, store.settings.path);
  CHECK(done.code == storage_sound);
  CHECK(done.err.empty());
  CHECK(has(done.out, "documents           2\n"));
  CHECK(has(done.out, "tombstones          1\n"));
  CHECK(has(done.out, "damages             0\n"));
  for (const auto& each : fs::directory_iterator{store.settings.path})
    CHECK(before.at(each.path().string()) == fs::file_size(each));
  storage_request request;
  request.path = store.settings.path;
  const auto json = run_json(request, storage_sound);
  CHECK(json["documents"] == 2);
  CHECK(json["damages"].empty());
}

TEST_CASE("stats tells how many documents there are and which are large", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  storage_request request;
  request.action = storage_action::stats;
  request.path = store.settings.path;
  request.top = 1;
  const auto json = run_json(request, storage_sound);
  CHECK(json["documents"] == 2);
  CHECK(json["removed"] == 1);
  CHECK(json["free_bytes"] > 0);
  CHECK(json["journal_bytes"] > 0);
  REQUIRE(json["largest"].size() == 1);
  CHECK(json["largest"][0]["name"] == "plan");
  CHECK(json["largest"][0]["log_records"] == 2);
  const outcome done = run(storage_action::stats, store.settings.path);
  CHECK(done.code == storage_sound);
  CHECK(has(done.out, "'plan', 2 records behind its checkpoint\n"));
  CHECK(has(done.out, "'notes', 2 records behind its checkpoint\n"));
}

TEST_CASE("verify decodes every checkpoint and every record", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  std::string expected;
  bool loads = false;
  SECTION("a record that is no update") {
    REQUIRE(append_to(*store, "plan", 8, {"no update"}));
    expected = "document 'plan': record 8: not an update: ";
  }
  SECTION("a checkpoint that is no update") {
    REQUIRE(write_checkpoint(*store, "plan", 7, "no update"));
    expected = "document 'plan': its checkpoint: not an update: ";
  }
  SECTION("a checkpoint before the newest that is no update") {
    REQUIRE(write_checkpoint(*store, "plan", 7, "no update"));
    REQUIRE(write_checkpoint(*store, "plan", 7, lines_state(7)));
    expected = "document 'plan': its checkpoint: not an update: ";
    loads = true;
  }
  SECTION("contents that no client can use") {
    const byte_buffer update = test::update_builder{}
                                   .client(9)
                                   .subdocument(test::in_root("m", "k"), "g", test::hex("7e"))
                                   .build();
    REQUIRE(append_to(*store, "plan", 8, {std::string{as_text(update)}}));
    expected = "document 'plan': record 8: contents that Yjs clients cannot use: in 9:0 ";
    loads = true;
  }
  store.close();
  storage_request request;
  request.path = store.settings.path;
  const auto json = run_json(request, storage_damaged);
  REQUIRE(json["damages"].size() == 1);
  CHECK(json["damages"][0]["document"] == "plan");
  CHECK(json["damages"][0]["what"].get<std::string>().starts_with(expected));
  CHECK(json["damages"][0]["loads"] == (loads ? "yes" : "no"));
  const outcome done = run(storage_action::verify, store.settings.path);
  CHECK(has(done.out, expected));
  CHECK(has(done.out, "To save what can be read: troupe storage repair '"));
}

// --- refusals ---

TEST_CASE("each command refuses what is no store, and says what to do", "[storage_tool]") {
  rocksdb_bed store;
  const std::string path = store.settings.path;
  std::string expected;
  SECTION("missing") { expected = "there is no such directory"; }
  SECTION("a file") {
    std::ofstream{path} << "text";
    expected = "it is a file and no directory";
  }
  SECTION("empty") {
    fs::create_directories(path);
    expected = "it is no store: it has no file CURRENT; name the directory of storage.path";
  }
  SECTION("another directory") {
    fs::create_directories(path);
    std::ofstream{path + "/letter.txt"} << "dear";
    expected = "it is no store, but has the file 'letter.txt'; name a directory ";
  }
  SECTION("in use") {
    REQUIRE(append_to(*store, "a", 1, {line_update(1)}));
    expected = "it is in use; stop the process that uses it";
  }
  SECTION("of a newer format") {
    REQUIRE(append_to(*store, "a", 1, {line_update(1)}));
    store.close();
    raw_store{store.settings}.put(family::meta, std::string{marker_key},
                                  encode_marker({store_format + 1, 1}));
    expected = "; run the version of the server that wrote it";
  }
  const std::string to = store.directory.text() + "/copy";
  for (const storage_action action :
       {storage_action::verify, storage_action::repair, storage_action::backup,
        storage_action::restore, storage_action::stats}) {
    CAPTURE(static_cast<int>(action));
    const outcome done = run(action, path, to);
    CHECK(done.code == storage_refused);
    CHECK(done.out.empty());
    CHECK(done.err.starts_with("'" + path + "': "));
    CHECK(has(done.err, expected));
    CHECK_FALSE(fs::exists(to));
  }
}

TEST_CASE("a damaged store is refused with the commands that help", "[storage_tool]") {
  CHECK(storage_advice(errc::store_in_use, "/data").empty());
  CHECK(storage_advice(errc::corrupt_store, "/da\nta") ==
        "; `troupe storage verify '/da\\x0ata'` says what is damaged, `troupe storage repair "
        "'/da\\x0ata'` saves what can be read, `troupe storage restore BACKUP DIRECTORY` puts a "
        "backup in place");
}

// --- repair ---

TEST_CASE("repair leaves a sound store alone", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  const outcome done = run(repair_of(store));
  CHECK(done.code == storage_sound);
  CHECK(has(done.out, "Nothing is damaged, so nothing was changed.\n"));
  CHECK(std::distance(fs::directory_iterator{store.directory.path()}, {}) == 1);
}

TEST_CASE("repair puts a document together from what can be read of it", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  std::string text = "1;2;3;4;5;6;7;";
  std::vector<std::string> lost;
  {
    raw_store raw{store.settings};
    SECTION("the newest checkpoint") { raw.flip_bit(family::checkpoints, chunk_key(plan, 2, 0)); }
    SECTION("the checkpoint before it") { raw.remove(family::checkpoints, chunk_key(plan, 1, 0)); }
    SECTION("the meta entry") { raw.flip_bit(family::meta, meta_key("plan")); }
    SECTION("the meta entry is missing") { raw.remove(family::meta, meta_key("plan")); }
    SECTION("the last record") {
      raw.flip_bit(family::log, log_key(plan, 7));
      text = "1;2;3;4;5;6;";
      lost = {"record 7"};
    }
    SECTION("a record on the way") {
      raw.flip_bit(family::log, log_key(plan, 6));
      text = "1;2;3;4;5;";
      lost = {"record 6",
              "parts wait for lost updates; clients that have these bring them when they connect"};
    }
    SECTION("both checkpoints") {
      raw.flip_bit(family::checkpoints, chunk_key(plan, 1, 0));
      raw.flip_bit(family::checkpoints, chunk_key(plan, 2, 0));
      text = "";
      lost = {"records 1 to 3",
              "parts wait for lost updates; clients that have these bring them when they connect"};
    }
  }
  storage_request dry = repair_of(store);
  dry.dry_run = true;
  const auto planned = run_json(dry, storage_damaged);
  CHECK(std::distance(fs::directory_iterator{store.directory.path()}, {}) == 1);
  const auto done = run_json(repair_of(store), storage_damaged);
  CHECK(done["broken_documents"] == planned["broken_documents"]);
  REQUIRE(done["broken_documents"].size() == 1);
  const auto& row = done["broken_documents"][0];
  CHECK(row["document"] == "plan");
  CHECK(row["lost"] == lost);
  CHECK(row["outcome"] == (lost.empty() ? "rebuilt, nothing lost" : "rebuilt, parts lost"));
  CHECK(done["old_store"] == beside(store, "before-repair"));
  CHECK(done["new_store"] == store.settings.path);

  CHECK(text_in(store, "plan") == text);
  CHECK(text_in(store, "notes") == "1;2;");
  CHECK(store->load("gone").error().code == errc::document_removed);
  CHECK(store->info("plan")->value().last == 7);
  // It goes on where it was, and a client brings back what was lost.
  std::vector<std::string> all;
  for (std::uint64_t number = 1; number <= 8; ++number) all.push_back(line_update(number));
  REQUIRE(append_to(*store, "plan", 8, all));
  CHECK(text_in(store, "plan") == "1;2;3;4;5;6;7;8;");
  store.close();
  CHECK(run(storage_action::verify, store.settings.path).code == storage_sound);
  CHECK(run(storage_action::verify, beside(store, "before-repair")).code == storage_damaged);
}

TEST_CASE("repair writes the bytes of a broken document as they are, with an index",
          "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  std::string damaged;
  {
    raw_store raw{store.settings};
    raw.flip_bit(family::log, log_key(plan, 6));
    damaged = raw.value_of(family::log, log_key(plan, 6));
  }
  storage_request request = repair_of(store);
  request.raw = store.directory.text() + "/raw";
  CHECK(run(request).code == storage_damaged);
  const fs::path folder = fs::path{request.raw} / to_string(plan);
  const auto contents = [&](const std::string& name) {
    std::ifstream in{folder / name, std::ios::binary};
    return std::string{std::istreambuf_iterator<char>{in}, {}};
  };
  const std::string index = contents("index.txt");
  CHECK(index.starts_with("document 'plan'\nid " + to_string(plan) + "\n\nwhat is wrong\n"));
  CHECK(has(index, "-record-6.value, "));
  CHECK(has(index, ", record 6: its checksum is "));
  bool is_found = false;
  for (const auto& each : fs::directory_iterator{folder}) {
    const std::string name = each.path().filename().string();
    if (!name.ends_with("-record-6.value")) continue;
    CHECK(contents(name) == damaged);
    is_found = true;
  }
  CHECK(is_found);
  CHECK(contents("record-7.update") == line_update(7));
  CHECK(contents("checkpoint-2.update") == lines_state(5));
  CHECK_FALSE(fs::exists(folder / "record-6.update"));
}

TEST_CASE("repair --drop removes what cannot be read whole, and says so", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  raw_store{store.settings}.flip_bit(family::log, log_key(plan, 6));
  storage_request request = repair_of(store);
  request.drop = true;
  const outcome done = run(request);
  CHECK(done.code == storage_damaged);
  CHECK(has(done.out, "document 'plan': removed\n"));
  CHECK(has(done.out, "  lost: all of it, as --drop asks\n"));
  CHECK(store->load("plan").error().code == errc::document_removed);
  CHECK(text_in(store, "notes") == "1;2;");
}

TEST_CASE("a document of which nothing can be read is removed, never empty", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  {
    raw_store raw{store.settings};
    for (const sequence number : {1, 2}) raw.flip_bit(family::log, log_key(id_of("notes"), number));
  }
  const auto done = run_json(repair_of(store), storage_damaged);
  CHECK(done["broken_documents"][0]["outcome"] == "removed");
  CHECK(done["broken_documents"][0]["lost"].back() == "nothing of it can be read");
  CHECK(store->load("notes").error().code == errc::document_removed);
}

TEST_CASE("a document that has lost its name gets it back from the operator", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  {
    raw_store raw{store.settings};
    raw.remove(family::meta, meta_key("plan"));
    raw.remove(family::meta, name_key(plan));
  }
  storage_request request = repair_of(store);
  request.dry_run = true;
  const outcome without = run(request);
  CHECK(has(without.out, "document id " + to_string(plan) + ": kept without its name\n"));
  CHECK(has(without.out, "--name gives it back"));
  request.dry_run = false;
  // Without it, the data stays where the name would find it.
  CHECK(run(request).code == storage_damaged);
  CHECK(store->load("plan").error().code == errc::corrupt_document);
  CHECK(text_in(store, "notes") == "1;2;");
  store.close();
  request.names = {"another", "plan"};
  CHECK(run(request).code == storage_damaged);
  CHECK(text_in(store, "plan") == "1;2;3;4;5;6;7;");
  CHECK(text_in(store, "another").empty());
}

TEST_CASE("versions go over in a repair if they are whole, and help where nothing else does",
          "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  const std::string four = lines_state(4);
  const std::string three = lines_state(3);
  REQUIRE(store->add_version("plan", {"three", false, 3, as_bytes(three)}));
  REQUIRE(store->add_version("plan", {"four", false, 4, as_bytes(four)}));
  REQUIRE(store->add_version("notes", {"damaged", false, 2, as_bytes(three)}));
  store.close();
  CHECK(run(storage_action::verify, store.settings.path).code == storage_sound);
  {
    raw_store raw{store.settings};
    raw.flip_bit(family::versions, version_key(id_of("notes"), 1, 1));
    raw.flip_bit(family::checkpoints, chunk_key(plan, 1, 0));
    raw.flip_bit(family::checkpoints, chunk_key(plan, 2, 0));
    raw.flip_bit(family::log, log_key(plan, 4));
  }
  CHECK(run(storage_action::verify, store.settings.path).code == storage_damaged);
  const auto done = run_json(repair_of(store), storage_damaged);
  REQUIRE(done["broken_documents"].size() == 1);
  CHECK(done["broken_documents"][0]["outcome"] == "rebuilt, nothing lost");
  REQUIRE(done["unreadable"].size() == 1);
  CHECK(
      done["unreadable"][0].get<std::string>().starts_with("version 1 of the document with the "));
  CHECK(text_in(store, "plan") == "1;2;3;4;5;6;7;");
  CHECK(store->list_versions({.document = "plan"})->versions.size() == 2);
  CHECK(store->list_versions({.document = "notes"})->versions.empty());
  CHECK(store->add_version("notes", {"new", false, 2, as_bytes(three)})->number == 2);
}

TEST_CASE("repair writes contents that no client can use so that they can", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  const byte_buffer update = test::update_builder{}
                                 .client(9)
                                 .subdocument(test::in_root("m", "k"), "g", test::hex("7e"))
                                 .build();
  REQUIRE(append_to(*store, "plan", 8, {std::string{as_text(update)}}));
  store.close();
  const auto done = run_json(repair_of(store), storage_damaged);
  CHECK(done["broken_documents"][0]["outcome"] == "rebuilt, nothing lost");
  CHECK(text_in(store, "plan") == "1;2;3;4;5;6;7;");
  store.close();
  CHECK(run(storage_action::verify, store.settings.path).code == storage_sound);
}

TEST_CASE("repair of a journal that is damaged says what is behind, and takes it if asked",
          "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  store.open();  // begins a new journal
  fs::path journal;
  for (const auto& each : fs::directory_iterator{store.settings.path})
    if (each.path().extension() == ".log") journal = std::max(journal, each.path());
  REQUIRE(append_to(*store, "plan", 8, {line_update(8)}));
  const std::uint64_t place = fs::file_size(journal) + 20;
  REQUIRE(append_to(*store, "plan", 9, {line_update(9)}));
  // A journal loses a whole block of 32 KiB with a damaged record in it.
  for (sequence number = 3; number <= 42; ++number)
    REQUIRE(append_to(*store, "notes", number, {line_update(number)}));
  REQUIRE(append_to(*store, "large", 1, {line_update(1, 40'000)}));
  REQUIRE(append_to(*store, "plan", 10, {line_update(10)}));
  store.close();
  test::flip_bit_of_file(journal, place);
  const auto refused = store.try_open();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::corrupt_store);

  storage_request request = repair_of(store);
  const std::string to = store.directory.text() + "/up-to-damage";
  request.to = to;
  const auto cut = run_json(request, storage_damaged);
  CHECK(cut["problems"][0].get<std::string>().find("it is read up to the damage") !=
        std::string::npos);
  REQUIRE_FALSE(cut["behind_damage"].empty());
  bool has_plan = false;
  for (const auto& each : cut["behind_damage"])
    has_plan = has_plan || (each["document"] == "plan" && each["kept"] == 8 && each["last"] == 10);
  CHECK(has_plan);
  rocksdb_bed copy;
  copy.settings.path = to;
  CHECK(text_in(copy, "plan") == "1;2;3;4;5;6;7;8;");
  copy.close();

  request = repair_of(store);
  request.past_damage = true;
  const auto whole = run_json(request, storage_damaged);
  CHECK(whole["behind_damage"].empty());
  bool says_what_is_lost = false;
  for (const auto& each : whole["broken_documents"])
    for (const auto& line : each["lost"])
      says_what_is_lost = says_what_is_lost || (each["document"] == "plan" && line == "record 9");
  CHECK(says_what_is_lost);
  CHECK(text_in(store, "plan") == "1;2;3;4;5;6;7;8;");
  REQUIRE(append_to(*store, "plan", next_number, {line_update(9)}));
  CHECK(text_in(store, "plan") == "1;2;3;4;5;6;7;8;9;10;");
}

TEST_CASE("repair helps where files of a store are missing", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  raw_store{store.settings}.flush();
  std::string problem;
  const auto remove_all = [&](std::string_view beginning, std::string_view ending) {
    int count = 0;
    for (const auto& each : fs::directory_iterator{store.settings.path}) {
      const std::string name = each.path().filename().string();
      if (name.starts_with(beginning) && name.ends_with(ending)) count += fs::remove(each) ? 1 : 0;
    }
    REQUIRE(count > 0);
  };
  SECTION("CURRENT") {
    remove_all("CURRENT", "");
    problem = "the list of its tables cannot be read";
  }
  SECTION("the list of tables") {
    remove_all("MANIFEST", "");
    problem = "the list of its tables cannot be read";
  }
  SECTION("the journal") {
    remove_all("", ".log");
    problem = "its journal, the file that ends with .log, is missing";
  }
  const auto done = run_json(repair_of(store), storage_damaged);
  CHECK(done["problems"][0].get<std::string>().starts_with(problem));
  CHECK(text_in(store, "plan") == "1;2;3;4;5;6;7;");
  CHECK(text_in(store, "notes") == "1;2;");
  CHECK(store->load("gone").error().code == errc::document_removed);
}

// --- backup and restore ---

TEST_CASE("a backup is a store of its own, and restore puts it where none is", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  const std::string copy = store.directory.text() + "/backups/today";
  fs::create_directories(store.directory.text() + "/backups");
  const outcome made = run(storage_action::backup, store.settings.path, copy + "/");
  CHECK(made.err.empty());
  CHECK(made.code == storage_sound);
  CHECK(has(made.out, "The backup is complete, and all of it can be read.\n"));
  CHECK(has(run(storage_action::backup, store.settings.path, copy).err,
            "there is a store already, which is never overwritten"));
  CHECK(has(run(storage_action::restore, copy, store.settings.path).err,
            "there is a store already, which is never overwritten"));
  fs::remove_all(store.settings.path);
  fs::create_directories(store.settings.path);  // an empty one may be there
  const outcome restored = run(storage_action::restore, copy, store.settings.path);
  CHECK(restored.err.empty());
  CHECK(restored.code == storage_sound);
  CHECK(text_in(store, "plan") == "1;2;3;4;5;6;7;");
  REQUIRE(append_to(*store, "plan", 8, {line_update(8)}));
  CHECK(run(storage_action::verify, copy).code == storage_sound);
}

TEST_CASE("restore does not put a damaged backup in place", "[storage_tool]") {
  rocksdb_bed store;
  fill(store);
  raw_store{store.settings}.flip_bit(family::log, log_key(plan, 6));
  const std::string copy = store.directory.text() + "/copy";
  const outcome made = run(storage_action::backup, store.settings.path, copy);
  CHECK(made.code == storage_damaged);
  CHECK(has(made.out, "The backup is complete, and as damaged as the store.\n"));
  const std::string place = store.directory.text() + "/place";
  const outcome refused = run(storage_action::restore, copy, place);
  CHECK(refused.code == storage_damaged);
  CHECK(has(refused.out, "document 'plan': record 6: its checksum is "));
  CHECK(has(refused.out, "It is damaged, so nothing was restored."));
  CHECK_FALSE(fs::exists(place));
  CHECK(std::distance(fs::directory_iterator{store.directory.path()}, {}) == 2);
  CHECK(has(run(storage_action::restore, copy, store.directory.text()).err, "is not empty"));
}

}  // namespace troupe::storage_tool_test
