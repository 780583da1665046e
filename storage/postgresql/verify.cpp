// Verifies a store in PostgreSQL, document by document, each as of one moment, while others write.
#include "storage/postgresql/state.hpp"
#include "storage/postgresql/versions.hpp"

namespace troupe::storage {

namespace {

using postgresql::connection;
using postgresql::parameters;
using postgresql::row;

constexpr std::size_t names_at_a_time = 1000;
constexpr std::size_t versions_at_a_time = 100;

constexpr const char* select_names =
    "SELECT name FROM documents WHERE name > $1 ORDER BY name LIMIT $2";
// Of each table whose rows belong to documents.
constexpr const char* select_strangers =
    "SELECT DISTINCT document FROM (SELECT document FROM log UNION ALL SELECT document FROM "
    "checkpoints UNION ALL SELECT document FROM versions UNION ALL SELECT document FROM "
    "version_parts) AS rows WHERE NOT EXISTS (SELECT 1 FROM documents WHERE id = rows.document)";

class database_verification {
 public:
  database_verification(postgresql::pool& from, const verify_progress& progress,
                        const contents_check& check)
      : from_(from), progress_(progress), check_(check) {}

  result<verify_report> run() {
    std::string after;
    for (bool has_more = true; has_more && report_.is_complete;) {
      TROUPE_ASSIGN(const auto names, read_names(after));
      for (const std::string& name : names) {
        TROUPE_TRY(check_document(name));
        report_.is_complete = !progress_ || progress_(report_, name);
        if (!report_.is_complete) break;
      }
      has_more = names.size() == names_at_a_time;
      if (has_more) after = names.back();
    }
    if (report_.is_complete) TROUPE_TRY(check_strangers());
    return std::move(report_);
  }

 private:
  void note(const std::string& document, failure what, bool is_readable = false) {
    report_.add({document, in_document(document, std::move(what)), is_readable});
  }
  void note_contents(const std::string& document, std::vector<damage> found) {
    for (damage& each : found) note(document, std::move(each.what), each.is_readable);
  }

  result<std::vector<std::string>> read_names(const std::string& after) {
    return from_.read([&](connection& by) -> result<std::vector<std::string>> {
      std::vector<std::string> names;
      by.send(select_names,
              parameters{}.add(std::string_view{after}).add(std::uint64_t{names_at_a_time}),
              [&](const row& found) -> result<void> {
                names.emplace_back(found.text(0));
                return {};
              });
      TROUPE_TRY(by.run());
      return names;
    });
  }

  /// Fails only if the database does.
  result<void> check_document(const std::string& name) {
    const auto loaded = from_.read([&](connection& by) { return postgresql::load(by, name); });
    if (!loaded && loaded.error().code == errc::storage_failed)
      return tl::unexpected(loaded.error());
    if (!loaded) {
      ++report_.documents;
      note(name, loaded.error());
      return {};
    }
    if (!loaded->meta) return {};  // it was forgotten meanwhile
    const document_meta& meta = *loaded->meta;
    ++(meta.is_removed ? report_.removed : report_.documents);
    if (meta.is_removed) return {};
    const stored_document& stored = loaded->stored;
    if (!stored.damage.empty()) note(name, {errc::corrupt_document, stored.damage}, true);
    report_.records += stored.updates.size();
    report_.checkpoints += meta.newest == 0 ? 0 : 1;
    report_.bytes += stored.checkpoint.size();
    for (const shared_slice& update : stored.updates) report_.bytes += update.size;
    if (stored.damage.empty()) check_figures(name, meta, stored);
    if (check_) note_contents(name, check_(stored));
    TROUPE_TRY(check_previous(name, meta));
    return check_versions(name, meta.id);
  }

  void check_figures(const std::string& name, const document_meta& meta,
                     const stored_document& stored) {
    std::uint64_t bytes = 0;
    for (const shared_slice& update : stored.updates) bytes += update.size;
    if (meta.log_records == stored.updates.size() && meta.log_bytes == bytes &&
        meta.checkpoint_size == stored.checkpoint.size())
      return;
    note(name, {errc::corrupt_document, "the figures of its row are not those of its contents"},
         true);
  }

  /// It is not needed as long as the newest can be read.
  result<void> check_previous(const std::string& name, const document_meta& meta) {
    if (meta.previous == 0) return {};
    const auto previous = from_.read([&](connection& by) {
      return postgresql::read_checkpoint(by, meta.id, meta.previous, meta.previous_covers);
    });
    if (!previous) {
      if (previous.error().code == errc::storage_failed) return tl::unexpected(previous.error());
      return note_previous(name, meta, previous.error());
    }
    ++report_.checkpoints;
    report_.bytes += previous->size();
    if (!check_) return {};
    std::vector<damage> found = check_({*previous, {}, meta.previous_covers});
    for (damage& each : found) each.is_readable = true;
    note_contents(name, std::move(found));
    return {};
  }

  /// A newer checkpoint may have taken its place meanwhile.
  result<void> note_previous(const std::string& name, const document_meta& was, failure why) {
    TROUPE_ASSIGN(const auto meta,
                  from_.read([&](connection& by) { return postgresql::find_meta(by, name); }));
    if (meta && meta->previous == was.previous && meta->life == was.life)
      note(name, std::move(why), true);
    return {};
  }

  /// A damaged version costs the document nothing.
  result<void> check_versions(const std::string& name, const document_id& id) {
    version_number after = 0;
    for (bool has_more = true; has_more;) {
      TROUPE_ASSIGN(const auto page, from_.read([&](connection& by) {
        return postgresql::read_versions(by, id, after, versions_at_a_time);
      }));
      for (const version_info& each : page.versions) {
        after = each.number;
        ++report_.versions;
        report_.bytes += each.size;
        TROUPE_TRY(check_version(name, id, each.number));
      }
      has_more = page.has_more;
    }
    return {};
  }

  /// What a server would repair when it loads it is none.
  result<void> check_version(const std::string& name, const document_id& id,
                             version_number number) {
    const auto found =
        from_.read([&](connection& by) { return postgresql::read_version(by, id, number); });
    if (!found && found.error().code == errc::storage_failed) return tl::unexpected(found.error());
    if (!found) {
      note(name, found.error(), true);
      return {};
    }
    if (!check_ || !*found) return {};
    std::vector<damage> damages = check_({(*found)->state, {}, (*found)->info.covers});
    for (damage& each : damages) {
      if (each.is_readable) continue;
      each.what.detail.insert(0, "version " + std::to_string(number) + ": ");
      note(name, std::move(each.what), true);
    }
    return {};
  }

  result<void> check_strangers() {
    std::vector<document_id> ids;
    const auto find = [&](connection& by) {
      ids.clear();
      by.send(select_strangers, {}, [&](const row& found) -> result<void> {
        ids.push_back(found.id(0));
        return {};
      });
      return by.run();
    };
    TROUPE_TRY(from_.read(find));
    for (const document_id& id : ids)
      report_.add(
          {{},
           {errc::corrupt_document, "data of an unknown document with the id " + to_string(id)},
           false});
    return {};
  }

  postgresql::pool& from_;
  const verify_progress& progress_;
  const contents_check& check_;
  verify_report report_;
};

}  // namespace

result<verify_report> postgresql_backend::verify(const verify_progress& progress,
                                                 const contents_check& check) {
  return database_verification{state_->connections, progress, check}.run();
}

}  // namespace troupe::storage
