#include "actors/archivist.hpp"

#include <chrono>
#include <filesystem>

#include <caf/sec.hpp>

#include "actors/admin_pages.hpp"
#include "actors/failure_codes.hpp"

namespace troupe {

namespace {

/// How long an actor may take for what it only has to look up.
constexpr std::chrono::seconds look_up_patience{5};

/// Of one raw export.
constexpr std::size_t raw_bytes_max = 64 * 1024 * 1024;

/// What JSON around base64 takes beside it.
constexpr std::size_t json_around_max = 1024;

/// Gives something back to a budget at its end.
std::shared_ptr<void> place_in(budget& of, std::shared_ptr<archive_desk> keep) {
  if (!of.take(1)) return nullptr;
  return {&of, [keep = std::move(keep)](budget* at) { at->give_back(1); }};
}

/// What a directory holds; nothing of what cannot be read.
void measure(admin::made_backup& made) {
  namespace fs = std::filesystem;
  std::error_code why;
  for (fs::recursive_directory_iterator at{made.directory, why}, end; !why && at != end;
       at.increment(why)) {
    if (!at->is_regular_file(why)) continue;
    ++made.files;
    made.bytes += at->file_size(why);
  }
}

}  // namespace

std::size_t archive_desk::body_bytes_max(const admin::page_request& of) const noexcept {
  if (of.takes == admin::body_kind::edits) return edits::text_bytes_max + json_around_max;
  if (of.takes != admin::body_kind::bytes) return 0;
  return settings_.update_bytes_max / 3 * 4 + json_around_max;  // in base64
}

std::shared_ptr<void> archive_desk::take_place(const std::shared_ptr<archive_desk>& at,
                                               const std::string& user) {
  if (user.empty()) return place_in(at->places_, at);
  const std::lock_guard lock{at->mutex_};
  std::size_t& held = at->places_by_user_[user];
  auto place = held < archivists_per_user_max ? place_in(at->places_, at) : nullptr;
  if (!place) {
    if (held == 0) at->places_by_user_.erase(user);
    return nullptr;
  }
  ++held;
  void* const known = place.get();
  return {known, [at, user, place = std::move(place)](void*) {
            const std::lock_guard taken{at->mutex_};
            const auto of = at->places_by_user_.find(user);
            if (--of->second == 0) at->places_by_user_.erase(of);
          }};
}

std::shared_ptr<void> archive_desk::take_edit(const std::shared_ptr<archive_desk>& at) {
  return place_in(at->edits_, at);
}

std::shared_ptr<void> archive_desk::take_backup(const std::shared_ptr<archive_desk>& at) {
  return place_in(at->backups_, at);
}

archivist::behavior_type archivist::make_behavior() {
  end_on_exception(this);
  return {[this](const answer_admin_request& order) { on_request(order); }};
}

void archivist::on_exit() {
  if (answer_) finish(admin::show_failure());
  desk_.reset();
  place_.reset();
  under_way_.reset();
}

void archivist::finish(http_answer with) {
  if (const auto answer = std::exchange(answer_, nullptr)) answer(std::move(with));
  quit();
}

void archivist::on_request(const answer_admin_request& order) {
  request_ = order.request;
  under_way_ = order.under_way;
  page_ = order.page;
  switch (page_.to) {
    case admin::page::documents: return list();
    case admin::page::document: return inform();
    case admin::page::create_document: return create_document();
    case admin::page::edit_document: return edit_document();
    case admin::page::set_text: return set_text();
    case admin::page::add_update: return add_update();
    case admin::page::batch: return carry_out_batch();
    case admin::page::remove_document: return remove();
    case admin::page::export_document: return export_document();
    case admin::page::import_document: return import_document();
    case admin::page::copy_document: return copy();
    case admin::page::admit_document: return admit();
    case admin::page::versions: return list_versions();
    case admin::page::make_version: return make_version();
    case admin::page::version: return show_version();
    case admin::page::compare_version: return compare_version();
    case admin::page::restore_version: return restore_version();
    case admin::page::remove_version: return remove_version();
    case admin::page::storage: return show_storage();
    case admin::page::backup: return back_up();
    case admin::page::health:
    case admin::page::readiness:
    case admin::page::dashboard:
    case admin::page::metrics:
    case admin::page::sessions:
    case admin::page::close_sessions:
    case admin::page::change_rights:
    case admin::page::access_changes:
    case admin::page::lift_change:
    case admin::page::notify:
    case admin::page::webhooks:
    case admin::page::replay_webhooks:
    case admin::page::cluster:
    case admin::page::log:
    case admin::page::set_log:
    case admin::page::add_member:
    case admin::page::remove_member:
    case admin::page::send_event:
    case admin::page::document_presence:
    case admin::page::document_sessions: return finish(admin::show_failure());
  }
}

// --- looking ---

void archivist::list() {
  const auto query = admin::read_document_list(*request_);
  if (!query) return finish(query.error());
  auto page = desk_->archive().list(*query);
  if (!page) return fail_with(page.error());
  find_open which;
  for (const storage::document_info& each : page->documents) which.names.push_back(each.name);
  request(desk_->directory(), look_up_patience, std::move(which))
      .then([this, page = *std::move(page)](
                const found_open& open) { finish(admin::show_stored(page, open.names)); },
            [this](const caf::error&) { finish(admin::show_failure()); });
}

/// With ?as= the page shows the contents, as the export does. Of a document that is not here, other
/// nodes say whether it exists, or the server that is replaced.
void archivist::inform() {
  if (admin::wants_contents(*request_)) return export_document();
  const auto stored = desk_->archive().info(document());
  if (!stored) return fail_with(stored.error());
  const bool may_be_elsewhere = desk_->homes() != nullptr || desk_->may_be_upstream(document());
  if (*stored || !may_be_elsewhere) return show_document(*stored);
  if_exists([this] { show_document(std::nullopt); });
}

void archivist::show_document(const std::optional<storage::document_info>& stored) {
  std::optional<placed_document> place;
  if (const newest_links* const homes = desk_->homes())
    place = homes->describe(document(), std::chrono::steady_clock::now());
  request(desk_->directory(), look_up_patience,
          list_documents{.after = {}, .limit = 1, .only = document()})
      .then(
          [this, stored, place](const listed_documents& open) {
            if (!stored && !place && open.documents.empty())
              return finish(admin::answer_no_document(document()));
            finish(admin::show_document(
                stored, open.documents.empty() ? std::nullopt : std::optional{open.documents[0]},
                document(), place));
          },
          [this](const caf::error&) { finish(admin::show_failure()); });
}

/// Goes on with `then` if there is such a document at any node, for which it is opened here; else
/// with the other, or the request is answered.
void archivist::if_exists(std::function<void()> then, std::function<void()> otherwise) {
  request(desk_->directory(), desk_->settings().patience,
          export_state{.document = document(), .wants_state = false, .is_opened = true})
      .then(
          [this, then = std::move(then),
           otherwise = std::move(otherwise)](const exported_state& found) {
            if (found.exists) return then();
            otherwise ? otherwise() : finish(admin::answer_no_document(document()));
          },
          [this](const caf::error& why) { finish(answer_for(why, document())); });
}

void archivist::show_storage() {
  const auto stats = desk_->archive().stats();
  if (!stats) return fail_with(stats.error());
  finish(admin::show_storage(*stats));
}

// --- exports ---

void archivist::export_document() {
  const auto query = admin::read_export(*request_);
  if (!query) return finish(query.error());
  if (query->form == admin::export_form::raw) return export_raw();
  find_state(
      document(),
      [this, query = *query](const shared_bytes& state, const std::string& version) {
        finish(admin::show_export(query, state, settings_of(document()), version));
      },
      query->is_local ? reach::this_node : reach::cluster);
}

void archivist::export_raw() {
  const auto found = desk_->archive().raw(document(), raw_bytes_max);
  if (!found) return fail_with(found.error());
  if (found->pieces.empty() && found->gaps.empty())
    return finish(admin::answer_no_document(document()));
  finish(admin::show_raw(document(), *found));
}

/// From the document, which is opened in a cluster: other nodes may have more than this one. So is
/// one that was never stored, if the server that is replaced may have it.
void archivist::find_state(const std::string& of, with_state then, reach from) {
  const bool is_alone = desk_->homes() == nullptr;
  const bool is_here =
      is_alone && (!desk_->may_be_upstream(of) || desk_->archive().info(of).value_or(std::nullopt));
  if (is_here || from == reach::this_node) return find_state_here(of, then);
  request(desk_->directory(), desk_->settings().patience,
          export_state{.document = of, .is_opened = true})
      .then(
          [this, of, then](const exported_state& live) {
            live.exists ? then(live.state, live.version) : finish(admin::answer_no_document(of));
          },
          [this, of](const caf::error& why) { finish(answer_for(why, of)); });
}

/// From the document if it is open, which knows what is not durable yet; else from storage.
void archivist::find_state_here(const std::string& of, const with_state& then) {
  const auto from_storage = [this, of, then] {
    const auto stored = read_stored(of);
    if (!stored) return fail_with(stored.error());
    if (!*stored) return finish(admin::answer_no_document(of));
    then(**stored, {});
  };
  request(desk_->directory(), desk_->settings().patience,
          export_state{.document = of, .is_local = true})
      .then(
          [then, from_storage](const exported_state& live) {
            live.is_open ? then(live.state, live.version) : from_storage();
          },
          // It has failed, as one does that cannot be loaded: storage says why.
          [from_storage](const caf::error&) { from_storage(); });
}

crdt::doc_settings archivist::settings_of(const std::string& of) const {
  return settings_for(of, desk_->settings().rules, desk_->settings().doc);
}

/// As a document would load it; nothing if there is none. What is one checkpoint alone is its state
/// as it is.
result<std::optional<shared_bytes>> archivist::read_stored(const std::string& of) const {
  TROUPE_ASSIGN(const auto info, desk_->archive().info(of));
  if (!info || (info->is_removed && info->is_admitted)) return std::nullopt;
  TROUPE_ASSIGN(const storage::stored_document stored, desk_->backend().load(of));
  if (stored.updates.empty() && !stored.checkpoint.empty()) return stored.checkpoint;
  const auto state = encode_stored(stored, settings_of(of));
  if (!state) return fail(state.error().code, "document '" + of + "': " + state.error().detail);
  return shared_bytes::copy_of(*state);
}

// --- changes ---

void archivist::import_document() {
  const auto body = admin::read_import(*request_, desk_->settings().update_bytes_max);
  if (!body) return finish(body.error());
  const auto condition = admin::read_condition(*request_);
  if (!condition) return finish(condition.error());
  using policy = import_update::policy;
  import_update order{document(), body->update, body->only_new ? policy::only_new : policy::merge};
  order.condition = *condition;
  send_import(std::move(order), [this](const imported_update& outcome) {
    finish(outcome.what == imported_update::outcome::unmatched
               ? admin::show_edited(document(), outcome)
               : admin::show_imported(document(), outcome));
  });
}

void archivist::copy() {
  const auto to = admin::read_copy(*request_);
  if (!to) return finish(to.error());
  find_state(document(), [this, to = *to](const shared_bytes& state, const std::string&) {
    send_import({to, state, import_update::policy::only_new},
                [this, to, size = state.size()](const imported_update& outcome) {
                  finish(admin::show_copied(document(), to, size, outcome));
                });
  });
}

void archivist::send_import(import_update order, std::function<void(const imported_update&)> then) {
  ask_import(std::move(order), [this, then](const import_result& outcome) {
    outcome ? then(*outcome) : finish(outcome.error());
  });
}

/// Answered when the update is durable. Storage is not looked at before: it is the document that
/// knows whether it can be changed, and edits come by the thousand.
void archivist::ask_import(import_update order, std::function<void(const import_result&)> then) {
  const std::string to = order.document;
  order.user = request_->asker.user;
  order.under_way = under_way_;
  request(desk_->directory(), desk_->settings().patience, std::move(order))
      .then([then](const imported_update& outcome) { then(outcome); },
            [this, to, then](const caf::error& why) { then(tl::unexpected(answer_for(why, to))); });
}

/// What is open and was never stored is no document yet, so its sessions stay. In a cluster the
/// document is opened first: this node may have none of it, or one that others have removed. One
/// that was never stored is removed, too, if another server may have it, and not fetched later.
void archivist::remove() {
  const auto info = desk_->archive().info(document());
  if (!info) return fail_with(info.error());
  const bool is_alone = desk_->homes() == nullptr;
  const bool may_be_upstream = desk_->may_be_upstream(document());
  if (!*info && is_alone && !may_be_upstream) return finish(admin::answer_no_document(document()));
  // Or its sessions would be closed for good, though it stays.
  const auto stats = desk_->archive().stats();
  if (!stats) return fail_with(stats.error());
  if (auto refusal = admin::refusal_to_remove(*stats)) return finish(*std::move(refusal));
  const bool is_removed = *info && (*info)->is_removed && !(*info)->is_admitted;
  if (is_alone || is_removed) return ask_to_remove();
  if_exists([this] { ask_to_remove(); },
            may_be_upstream ? [this] { ask_to_remove(); } : std::function<void()>{});
}

void archivist::ask_to_remove() {
  request(desk_->directory(), desk_->settings().patience, remove_document{document()})
      .then(
          [this](const removed_document& outcome) {
            if (outcome.why) return fail_with(*outcome.why);
            if (outcome.is_unconfirmed)
              return finish(
                  admin::answer_unavailable("the document is removed here and not confirmed yet"));
            finish(admin::show_removed(document(), outcome.was_there));
          },
          [this](const caf::error& why) { finish(answer_for(why, document())); });
}

void archivist::admit() {
  const auto info = desk_->archive().info(document());
  if (!info) return fail_with(info.error());
  if (!*info) return finish(admin::answer_no_document(document()));
  const auto admitted = desk_->archive().admit(document());
  if (!admitted) return fail_with(admitted.error());
  if (*admitted) {
    log_line(log_severity::info, "document '" + document() + "' may be created again");
    tell(this, desk_->directory(), announce_generation{document()});
  }
  finish(admin::show_admitted(document(), *admitted));
}

void archivist::back_up() {
  const auto directory = admin::read_backup(*request_, desk_->settings().backup_directory);
  if (!directory) return finish(directory.error());
  const auto turn = archive_desk::take_backup(desk_);
  if (!turn) return finish(admin::answer_error(409, "another backup is being made"));
  log_line(log_severity::info, "a backup to '" + *directory + "' begins");
  const auto begin = std::chrono::steady_clock::now();
  const auto copied = desk_->archive().backup(*directory);
  if (!copied) {
    log_line(log_severity::error, "a backup failed: " + to_string(copied.error()));
    return fail_with(copied.error());
  }
  admin::made_backup made{.directory = *directory};
  made.took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  measure(made);
  log_line(log_severity::info, "a backup to '" + *directory + "' is complete");
  finish(admin::show_backup(made));
}

// --- failures ---

void archivist::fail_with(const failure& why) { finish(admin::show_storage_failure(why)); }

/// The document or the directory could not: storage may say why.
http_answer archivist::answer_for(const caf::error& why, const std::string& of) const {
  if (why == caf::sec::request_timeout)
    return admin::answer_error(
        503, "it takes too long, as when storage cannot write; it may yet be done");
  const close_reason reason = to_close_reason(why);
  if (reason == close_reason::document_removed) return admin::answer_removed(of);
  if (reason == close_reason::cluster_unavailable)
    return admin::answer_unavailable("nothing is done");
  if (reason == close_reason::upstream_unavailable) return admin::answer_not_fetched();
  const auto loaded = desk_->backend().load(of);
  if (!loaded)
    return loaded.error().code == errc::document_removed
               ? admin::answer_removed(of)
               : admin::show_storage_failure(loaded.error());
  return admin::answer_error(503, std::string{describe(reason).text});
}

}  // namespace troupe
