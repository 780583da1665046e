// A bit changes anywhere in the files of a stopped store: it is harmless, or the store is refused
// with a cause, or a document is named; contents are never wrong and nothing vanishes silently.
// Then `troupe storage repair` makes a sound store of it, and whatever is lost is in its table.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "app/storage/tool.hpp"
#include "tests/support/stored_documents.hpp"

namespace troupe::bit_flips_test {

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

constexpr std::size_t width = 90;

/// Six documents, in tables and, behind these, in the journal; and what each holds.
std::map<std::string, std::string> fill(rocksdb_bed& store) {
  std::map<std::string, std::string> texts;
  const auto append = [&](const std::string& name, sequence number) {
    REQUIRE(append_to(*store, name, number, {line_update(number, width)}));
  };
  for (int i = 0; i < 6; ++i) {
    const std::string name = "document " + std::to_string(i);
    for (sequence number = 1; number <= 14; ++number) {
      append(name, number);
      if (i % 2 == 0 && number % 5 == 0)
        REQUIRE(write_checkpoint(*store, name, number, lines_state(number, width)));
    }
  }
  REQUIRE(append_to(*store, "gone", 1, {line_update(1, width)}));
  REQUIRE(store->remove("gone"));
  store.close();
  raw_store{store.settings}.flush();
  for (sequence number = 15; number <= 18; ++number)
    for (int i = 0; i < 6; ++i) append("document " + std::to_string(i), number);
  REQUIRE(write_checkpoint(*store, "document 3", 18, lines_state(18, width)));
  for (int i = 0; i < 6; ++i) {
    const std::string name = "document " + std::to_string(i);
    texts[name] = text_in(store, name);
    CHECK(texts[name].size() == 18 * width);
  }
  store.close();
  return texts;
}

/// A place in a file of the store.
struct place {
  std::string file;
  std::uint64_t at = 0;
  int bit = 0;
};

/// Every so many bits of all files that RocksDB reads, or all if TROUPE_FAULTS is "all"; the ends
/// of the files, where lengths and footers are, more densely. Not the highest bits of tables: a
/// table can be damaged so that an assertion in Debian's RocksDB 7.8 ends the process.
std::vector<place> places_in(const std::string& directory) {
  const char* const wanted = std::getenv("TROUPE_FAULTS");
  const bool is_all = wanted != nullptr && std::string_view{wanted} == "all";
  std::vector<place> places;
  std::uint64_t next = 0;
  for (const auto& each : fs::directory_iterator{directory}) {
    const std::string name = each.path().filename().string();
    const std::uint64_t size = fs::file_size(each);
    if (size == 0 || name == "LOCK" || name.starts_with("OPTIONS")) continue;
    const std::uint64_t bits = name.ends_with(".sst") ? 7 : 8;
    for (std::uint64_t at = 0; at < size; ++at) {
      const bool is_end = size - at < 256;
      const std::uint64_t stride = is_all ? (is_end ? 7 : 41) : (is_end ? 151 : 1009);
      if (++next % stride == 0) places.push_back({name, at, static_cast<int>(next % bits)});
    }
  }
  return places;
}

struct counts {
  int positions = 0;
  int harmless = 0;
  int refused = 0;
  int named = 0;
  int repaired_whole = 0;
  int repaired_in_part = 0;
  int without_need = 0;
};

struct flip {
  explicit flip(const rocksdb_bed& original) {
    fs::copy(original.settings.path, store.settings.path);
  }

  nlohmann::json run(storage_action action, int& code) const {
    storage_request request;
    request.action = action;
    request.path = store.settings.path;
    request.as_json = true;
    std::ostringstream out;
    std::ostringstream err;
    code = run_storage_command(request, {out, err});
    error = err.str();
    return out.str().empty() ? nlohmann::json{} : nlohmann::json::parse(out.str());
  }

  rocksdb_bed store;
  mutable std::string error;
};

/// What a server would see.
void look(flip& of, const std::map<std::string, std::string>& texts, counts& to) {
  int code = 0;
  const auto verified = of.run(storage_action::verify, code);
  const bool is_found = code != storage_sound;
  const auto opened = of.store.try_open();
  if (!opened) {
    ++to.refused;
    CHECK(opened.error().detail.size() > of.store.settings.path.size() + 10);
    CHECK((opened.error().code == errc::corrupt_store ||
           opened.error().code == errc::newer_format ||
           opened.error().code == errc::storage_failed));
    CHECK(is_found);
    return;
  }
  bool is_harmless = true;
  for (const auto& [name, text] : texts) {
    CAPTURE(name);
    const auto loaded = of.store->load(name);
    if (loaded) {
      CHECK(text_in(*loaded) == text);
      is_harmless = is_harmless && loaded->damage.empty();
      continue;
    }
    is_harmless = false;
    CHECK(loaded.error().detail.starts_with("document '" + name + "': "));
  }
  const auto gone = of.store->load("gone");
  CHECK_FALSE(gone.has_value());
  if (!gone && gone.error().code != errc::document_removed) {
    is_harmless = false;
    CHECK(gone.error().detail.starts_with("document 'gone': "));
  }
  ++(is_harmless ? to.harmless : to.named);
  if (!is_harmless) CHECK(is_found);
  of.store.close();
}

/// What a repair makes of it: a sound store, in which a document is whole or in the table.
void repair(flip& of, const std::map<std::string, std::string>& texts, counts& to) {
  int code = 0;
  const auto report = of.run(storage_action::repair, code);
  INFO(of.error << report.dump(1));
  REQUIRE(code != storage_refused);
  if (code == storage_sound) ++to.without_need;
  std::map<std::string, bool> may_lack;
  bool has_nameless = false;
  for (const auto& each : report["broken_documents"]) {
    may_lack[each["document"]] = !each["lost"].empty();
    const bool is_nameless = each["document"] == "";
    may_lack[each["id"]] = is_nameless;
    has_nameless = has_nameless || is_nameless;
  }
  for (const auto& each : report["behind_damage"]) may_lack[each["document"]] = true;
  // The library shows nothing of the block with the damage, so whose the rest of it is, is not
  // known.
  const bool is_cut = std::ranges::any_of(report["problems"], [](const auto& each) {
    return each.template get<std::string>().starts_with("its journal is damaged (");
  });
  bool is_whole = true;
  for (const auto& [name, text] : texts) {
    CAPTURE(name);
    const auto loaded = of.store->load(name);
    const std::string found = loaded ? text_in(*loaded) : std::string{};
    if (found == text) continue;
    is_whole = false;
    const bool is_nameless = may_lack[to_string(id_of(name))];
    CHECK((may_lack[name] || is_nameless || is_cut));
    if (is_nameless) REQUIRE_FALSE(loaded.has_value());
    if (!loaded)
      CHECK(loaded.error().code == (is_nameless ? errc::corrupt_document : errc::document_removed));
    CHECK(text.starts_with(found));
  }
  of.store.close();
  ++(is_whole ? to.repaired_whole : to.repaired_in_part);
  (void)of.run(storage_action::verify, code);
  CHECK(code == (has_nameless ? storage_damaged : storage_sound));
}

}  // namespace

TEST_CASE("a bit that changes anywhere in a store is harmless, or found, named and repaired",
          "[storage_tool][faults][flips]") {
  rocksdb_bed original;
  const auto texts = fill(original);
  std::map<std::string, counts> by_kind;
  for (const place& where : places_in(original.settings.path)) {
    CAPTURE(where.file, where.at, where.bit);
    const std::string kind = where.file.ends_with(".sst")          ? "tables"
                             : where.file.ends_with(".log")        ? "journal"
                             : where.file.starts_with("MANIFEST-") ? "list of tables"
                                                                   : "other files";
    counts& to = by_kind[kind];
    ++to.positions;
    {
      flip seen{original};
      test::flip_bit_of_file(seen.store.settings.path + "/" + where.file, where.at, where.bit);
      look(seen, texts, to);
    }
    flip mended{original};
    test::flip_bit_of_file(mended.store.settings.path + "/" + where.file, where.at, where.bit);
    repair(mended, texts, to);
  }
  for (const auto& [kind, to] : by_kind)
    std::cout << "bit flips, " << kind << ": " << to.positions << " positions, " << to.harmless
              << " harmless, " << to.refused << " refused with a cause, " << to.named
              << " with a named document, 0 wrong, 0 silent; repaired: " << to.repaired_whole
              << " whole, " << to.repaired_in_part << " in part with the loss named, "
              << to.without_need << " without need\n";
}

}  // namespace troupe::bit_flips_test
