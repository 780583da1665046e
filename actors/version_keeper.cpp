#include "actors/version_keeper.hpp"

#include "base/wall_clock.hpp"

namespace troupe {

result<byte_buffer> encode_stored(const storage::stored_document& stored,
                                  const crdt::doc_settings& settings) {
  crdt::doc state{settings};
  std::vector<crdt::repaired_struct> repaired;
  const auto load = [&](byte_view update) -> result<void> {
    if (const auto applied = state.load_update(update, repaired); !applied)
      return fail(errc::corrupt_document, to_string(applied.error()));
    return {};
  };
  if (!stored.checkpoint.empty()) TROUPE_TRY(load(stored.checkpoint.view()));
  for (const shared_slice& update : stored.updates) TROUPE_TRY(load(update.view()));
  return state.encode_state_as_update();
}

result<storage::version_info> version_keeper::keep(const std::string& document,
                                                   const storage::version_draft& what) const {
  TROUPE_ASSIGN(std::vector<storage::version_info> all, list(document));
  if (all.size() >= rules_.max_per_document) {
    version_rules one_less = rules_;
    --one_less.max_per_document;
    TROUPE_TRY(thin(document, std::move(all), one_less));
    TROUPE_ASSIGN(all, list(document));
    if (all.size() >= rules_.max_per_document)
      return fail(errc::quota_exceeded,
                  "the document has " + std::to_string(all.size()) +
                      " versions that people made, as many as versions.max_per_document allows");
  }
  return add(document, what);
}

/// Names those who have edited since the version before.
result<storage::version_info> version_keeper::add(const std::string& document,
                                                  storage::version_draft what) const {
  if (changes_) what.by = changes_->take_credits(document);
  auto added = archive_->add_version(document, what);
  if (!added && changes_) changes_->give_back(document, what.by);
  return added;
}

result<std::optional<storage::version_info>>
version_keeper::keep_if_changed(const std::string& document) const {
  TROUPE_ASSIGN(const std::optional<storage::document_info> info, archive_->info(document));
  if (!info || info->is_removed) return std::nullopt;
  TROUPE_ASSIGN(std::vector<storage::version_info> all, list(document));
  if (!all.empty() && all.back().damage.empty() && all.back().covers == info->last)
    return std::nullopt;
  TROUPE_ASSIGN(storage::version_info added, keep_stored(document));
  all.push_back(added);
  TROUPE_TRY(thin(document, std::move(all), rules_));
  return added;
}

result<storage::version_info> version_keeper::keep_stored(const std::string& document) const {
  TROUPE_ASSIGN(const storage::stored_document stored, backend_->load(document));
  auto state = encode_stored(stored, settings_of_(document));
  if (!state)
    return fail(state.error().code, "document '" + document + "': " + state.error().detail);
  return add(document, {{}, true, stored.last, *state});
}

result<std::vector<storage::version_info>> version_keeper::list(const std::string& document) const {
  std::vector<storage::version_info> all;
  constexpr std::size_t page_size = 1000;
  for (bool has_more = true; has_more;) {
    TROUPE_ASSIGN(
        storage::version_page page,
        archive_->list_versions({document, all.empty() ? 0 : all.back().number, page_size}));
    for (storage::version_info& each : page.versions) all.push_back(std::move(each));
    has_more = page.has_more;
  }
  return all;
}

/// A damaged one stays: who made it is not known.
result<void> version_keeper::thin(const std::string& document,
                                  std::vector<storage::version_info> all,
                                  const version_rules& rules) const {
  std::vector<version_age> ages;
  for (const storage::version_info& each : all)
    ages.push_back({each.number, each.created_at, each.is_automatic});
  for (const std::uint64_t number : find_outdated(ages, wall_clock_ms(), rules))
    if (const auto removed = archive_->remove_version(document, number); !removed)
      return tl::unexpected(removed.error());
  return {};
}

}  // namespace troupe
