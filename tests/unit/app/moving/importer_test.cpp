// `troupe import` and `troupe export` on folders of updates, and the importer on sources that tell
// of damage. The stores of other servers are in tests/interop/moving.test.mjs, made by the real
// packages.
#include "app/moving/importer.hpp"

#include <deque>
#include <sstream>

#include "app/moving/file_name.hpp"
#include "app/moving/tool.hpp"
#include "protocol/crdt/wire/update_tools.hpp"
#include "tests/support/stored_documents.hpp"

namespace troupe::importer_test {

using namespace troupe::storage;
using moving::found_document;
using moving::import_documents;
using moving::import_report;
using test::append_to;
using test::line_update;
using test::lines_state;
using test::rocksdb_bed;
using test::temporary_directory;
using test::text_in;

namespace {

namespace fs = std::filesystem;

/// A source in memory.
class listed_source final : public moving::document_source {
 public:
  explicit listed_source(std::deque<found_document> documents) : left_(std::move(documents)) {}
  result<bool> next(found_document& into) override {
    if (left_.empty()) return false;
    into = std::move(left_.front());
    left_.pop_front();
    return true;
  }

 private:
  std::deque<found_document> left_;
};

found_document lines(const std::string& name, std::uint64_t first, std::uint64_t last) {
  found_document found;
  found.name = name;
  for (std::uint64_t number = first; number <= last; ++number)
    found.updates.push_back(line_update(number));
  return found;
}

import_report take(backend* into, std::deque<found_document> documents,
                   moving::import_settings settings = {}) {
  listed_source source{std::move(documents)};
  const auto report = import_documents(source, into, settings);
  INFO((report ? "" : to_string(report.error())));
  REQUIRE(report.has_value());
  return *report;
}

struct outcome {
  int code = 0;
  std::string out;
  std::string err;
};

outcome import_folder(const fs::path& from, const std::string& store, bool dry_run = false) {
  import_request request;
  request.from = from.string();
  request.store = store;
  request.dry_run = dry_run;
  std::ostringstream out, err;
  const int code = run_import_command(request, {out, err});
  return {code, out.str(), err.str()};
}

outcome export_to(const std::string& store, const fs::path& folder,
                  moving::existing_file rule = moving::existing_file::refuse) {
  std::ostringstream out, err;
  const int code = run_export_command({store, folder.string(), rule, false}, {out, err});
  return {code, out.str(), err.str()};
}

std::string bytes_of_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE("an import stores the state of each document", "[moving]") {
  rocksdb_bed store;
  const import_report report =
      take(&*store, {lines("a", 1, 3), lines("b", 1, 1), lines("empty", 1, 0)});
  CHECK(report.imported == 2);
  CHECK(report.documents == 3);
  CHECK(text_in(store, "a") == "1;2;3;");
  CHECK(text_in(store, "b") == "1;");
  // A document without any update is one of which nothing could be read.
  CHECK(report.problems_in_total == 1);
}

TEST_CASE("more documents than a batch has are all stored", "[moving]") {
  rocksdb_bed store;
  std::deque<found_document> many;
  for (int i = 0; i < 600; ++i) many.push_back(lines("d" + std::to_string(i), 1, 2));
  CHECK(take(&*store, many).imported == 600);
  CHECK(text_in(store, "d599") == "1;2;");
  CHECK(take(&*store, many).unchanged == 600);
}

TEST_CASE("an import that is begun again stores only what is lacking", "[moving]") {
  memory_backend store;
  CHECK(take(&store, {lines("a", 1, 2)}).imported == 1);
  const import_report again = take(&store, {lines("a", 1, 2), lines("b", 1, 1)});
  CHECK(again.unchanged == 1);
  CHECK(again.imported == 1);
  CHECK(store.load("a")->updates.size() == 1);

  const import_report more = take(&store, {lines("a", 1, 4)});
  CHECK(more.merged == 1);
  CHECK(text_in(*store.load("a")) == "1;2;3;4;");
  // One that has less than the store takes nothing away.
  CHECK(take(&store, {lines("a", 1, 1)}).unchanged == 1);
  CHECK(text_in(*store.load("a")) == "1;2;3;4;");
}

TEST_CASE("a document twice in a batch is merged", "[moving]") {
  memory_backend store;
  const import_report report = take(&store, {lines("a", 1, 1), lines("a", 1, 3)});
  CHECK(report.imported == 1);
  CHECK(report.merged == 1);
  CHECK(text_in(*store.load("a")) == "1;2;3;");
}

TEST_CASE("other contents in the store are refused where asked", "[moving]") {
  memory_backend store;
  REQUIRE(append_to(store, "a", 1, {line_update(1)}));
  const moving::import_settings refusing{moving::existing_document::refuse, false, {}};
  const import_report report = take(&store, {lines("a", 1, 2)}, refusing);
  CHECK(report.merged == 0);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].document == "a");
  CHECK(text_in(*store.load("a")) == "1;");
  CHECK(take(&store, {lines("a", 1, 1)}, refusing).unchanged == 1);
}

TEST_CASE("what cannot be read is told, and the rest is taken", "[moving]") {
  memory_backend store;
  found_document damaged = lines("damaged", 1, 2);
  damaged.updates.push_back("\x07no update");
  damaged.problems.emplace_back("updates 3 to 4 are missing");
  found_document lost;
  lost.name = "lost";
  lost.updates.emplace_back("\xff");
  found_document nameless;
  nameless.problems.emplace_back("parts of the store cannot be read");
  found_document gap = lines("gap", 2, 2);
  found_document control = lines("a\nb", 1, 1);
  const import_report report = take(&store, {damaged, lost, nameless, gap, control});
  CHECK(report.documents == 4);
  CHECK(report.imported == 2);
  CHECK(text_in(*store.load("damaged")) == "1;2;");
  CHECK(store.load("gap")->updates.size() == 1);
  CHECK(store.load("lost")->updates.empty());
  // damaged: two; lost: its update, and that nothing is left; nameless; the name.
  CHECK(report.problems_in_total == 6);
}

TEST_CASE("a document with parts that wait is taken as it is, and told", "[moving]") {
  const temporary_directory folder;
  folder.make_directory("in");
  folder.write("in/gap.bin", line_update(2));
  folder.write("in/whole.bin", lines_state(2));
  rocksdb_bed store;
  for (int run = 0; run < 2; ++run) {
    const outcome done = import_folder(folder.path() / "in", store.settings.path);
    INFO(done.out << done.err);
    CHECK(done.code == moving_complete);
    CHECK(done.out.find("'gap': parts wait") != std::string::npos);
    CHECK(done.out.find("'whole'") == std::string::npos);
  }
  // What it waited for comes later.
  folder.write("in/gap.bin", line_update(1));
  CHECK(import_folder(folder.path() / "in", store.settings.path).code == moving_complete);
  CHECK(text_in(store, "gap") == "1;2;");
}

TEST_CASE("a removed document stays removed", "[moving]") {
  memory_backend store;
  REQUIRE(append_to(store, "a", 1, {line_update(1)}));
  REQUIRE(store.remove("a").has_value());
  const import_report report = take(&store, {lines("a", 1, 1)});
  CHECK(report.imported == 0);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].what.find("document_removed") != std::string::npos);
}

TEST_CASE("a dry run writes nothing", "[moving]") {
  const temporary_directory folder;
  folder.make_directory("in");
  folder.write("in/a.bin", lines_state(3));
  const std::string store = (folder.path() / "store").string();
  const outcome dry = import_folder(folder.path() / "in", store, true);
  INFO(dry.err);
  CHECK(dry.code == moving_complete);
  CHECK(dry.out.find("dry run") != std::string::npos);
  CHECK(!fs::exists(store));
  REQUIRE(import_folder(folder.path() / "in", store).code == moving_complete);
  folder.write("in/b.bin", lines_state(1));
  const std::string current = bytes_of_file(fs::path{store} / "CURRENT");
  CHECK(import_folder(folder.path() / "in", store, true).code == moving_complete);
  CHECK(bytes_of_file(fs::path{store} / "CURRENT") == current);
  rocksdb_settings settings;
  settings.path = store;
  CHECK((*rocksdb_backend::open(settings))->load("b")->updates.empty());
}

TEST_CASE("files of all formats are imported, and others are named", "[moving]") {
  const temporary_directory folder;
  folder.make_directory("in/wiki");
  const std::string state = lines_state(3);
  folder.write("in/wiki/page.bin", state);
  const byte_buffer v2 =
      crdt::convert_update(as_bytes(state), crdt::update_format::v1, crdt::update_format::v2)
          .value();
  folder.write("in/v2.bin", as_text(v2));
  std::string stream;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const std::string update = line_update(number);
    stream.push_back(static_cast<char>(update.size()));
    stream += update;
  }
  folder.write("in/stream.bin", stream);
  folder.write("in/notes.txt", "no update");
  folder.write("in/empty.bin", "");
  rocksdb_bed store;
  const outcome done = import_folder(folder.path() / "in", store.settings.path);
  INFO(done.out << done.err);
  CHECK(done.code == moving_partial);
  CHECK(done.out.find("notes.txt") != std::string::npos);
  CHECK(done.out.find("'empty'") != std::string::npos);
  for (const char* const name : {"wiki/page", "v2", "stream"})
    CHECK(text_in(store, name) == "1;2;3;");
}

TEST_CASE("a dump of objects has the names of documents as they are", "[moving]") {
  const temporary_directory folder;
  folder.make_directory("in/wiki");
  folder.write("in/wiki/100%25.bin", lines_state(2));
  folder.write("in/part.bin.1234", lines_state(1));
  rocksdb_bed store;
  import_request request;
  request.kind = import_kind::hocuspocus_s3_dump;
  request.from = (folder.path() / "in").string();
  request.store = store.settings.path;
  std::ostringstream out, err;
  CHECK(run_import_command(request, {out, err}) == moving_partial);
  CHECK(out.str().find("part.bin.1234") != std::string::npos);
  CHECK(text_in(store, "wiki/100%25") == "1;2;");
}

TEST_CASE("an export can be imported again", "[moving]") {
  const temporary_directory folder;
  const std::vector<std::string> names{"plain", "wiki/page 1", std::string(500, '/'), "..",
                                       "\xc3\xa4"};
  rocksdb_bed store;
  for (std::size_t i = 0; i < names.size(); ++i)
    REQUIRE(append_to(*store, names[i], 1, {lines_state(i + 1)}));
  store.close();
  const fs::path out = folder.path() / "out";
  REQUIRE(export_to(store.settings.path, out).code == moving_complete);
  CHECK(export_to(store.settings.path, out).out.find("5\n") != std::string::npos);
  rocksdb_bed other;
  const outcome in = import_folder(out, other.settings.path);
  INFO(in.out << in.err);
  REQUIRE(in.code == moving_complete);
  for (std::size_t i = 0; i < names.size(); ++i) {
    CHECK(text_in(other, names[i]) == text_in(store, names[i]));
    CHECK(bytes_of_file(out / moving::path_of_name(names[i])) == lines_state(i + 1));
  }
}

TEST_CASE("an export does not overwrite other contents unless asked", "[moving]") {
  const temporary_directory folder;
  folder.write("a.bin", "something else");
  rocksdb_bed store;
  REQUIRE(append_to(*store, "a", 1, {line_update(1)}));
  store.close();
  CHECK(export_to(store.settings.path, folder.path()).code == moving_partial);
  CHECK(bytes_of_file(folder.path() / "a.bin") == "something else");
  CHECK(export_to(store.settings.path, folder.path(), moving::existing_file::replace).code ==
        moving_complete);
  CHECK(bytes_of_file(folder.path() / "a.bin") == lines_state(1));
}

TEST_CASE("a source or a store that is not there is refused", "[moving]") {
  const temporary_directory folder;
  const std::string nowhere = (folder.path() / "nowhere").string();
  for (const import_kind kind :
       {import_kind::y_leveldb, import_kind::hocuspocus_sqlite, import_kind::hocuspocus_s3_dump,
        import_kind::y_sweet, import_kind::updates}) {
    import_request request;
    request.kind = kind;
    request.from = nowhere;
    request.store = (folder.path() / "store").string();
    std::ostringstream out, err;
    CHECK(run_import_command(request, {out, err}) == moving_failed);
    CHECK(err.str().find("nowhere") != std::string::npos);
    CHECK(!fs::exists(request.store));
  }
  CHECK(export_to(nowhere, folder.path()).code == moving_failed);
}

}  // namespace troupe::importer_test
