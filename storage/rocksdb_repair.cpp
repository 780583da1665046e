#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>

#include "base/crc32c.hpp"
#include "base/printable.hpp"
#include "storage/announcement_record.hpp"
#include "storage/repair.hpp"
#include "storage/rocksdb_damaged.hpp"
#include "storage/rocksdb_salvage.hpp"
#include "storage/rocksdb_scan.hpp"
#include "storage/rocksdb_state.hpp"
#include "storage/rocksdb_text.hpp"
#include "storage/rocksdb_versions.hpp"

namespace troupe::storage {
namespace {

using key_values = std::vector<std::pair<std::string, std::string>>;

std::unique_ptr<rocksdb::Iterator> iterate_all(const rocksdb_store& store, family which) {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  options.total_order_seek = true;
  return std::unique_ptr<rocksdb::Iterator>{store.db().NewIterator(options, store.handle(which))};
}

/// Collects writes for a new store; what is in memory goes to tables at the end, so there is no
/// journal on the way.
class new_store {
 public:
  static result<std::unique_ptr<new_store>> make(const rocksdb_settings& like,
                                                 const std::string& directory) {
    rocksdb_settings settings = like;
    settings.path = directory;
    TROUPE_ASSIGN(auto store, rocksdb_backend::state{std::move(settings)}.open_store());
    return std::make_unique<new_store>(std::move(store));
  }

  explicit new_store(std::unique_ptr<rocksdb_store> store) : store_(std::move(store)) {}

  result<void> put(family in, std::string_view key, std::string_view value) {
    constexpr std::size_t batch_size_bytes = 4 * 1024 * 1024;
    batch_
        .Put(store_->handle(in), rocksdb::Slice{key.data(), key.size()},
             rocksdb::Slice{value.data(), value.size()})
        .PermitUncheckedError();
    return batch_.GetDataSize() < batch_size_bytes ? result<void>{} : write();
  }

  result<void> finish() {
    TROUPE_TRY(write());
    for (std::size_t i = 0; i < family_count; ++i)
      if (const auto status = store_->db().Flush({}, store_->handle(static_cast<family>(i)));
          !status.ok())
        return tl::unexpected(to_failure(status));
    return {};
  }

 private:
  result<void> write() {
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    const auto status = store_->db().Write(options, &batch_);
    batch_.Clear();
    if (!status.ok()) return tl::unexpected(to_failure(status));
    return {};
  }

  std::unique_ptr<rocksdb_store> store_;
  rocksdb::WriteBatch batch_;
};

/// Goes through all documents of a damaged store once.
class rescue_run {
 public:
  rescue_run(const damaged_store& from, const rescue_settings& settings,
             const document_doctor& doctor, new_store* to)
      : from_(*from.store),
        settings_(settings),
        doctor_(doctor),
        to_(to),
        reader_(from_, rocksdb_reader::caching::no) {}

  result<rescue_report> run() {
    find_names();
    for (const std::string& name : names_) TROUPE_TRY(take(name));
    for (const document_id& id : nameless_) TROUPE_TRY(take_nameless(id));
    TROUPE_TRY(take_versions());
    TROUPE_TRY(take_announcements());
    // Blocks of which nothing is needed would still stop the library from merging tables.
    if (const auto status = from_.db().VerifyChecksum(); !status.ok() && report_.unreadable.empty())
      note("a part of a table: " + status.ToString());
    return std::move(report_);
  }

 private:
  gap_visitor note_gaps_of(family which) {
    return [this, which](std::string_view, std::string_view, const rocksdb::Status& why) {
      note("a part of the family '" + std::string{name_of(which)} + "': " + why.ToString());
    };
  }

  /// Of every document of which there is any trace: an entry, the name of its id, or data.
  void find_names() {
    std::set<document_id> ids;
    const auto visit_meta = [&](std::string_view key, std::string_view value) {
      if (key.starts_with(meta_prefix)) names_.emplace(key.substr(meta_prefix.size()));
      if (!key.starts_with("i/")) return;
      if (const auto name = decode_name(key, value)) names_.insert(*name);
    };
    scan(*iterate_all(from_, family::meta), {}, {}, visit_meta, note_gaps_of(family::meta));
    const auto visit_data = [&](std::string_view key, std::string_view) {
      document_id id{};
      if (key.size() < id.size()) return;
      std::copy_n(key.data(), id.size(), reinterpret_cast<char*>(id.data()));
      ids.insert(id);
    };
    for (const family which : {family::log, family::checkpoints, family::versions})
      scan(*iterate_all(from_, which), {}, {}, visit_data, note_gaps_of(which));
    for (const std::string& name : settings_.names)
      if (ids.contains(id_of(name))) names_.insert(name);
    for (const std::string& name : names_) ids.erase(id_of(name));
    for (const document_id& id : ids) {
      const std::string key = name_key(id);
      std::string value;
      const auto status = from_.db().Get({}, from_.handle(family::meta), key, &value);
      const auto name = status.ok() ? decode_name(key, value)
                                    : result<std::string>{tl::unexpected(to_failure(status))};
      if (name && id_of(*name) == id)
        names_.insert(*name);
      else
        nameless_.push_back(id);
    }
  }

  result<void> take(const std::string& name) {
    const document_id id = id_of(name);
    const auto meta = reader_.find_meta(name);
    if (meta && !*meta) return {};
    if (!meta && meta.error().code == errc::storage_conflict) {
      note(in_document(name, meta.error()).detail);
      return {};
    }
    check_owner(name, id);
    if (meta && (*meta)->is_removed) {
      ++report_.removed;
      return put_known(name, **meta);
    }
    ++report_.documents;
    broken_document found = salvage(from_, id);
    found.name = name;
    if (meta) found.last = std::max({found.last, (*meta)->counted, (*meta)->covers});
    add_entries(found, id);
    check(found, meta);
    if (found.damages.empty()) return copy(found, **meta);
    ++report_.broken;
    add_version(found, id);
    const treatment how = doctor_(found);
    const bool is_removed = how.how == treatment::outcome::removed;
    if (is_removed) dropped_.insert(id);
    if (to_ == nullptr) return {};
    document_meta known = make_meta(id, meta);
    if (is_removed) {
      known.is_removed = true;
      known.changed_at = settings_.store.now();
      return put_known(name, known);
    }
    return put_rebuilt(name, known, found.last, how.state);
  }

  void note(std::string what) { report_.unreadable.push_back(std::move(what)); }

  void check_owner(const std::string& name, const document_id& id) {
    const std::string key = name_key(id);
    std::string value;
    const auto status = from_.db().Get({}, from_.handle(family::meta), key, &value);
    const auto owner = status.ok() ? decode_name(key, value)
                                   : result<std::string>{tl::unexpected(to_failure(status))};
    if (!owner) note(in_document(name, owner.error()).detail + "; it is written anew");
  }

  /// The values of a document that are not under its id.
  void add_entries(broken_document& to, const document_id& id) {
    for (const auto& [label, key] :
         {std::pair{"meta entry", meta_key(to.name)}, std::pair{"name of its id", name_key(id)}}) {
      std::string value;
      const auto status = from_.db().Get({}, from_.handle(family::meta), key, &value);
      if (status.ok()) to.raw.push_back({raw_value::kind::entry, label, key, value, {}});
    }
  }

  /// What a load would find, and what the caller does.
  void check(broken_document& found, const result<std::optional<document_meta>>& meta) {
    if (!meta) {
      found.damages.push_back(meta.error().detail);
      return;
    }
    const auto stored = reader_.load(**meta);
    if (!stored) {
      found.damages.push_back(stored.error().detail);
    } else {
      if (!stored->damage.empty()) found.damages.push_back(stored->damage);
      check_contents(found, *stored);
    }
    if ((*meta)->previous == 0) return;
    const auto previous =
        reader_.read_checkpoint((*meta)->id, (*meta)->previous, (*meta)->previous_covers);
    if (previous)
      check_contents(found, {*previous, {}, (*meta)->previous_covers});
    else
      found.damages.push_back(previous.error().detail);
  }

  void check_contents(broken_document& found, const stored_document& stored) {
    if (!settings_.check) return;
    for (const damage& each : settings_.check(stored)) found.damages.push_back(each.what.detail);
  }

  document_meta make_meta(const document_id& id,
                          const result<std::optional<document_meta>>& known) const {
    document_meta meta;
    meta.id = id;
    const time_ms now = settings_.store.now();
    meta.created_at = known ? (*known)->created_at : now;
    meta.changed_at = known ? (*known)->changed_at : now;
    meta.life = known ? (*known)->life : 1;
    return meta;
  }

  result<void> put_known(const std::string& name, const document_meta& meta) {
    if (to_ == nullptr) return {};
    const std::string key = meta_key(name);
    const std::string owner = name_key(meta.id);
    TROUPE_TRY(to_->put(family::meta, key, encode_meta(key, meta)));
    return to_->put(family::meta, owner, encode_name(owner, name));
  }

  result<void> copy(const broken_document& found, const document_meta& meta) {
    if (to_ == nullptr) return {};
    TROUPE_TRY(put_data(found));
    return put_known(found.name, meta);
  }

  /// Records and chunks as they are.
  result<void> put_data(const broken_document& found) {
    for (const raw_value& each : found.raw)
      if (each.of != raw_value::kind::entry)
        TROUPE_TRY(to_->put(each.of == raw_value::kind::record ? family::log : family::checkpoints,
                            each.key, each.value));
    return {};
  }

  result<void> put_rebuilt(const std::string& name, document_meta meta, sequence last,
                           const shared_bytes& state) {
    meta.counted = meta.covers = std::max<sequence>(last, 1);
    meta.newest = 1;
    meta.checkpoint_size = state.size();
    const byte_view all = state.view();
    checkpoint_chunk chunk{meta.covers, all.size(), crc32c(all), {}};
    for (std::uint32_t part = 0; part < chunk_count(all.size()); ++part) {
      const std::size_t offset = part * chunk_size_bytes_max;
      chunk.bytes = all.subspan(offset, std::min(chunk_size_bytes_max, all.size() - offset));
      const std::string key = chunk_key(meta.id, meta.newest, part);
      const chunk_header header = make_chunk_header(key, chunk);
      std::string value{header.data(), header.size()};
      value.append(as_text(chunk.bytes));
      TROUPE_TRY(to_->put(family::checkpoints, key, value));
    }
    return put_known(name, meta);
  }

  /// Its data goes over as it is, so that its name, should somebody use it, is not that of an empty
  /// document.
  result<void> take_nameless(const document_id& id) {
    broken_document found = salvage(from_, id);
    found.damages.insert(found.damages.begin(), "its name is lost");
    ++report_.documents;
    ++report_.broken;
    ++report_.nameless;
    const bool is_removed = doctor_(found).how == treatment::outcome::removed;
    if (is_removed) dropped_.insert(id);
    if (is_removed || to_ == nullptr) return {};
    return put_data(found);
  }

  /// Versions go over if they are whole, but for those of documents that are removed.
  result<void> take_versions() {
    result<void> done;
    key_values one;  // the values of a version
    const auto finish = [&] {
      if (done && !one.empty()) done = put_version(one);
      one.clear();
    };
    const auto visit = [&](std::string_view key, std::string_view value) {
      const auto at = read_version_key(key);
      if (!at) return note("a key of a version: " + at.error().detail);
      const auto before = one.empty() ? at : read_version_key(one.front().first);
      if (before->id != at->id || before->number != at->number) finish();
      one.emplace_back(key, value);
    };
    scan(*iterate_all(from_, family::versions), {}, {}, visit, note_gaps_of(family::versions));
    finish();
    return done;
  }

  /// Announcements go over if they are whole.
  result<void> take_announcements() {
    result<void> done;
    const auto visit = [&](std::string_view key, std::string_view value) {
      if (const auto read = decode_announcement(key, value); !read)
        return note(read.error().detail + "; it is left out");
      if (done && to_ != nullptr) done = to_->put(family::announcements, key, value);
    };
    scan(*iterate_all(from_, family::announcements), {}, {}, visit,
         note_gaps_of(family::announcements));
    return done;
  }

  result<void> put_version(const key_values& values) {
    const auto& [key, value] = values.front();
    const auto at = read_version_key(key);
    if (dropped_.contains(at->id)) return {};
    std::string put_instead;
    if (at->number == 0) {
      if (!decode_version_count(key, value)) {
        note("the count of versions of the document with the id " + to_string(at->id) +
             " is damaged; using the versions instead");
        put_instead = encode_version_count(key, newest_version(at->id));
      }
    } else if (const auto whole = check_version(*at, values); !whole) {
      note("version " + std::to_string(at->number) + " of the document with the id " +
           to_string(at->id) + ": " + whole.error().detail + "; it is left out");
      return {};
    }
    if (to_ == nullptr) return {};
    for (const auto& [each_key, each_value] : values)
      TROUPE_TRY(
          to_->put(family::versions, each_key, put_instead.empty() ? each_value : put_instead));
    return {};
  }

  result<void> check_version(const version_position& at, const key_values& values) const {
    if (at.part != 0) return fail(errc::corrupt_document, "its entry is missing");
    TROUPE_ASSIGN(version_entry entry, decode_version(values[0].first, values[0].second));
    const sequence covers = entry.info.covers;
    version_reader reader{std::move(entry)};
    for (std::size_t i = 1; i < values.size(); ++i)
      TROUPE_TRY(reader.add(values[i].first, values[i].second));
    TROUPE_ASSIGN(const shared_bytes state, reader.finish());
    if (settings_.check)
      for (const damage& each : settings_.check({state, {}, covers}))
        if (!each.is_readable) return tl::unexpected(each.what);
    return {};
  }

  /// The number of the newest version of which there is a trace; 0 if there is none.
  version_number newest_version(const document_id& id) const {
    version_number newest = 0;
    for_each_version(id, [&](const version_info& each) { newest = each.number; });
    return newest;
  }

  template <class Visit>
  void for_each_version(const document_id& id, const Visit& visit) const {
    constexpr std::size_t page_size = 100;
    version_number after = 0;
    for (bool has_more = true; has_more;) {
      const auto page = read_versions(reader_, id, after, page_size);
      has_more = page && page->has_more && !page->versions.empty();
      if (!page) return;
      for (const version_info& each : page->versions) visit(each);
      if (has_more) after = page->versions.back().number;
    }
  }

  /// The newest version that can be read helps as a checkpoint does.
  void add_version(broken_document& to, const document_id& id) const {
    std::optional<rescued_checkpoint> newest;
    for_each_version(id, [&](const version_info& each) {
      if (!each.damage.empty()) return;
      if (auto version = read_version(reader_, id, each.number); version && *version)
        newest = rescued_checkpoint{0, each.covers, std::move((*version)->state)};
    });
    if (newest) to.checkpoints.insert(to.checkpoints.begin(), std::move(*newest));
  }

  const rocksdb_store& from_;
  const rescue_settings& settings_;
  const document_doctor& doctor_;
  new_store* to_;
  rocksdb_reader reader_;
  std::set<std::string> names_;
  std::vector<document_id> nameless_;
  std::set<document_id> dropped_;
  rescue_report report_;
};

class rescue final : public store_rescue {
 public:
  rescue(rescue_settings settings, damaged_store opened)
      : settings_(std::move(settings)), opened_(std::move(opened)) {}

  const std::vector<std::string>& problems() const override { return opened_.problems; }

  result<std::vector<cut_document>> cut() override {
    std::vector<cut_document> found;
    if (!opened_.behind) return found;
    const rocksdb_reader before{*opened_.store, rocksdb_reader::caching::no};
    const rocksdb_reader behind{*opened_.behind, rocksdb_reader::caching::no};
    const auto visit = [&](std::string_view key, std::string_view) {
      if (!key.starts_with(meta_prefix)) return;
      const std::string name{key.substr(meta_prefix.size())};
      const auto kept = numbers_of(before, name);
      const auto last = numbers_of(behind, name);
      if (kept != last) found.push_back({name, kept.first, last.first});
    };
    const auto gap = [](std::string_view, std::string_view, const rocksdb::Status&) {};
    scan(*iterate_all(*opened_.behind, family::meta), {}, {}, visit, gap);
    return found;
  }

  result<rescue_report> examine(const document_doctor& doctor) override {
    return rescue_run{opened_, settings_, doctor, nullptr}.run();
  }

  result<rescue_report> save_to(const std::string& directory,
                                const document_doctor& doctor) override {
    if (std::error_code why; std::filesystem::exists(directory, why))
      return fail(errc::storage_failed, in_single_quotes(directory) + ": it exists already");
    TROUPE_ASSIGN(const auto made, new_store::make(settings_.store, directory));
    TROUPE_ASSIGN(auto report, (rescue_run{opened_, settings_, doctor, made.get()}.run()));
    TROUPE_TRY(made->finish());
    return report;
  }

 private:
  /// The last number, then what changes without one: life, generation, tombstone.
  static std::pair<sequence, std::tuple<std::uint64_t, generation, bool>>
  numbers_of(const rocksdb_reader& of, const std::string& name) {
    const auto meta = of.find_meta(name);
    if (!meta || !*meta) return {};
    sequence last = (*meta)->counted;
    const auto at = of.iterate(family::log);
    at->SeekForPrev(end_key((*meta)->id));
    if (at->Valid())
      if (const auto key = read_log_key(text_of(at->key())); key && key->id == (*meta)->id)
        last = std::max(last, key->number);
    return {last, {(*meta)->life, (*meta)->newest, (*meta)->is_removed}};
  }

  rescue_settings settings_;
  damaged_store opened_;
};

}  // namespace

result<std::unique_ptr<store_rescue>> store_rescue::open(rescue_settings settings) {
  if (!settings.store.now)
    settings.store.now = [] {
      return static_cast<time_ms>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                      std::chrono::system_clock::now().time_since_epoch())
                                      .count());
    };
  TROUPE_ASSIGN(auto opened, open_damaged(settings));
  return std::make_unique<rescue>(std::move(settings), std::move(opened));
}

}  // namespace troupe::storage
