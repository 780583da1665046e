#include "storage/announcement_record.hpp"
#include "storage/rocksdb_state.hpp"
#include "storage/rocksdb_text.hpp"
#include "storage/rocksdb_versions.hpp"

namespace troupe::storage {
namespace {

/// Reads a store as of one moment and keeps the report.
class verification {
 public:
  verification(rocksdb_backend::state& of, const rocksdb_store& store,
               const verify_progress& progress, const contents_check& check)
      : state_(of),
        store_(store),
        progress_(progress),
        check_(check),
        reader_(store, rocksdb_reader::caching::no) {}

  result<verify_report> run() {
    TROUPE_TRY(check_documents());
    for (const family which : {family::log, family::checkpoints, family::versions})
      if (report_.is_complete) TROUPE_TRY(check_owners(which));
    if (report_.is_complete) TROUPE_TRY(check_announcements());
    check_tables();
    return std::move(report_);
  }

 private:
  void note(std::string_view document, failure what, bool is_readable = false) {
    report_.add({std::string{document}, std::move(what), is_readable});
  }

  /// Blocks of which no document needs anything: they would stop the library from merging tables.
  void check_tables() {
    if (!report_.is_complete || report_.damages_in_total > 0) return;
    if (const auto status = store_.db().VerifyChecksum(); !status.ok())
      note({},
           {errc::corrupt_store, "a part of a table that no document needs: " + status.ToString()});
  }

  void note_contents(const std::string& document, std::vector<damage> found) {
    for (damage& each : found)
      note(document, in_document(document, std::move(each.what)), each.is_readable);
  }

  /// Ends the verification for those who have to close the store.
  result<void> check_open() const {
    if (!state_.wants_to_close) return {};
    return fail(errc::storage_failed, "the store is opened again, so its verification has ended");
  }

  /// Every entry of the family of what is known of documents.
  result<void> check_documents() {
    const auto at = reader_.iterate(family::meta);
    for (at->SeekToFirst(); at->Valid() && report_.is_complete; at->Next()) {
      TROUPE_TRY(check_open());
      const std::string_view key = text_of(at->key());
      if (key == marker_key) continue;  // read when the store was opened
      if (key.starts_with(meta_prefix)) {
        const std::string name{key.substr(meta_prefix.size())};
        check_document(name, decode_meta(key, text_of(at->value())));
        report_.is_complete = !progress_ || progress_(report_, name);
      } else if (key.starts_with("i/")) {
        check_name(key, text_of(at->value()));
      } else {
        note({}, {errc::corrupt_store, "an unknown key among what is known of documents"});
      }
    }
    if (!at->status().ok()) note({}, to_failure(at->status()));
    return {};
  }

  void check_document(const std::string& name, const result<document_meta>& meta) {
    if (!meta) return note(name, in_document(name, meta.error()));
    ++(meta->is_removed ? report_.removed : report_.documents);
    // The same checks as for a load: that the id is the name's.
    if (const auto found = reader_.find_meta(name); !found)
      return note(name, in_document(name, found.error()));
    check_owner_of(name, meta->id);
    if (!meta->is_removed) check_versions(name, meta->id);
    const auto stored = reader_.load(*meta);
    if (!stored) return note(name, in_document(name, stored.error()));
    if (!stored->damage.empty())
      note(name, in_document(name, {errc::corrupt_document, stored->damage}), true);
    report_.records += stored->updates.size();
    report_.checkpoints += meta->newest == 0 ? 0 : 1;
    report_.bytes += stored->checkpoint.size();
    for (const shared_slice& update : stored->updates) report_.bytes += update.size;
    if (check_) note_contents(name, check_(*stored));
    if (meta->previous == 0) return;
    const auto previous = reader_.read_checkpoint(meta->id, meta->previous, meta->previous_covers);
    if (!previous) return note(name, in_document(name, previous.error()), true);
    ++report_.checkpoints;
    report_.bytes += previous->size();
    if (!check_) return;
    // It is not needed as long as the newest can be read.
    std::vector<damage> found = check_({*previous, {}, meta->previous_covers});
    for (damage& each : found) each.is_readable = true;
    note_contents(name, std::move(found));
  }

  /// What a server would repair when it loads it is none.
  void check_version(const std::string& name, const stored_version& version) {
    std::vector<damage> found = check_({version.state, {}, version.info.covers});
    std::erase_if(found, [](const damage& each) { return each.is_readable; });
    for (damage& each : found) {
      each.what.detail.insert(0, "version " + std::to_string(version.info.number) + ": ");
      each.is_readable = true;
    }
    note_contents(name, std::move(found));
  }

  /// A damaged version costs the document nothing.
  void check_versions(const std::string& name, const document_id& id) {
    constexpr std::size_t page_size = 100;
    version_number after = 0;
    for (bool has_more = true; has_more;) {
      const auto page = read_versions(reader_, id, after, page_size);
      if (!page) return note(name, in_document(name, page.error()), true);
      for (const version_info& each : page->versions) {
        after = each.number;
        ++report_.versions;
        report_.bytes += each.size;
        if (const auto found = read_version(reader_, id, each.number); !found)
          note(name, in_document(name, found.error()), true);
        else if (check_ && *found)
          check_version(name, **found);
      }
      has_more = page->has_more;
    }
  }

  void check_owner_of(const std::string& name, const document_id& id) {
    const std::string key = name_key(id);
    std::string value;
    const auto status = store_.db().Get({}, store_.handle(family::meta), key, &value);
    const auto owner = status.ok()
                           ? decode_name(key, value)
                           : result<std::string>{tl::unexpected(to_document_failure(status))};
    if (!owner) return note(name, in_document(name, owner.error()), true);
    if (*owner != name)
      note(name, in_document(name, {errc::storage_conflict,
                                    "its id belongs to document '" + *owner + "'"}));
  }

  /// An id belongs to a document of which something is known.
  void check_name(std::string_view key, std::string_view value) {
    const auto name = decode_name(key, value);
    if (!name) return note({}, name.error());
    if (name_key(id_of(*name)) != key)
      return note(*name, in_document(*name, {errc::corrupt_document, "it has another id"}), true);
    if (const auto found = reader_.find_meta(*name); !found)
      note(*name, in_document(*name, found.error()));
  }

  /// Each document of which there are records or chunks has a name.
  result<void> check_owners(family which) {
    const auto at = reader_.iterate(which);
    at->SeekToFirst();
    while (at->Valid()) {
      TROUPE_TRY(check_open());
      document_id id{};
      if (at->key().size() < id.size()) {
        note({}, {errc::corrupt_store, "a key that is too short for a document"});
        at->Next();
        continue;
      }
      std::copy_n(at->key().data(), id.size(), reinterpret_cast<char*>(id.data()));
      std::string value;
      const auto status = store_.db().Get({}, store_.handle(family::meta), name_key(id), &value);
      if (status.IsNotFound())
        note({},
             {errc::corrupt_document, "data of an unknown document with the id " + to_string(id)});
      at->Seek(end_key(id));
    }
    if (!at->status().ok()) note({}, to_failure(at->status()));
    return {};
  }

  /// One that cannot be read costs no document anything.
  result<void> check_announcements() {
    const auto at = reader_.iterate(family::announcements);
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      TROUPE_TRY(check_open());
      if (const auto read = decode_announcement(text_of(at->key()), text_of(at->value())); !read)
        note({}, read.error(), true);
    }
    if (!at->status().ok()) note({}, to_failure(at->status()));
    return {};
  }

  rocksdb_backend::state& state_;
  const rocksdb_store& store_;
  const verify_progress& progress_;
  const contents_check& check_;
  rocksdb_reader reader_;
  verify_report report_;
};

}  // namespace

result<verify_report> rocksdb_backend::verify(const verify_progress& progress,
                                              const contents_check& check) {
  const state::use store{*state_};
  if (!store) return tl::unexpected(state_->closed());
  return verification{*state_, *store, progress, check}.run();
}

}  // namespace troupe::storage
