// Answers one request to the admin listener about stored documents: lists, exports, imports, copies
// and removes them, and backs the store up. It runs on a thread of its own, so that reading for
// long holds up nobody; edits, which only wait for their document, share CAF's workers. The
// admin_handler spawns it for the request; it ends with the answer.
//
// It reads storage itself. What changes a document goes through the directory, which alone starts
// and ends documents: an import becomes an update of the open document, a removal comes after its
// end. In a cluster what is read goes there, too, since other nodes may have more: the document is
// opened, as for a session. There are at most archivists_max at once; a place is given back by the
// end of the actor.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/admin_documents.hpp"
#include "actors/admin_edits.hpp"
#include "actors/caf_compat.hpp"
#include "actors/cluster_links.hpp"
#include "actors/interfaces.hpp"
#include "actors/version_keeper.hpp"
#include "base/budget.hpp"
#include "net/http_message.hpp"
#include "protocol/document_rule.hpp"
#include "protocol/upstream_names.hpp"
#include "storage/archive.hpp"
#include "storage/backend.hpp"

namespace troupe {

struct archive_settings {
  std::string backup_directory;         ///< admin.backup_directory; empty: no backups.
  std::size_t update_bytes_max = 0;     ///< Of an import; limits.max_sync_size.
  crdt::doc_settings doc;               ///< With which documents are read.
  std::vector<document_rule> rules;     ///< For some of them.
  upstream_names upstream_documents{};  ///< Another server may have these.
  /// How long a document or the store may take for what an operator asks.
  std::chrono::milliseconds patience{60'000};
};

/// What the archivists of a node share. Thread: any.
class archive_desk {
 public:
  /// Clients that leave early do not bound them: each has a thread.
  static constexpr std::size_t archivists_max = 16;
  /// Edits that wait for their documents, which takes a message and no thread.
  static constexpr std::size_t edits_max = 256;

  archive_desk(std::shared_ptr<storage::backend> backend, std::shared_ptr<storage::archive> archive,
               directory_actor directory, std::shared_ptr<const version_keeper> versions,
               archive_settings settings, std::shared_ptr<const newest_links> homes = nullptr)
      : backend_(std::move(backend)),
        archive_(std::move(archive)),
        directory_(std::move(directory)),
        versions_(std::move(versions)),
        settings_(std::move(settings)),
        homes_(std::move(homes)) {}

  storage::backend& backend() const noexcept { return *backend_; }
  storage::archive& archive() const noexcept { return *archive_; }
  const directory_actor& directory() const noexcept { return directory_; }
  const version_keeper& versions() const noexcept { return *versions_; }
  const archive_settings& settings() const noexcept { return settings_; }
  /// Null: the node is alone.
  const newest_links* homes() const noexcept { return homes_.get(); }

  /// Whether the server that is replaced may have what was never stored here.
  bool may_be_upstream(const std::string& name) const noexcept {
    return settings_.upstream_documents.contains(name);
  }

  /// 0: as for all pages.
  std::size_t body_bytes_max(const admin::page_request& of) const noexcept;

  /// Of these places, so that one user who asks for much leaves some to the others.
  static constexpr std::size_t archivists_per_user_max = archivists_max / 4;

  /// One of archivists_max places, or null. Given back by its end. `user`: has at most
  /// archivists_per_user_max; empty: an operator.
  static std::shared_ptr<void> take_place(const std::shared_ptr<archive_desk>& at,
                                          const std::string& user = {});

  /// One of edits_max places, or null, likewise.
  static std::shared_ptr<void> take_edit(const std::shared_ptr<archive_desk>& at);

  /// Only one backup is made at a time; null while there is another.
  static std::shared_ptr<void> take_backup(const std::shared_ptr<archive_desk>& at);

 private:
  std::shared_ptr<storage::backend> backend_;
  std::shared_ptr<storage::archive> archive_;
  directory_actor directory_;
  std::shared_ptr<const version_keeper> versions_;
  const archive_settings settings_;
  const std::shared_ptr<const newest_links> homes_;
  budget places_{archivists_max};
  budget edits_{edits_max};
  budget backups_{1};
  std::mutex mutex_;
  std::map<std::string, std::size_t> places_by_user_;  // guarded by mutex_
};

class archivist final : public admin_request_actor::base {
 public:
  archivist(caf::actor_config& config, std::shared_ptr<archive_desk> desk,
            std::shared_ptr<void> place, std::function<void(http_answer)> answer)
      : admin_request_actor::base(config),
        desk_(std::move(desk)),
        place_(std::move(place)),
        answer_(std::move(answer)) {}

  const char* name() const override { return "troupe.archivist"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  /// The state, and its version where that is known.
  using with_state = std::function<void(const shared_bytes&, const std::string& version)>;
  /// What a document says to an import, or the answer to an operator where it could not be asked.
  using import_result = tl::expected<imported_update, http_answer>;

  void on_request(const answer_admin_request& order);

  // One for each page.
  void list();
  void inform();
  void export_document();
  void export_raw();
  void import_document();
  void copy();
  void remove();
  void admit();
  void create_document();
  void edit_document();
  void set_text();
  void add_update();
  void carry_out_batch();
  void list_versions();
  void make_version();
  void keep_version(const std::string& label, std::chrono::steady_clock::time_point latest);
  void show_version();
  void compare_version();
  void restore_version();
  void remove_version();
  void show_storage();
  void back_up();

  std::optional<storage::document_info> find_document();
  std::optional<storage::stored_version> find_version(storage::version_number number);
  void show_comparison(const storage::stored_version& before,
                       std::optional<storage::version_number> with, const shared_bytes& after);

  /// From which copies of a document a state is read.
  enum class reach : bool { cluster, this_node };
  void find_state(const std::string& of, with_state then, reach from = reach::cluster);
  void find_state_here(const std::string& of, const with_state& then);
  void if_exists(std::function<void()> then, std::function<void()> otherwise = {});
  void show_document(const std::optional<storage::document_info>& stored);
  void ask_to_remove();
  result<std::optional<shared_bytes>> read_stored(const std::string& of) const;
  crdt::doc_settings settings_of(const std::string& of) const;
  void send_import(import_update order, std::function<void(const imported_update&)> then);
  void ask_import(import_update order, std::function<void(const import_result&)> then);
  void send_edit(const admin::edit_order& order);
  void fail_with(const failure& why);
  http_answer answer_for(const caf::error& why, const std::string& of) const;
  void finish(http_answer with);

  const std::string& document() const noexcept { return page_.document; }

  std::shared_ptr<archive_desk> desk_;
  std::shared_ptr<void> place_;
  std::function<void(http_answer)> answer_;  // empty once it was called
  std::shared_ptr<const http_request> request_;
  std::shared_ptr<void> under_way_;  // of the request
  admin::page_request page_;
};

}  // namespace troupe
