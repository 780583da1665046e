#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>

#include "base/crc32c.hpp"
#include "base/printable.hpp"
#include "storage/repair.hpp"
#include "storage/rocksdb_damaged.hpp"
#include "storage/rocksdb_salvage.hpp"
#include "storage/rocksdb_scan.hpp"
#include "storage/rocksdb_state.hpp"

namespace troupe::storage {
namespace {

std::string_view text_of(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

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
    if (to_ != nullptr) TROUPE_TRY(take_other_families());
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
    for (const family which : {family::log, family::checkpoints})
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
    const treatment how = doctor_(found);
    if (to_ == nullptr) return {};
    document_meta known = make_meta(id, meta);
    if (how.how == treatment::outcome::removed) {
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
    if (doctor_(found).how == treatment::outcome::removed || to_ == nullptr) return {};
    return put_data(found);
  }

  /// What is kept beside documents goes over as it is.
  result<void> take_other_families() {
    for (std::size_t i = 0; i < family_count; ++i) {
      const auto which = static_cast<family>(i);
      if (which == family::log || which == family::checkpoints || which == family::meta) continue;
      result<void> done;
      const auto visit = [&](std::string_view key, std::string_view value) {
        if (done) done = to_->put(which, key, value);
      };
      scan(*iterate_all(from_, which), {}, {}, visit, note_gaps_of(which));
      TROUPE_TRY(done);
    }
    return {};
  }

  const rocksdb_store& from_;
  const rescue_settings& settings_;
  const document_doctor& doctor_;
  new_store* to_;
  rocksdb_reader reader_;
  std::set<std::string> names_;
  std::vector<document_id> nameless_;
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
      return fail(errc::storage_failed, "'" + printable(directory) + "': it exists already");
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
