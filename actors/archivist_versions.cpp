// The pages of the archivist about versions.
#include <chrono>

#include "actors/admin_compare.hpp"
#include "actors/admin_pages.hpp"
#include "actors/admin_versions.hpp"
#include "actors/archivist.hpp"

namespace troupe {

namespace {

/// How long a version waits for the first edit of its document to be stored, and how often it
/// looks.
constexpr std::chrono::seconds storing_patience{2};
constexpr std::chrono::milliseconds storing_look{10};

}  // namespace

/// What is known of the document; if there is none, the request is answered.
std::optional<storage::document_info> archivist::find_document() {
  auto info = desk_->archive().info(document());
  if (!info) return fail_with(info.error()), std::nullopt;
  if (!*info) return finish(admin::answer_no_document(document())), std::nullopt;
  if ((*info)->is_removed) return finish(admin::answer_removed(document())), std::nullopt;
  return *std::move(info);
}

/// The version that the path names, or another; else the request is answered.
std::optional<storage::stored_version> archivist::find_version(storage::version_number number) {
  auto found = desk_->archive().read_version(document(), number);
  if (!found) return fail_with(found.error()), std::nullopt;
  if (!*found) finish(admin::answer_no_version(document(), number));
  return *std::move(found);
}

void archivist::list_versions() {
  const auto query = admin::read_version_list(*request_, document());
  if (!query) return finish(query.error());
  if (!find_document()) return;
  const auto page = desk_->archive().list_versions(*query);
  if (!page) return fail_with(page.error());
  finish(admin::show_versions(*page));
}

void archivist::make_version() {
  const auto label = admin::read_new_version(*request_);
  if (!label) return finish(label.error());
  keep_version(*label, std::chrono::steady_clock::now() + storing_patience);
}

/// Waits until `latest` for a document that is being edited for the first time and not stored yet.
void archivist::keep_version(const std::string& label,
                             std::chrono::steady_clock::time_point latest) {
  const auto info = desk_->archive().info(document());
  if (!info) return fail_with(info.error());
  if (*info && (*info)->is_removed) return finish(admin::answer_removed(document()));
  // What is stored by now is part of the state that is asked for next.
  find_state(document(), [this, label, latest, info = *info](const shared_bytes& state,
                                                             const std::string&) {
    if (!info && (state.empty() || std::chrono::steady_clock::now() >= latest))
      return finish(admin::answer_no_document(document()));
    if (!info) return void(run_delayed(storing_look, [=, this] { keep_version(label, latest); }));
    const auto made = desk_->versions().keep(document(), {label, false, info->last, state.view()});
    if (!made && made.error().code == errc::quota_exceeded)
      return finish(admin::answer_error(409, made.error().detail));
    if (!made) return fail_with(made.error());
    finish(admin::show_version(201, *made));
  });
}

void archivist::show_version() {
  const auto number = admin::read_version_number(page_.id);
  if (!number) return finish(number.error());
  const auto form = admin::read_version_form(*request_);
  if (!form) return finish(form.error());
  if (!find_document()) return;
  const auto version = find_version(*number);
  if (!version) return;
  if (!*form) return finish(admin::show_version(200, version->info));
  finish(admin::show_export(**form, version->state, settings_of(document())));
}

void archivist::compare_version() {
  const auto number = admin::read_version_number(page_.id);
  if (!number) return finish(number.error());
  const auto with = admin::read_comparison(*request_);
  if (!with) return finish(with.error());
  if (!find_document()) return;
  const auto before = find_version(*number);
  if (!before) return;
  if (!*with)
    return find_state(document(),
                      [this, before = *before](const shared_bytes& now, const std::string&) {
                        show_comparison(before, std::nullopt, now);
                      });
  const auto after = find_version(**with);
  if (after) show_comparison(*before, **with, after->state);
}

void archivist::show_comparison(const storage::stored_version& before,
                                std::optional<storage::version_number> with,
                                const shared_bytes& after) {
  crdt::doc of_before{settings_of(document())};
  crdt::doc of_after{settings_of(document())};
  std::vector<crdt::repaired_struct> repaired;
  if (const auto loaded = of_before.load_update(before.state.view(), repaired); !loaded)
    return fail_with({errc::corrupt_document, to_string(loaded.error())});
  if (!after.empty())
    if (const auto loaded = of_after.load_update(after.view(), repaired); !loaded)
      return fail_with({errc::corrupt_document, to_string(loaded.error())});
  finish(admin::show_comparison(before.info.number, with, compare_documents(of_before, of_after)));
}

/// Answered when the edit is durable.
void archivist::restore_version() {
  const auto number = admin::read_version_number(page_.id);
  if (!number) return finish(number.error());
  if (!find_document()) return;
  const auto version = find_version(*number);
  if (!version) return;
  const auto condition = admin::read_condition(*request_);
  if (!condition) return finish(condition.error());
  import_update order{document(), version->state, import_update::policy::restore};
  order.condition = *condition;
  send_import(std::move(order), [this, number = *number](const imported_update& outcome) {
    if (outcome.what == imported_update::outcome::unmatched)
      return finish(admin::show_edited(document(), outcome));
    if (outcome.what == imported_update::outcome::changed)
      log_line(log_severity::info,
               "document '" + document() + "' shows version " + std::to_string(number) + " again");
    finish(admin::show_restored(document(), number, outcome));
  });
}

void archivist::remove_version() {
  const auto number = admin::read_version_number(page_.id);
  if (!number) return finish(number.error());
  if (!find_document()) return;
  const auto removed = desk_->archive().remove_version(document(), *number);
  if (!removed) return fail_with(removed.error());
  if (!*removed) return finish(admin::answer_no_version(document(), *number));
  finish(admin::show_version_removed(document(), *number));
}

}  // namespace troupe
