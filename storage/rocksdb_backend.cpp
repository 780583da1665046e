#include "storage/rocksdb_backend.hpp"

#include "storage/rocksdb_state.hpp"

namespace troupe::storage {

rocksdb_backend::rocksdb_backend(std::unique_ptr<state> opened) : state_(std::move(opened)) {}
rocksdb_backend::~rocksdb_backend() = default;

namespace {

std::string space_text(std::uint64_t free, std::uint64_t awaited) {
  return std::to_string(free)
      .append(" bytes are free on the disk of the store, ")
      .append(std::to_string(awaited))
      .append(" are awaited");
}

}  // namespace

result<std::unique_ptr<rocksdb_backend>> rocksdb_backend::open(rocksdb_settings settings) {
  auto opened = std::make_unique<state>(std::move(settings));
  TROUPE_ASSIGN(opened->store, opened->open_store());
  return std::unique_ptr<rocksdb_backend>{new rocksdb_backend{std::move(opened)}};
}

result<std::unique_ptr<rocksdb_backend>> rocksdb_backend::inspect(rocksdb_settings settings) {
  auto opened = std::make_unique<state>(std::move(settings));
  opened->is_inspected = true;
  opened->is_writable = false;
  TROUPE_ASSIGN(opened->store, opened->inspect_store());
  return std::unique_ptr<rocksdb_backend>{new rocksdb_backend{std::move(opened)}};
}

result<stored_document> rocksdb_backend::load(const std::string& document) {
  const state::use store{*state_};
  if (!store) return tl::unexpected(in_document(document, state_->closed()));
  const rocksdb_reader reader{*store};
  const auto load = [&]() -> result<stored_document> {
    TROUPE_ASSIGN(const std::optional<document_meta> meta, reader.find_meta(document));
    if (!meta) return stored_document{};
    TROUPE_TRY(check_present(*meta));
    TROUPE_ASSIGN(stored_document stored, reader.load(*meta));
    if (!stored.damage.empty()) state_->note_damage(document, meta->newest);
    return stored;
  };
  auto stored = load();
  if (!stored) return tl::unexpected(in_document(document, std::move(stored).error()));
  return stored;
}

result<void> rocksdb_backend::write(const batch& what) {
  std::lock_guard lock{state_->writing};
  TROUPE_TRY(state_->check_writable());
  const rocksdb_writer::damage_test is_damaged = [this](const std::string& name, generation g) {
    return state_->is_damaged(name, g);
  };
  rocksdb_writer writer{*state_->store, state_->heads, state_->now(), is_damaged};
  for (const log_append& append : what.appends) TROUPE_TRY(writer.add(append));
  for (const checkpoint_write& checkpoint : what.checkpoints) TROUPE_TRY(writer.add(checkpoint));
  for (const announcement& each : what.announcements) TROUPE_TRY(writer.add(each));
  rocksdb::WriteBatch& written = writer.finish();
  if (written.Count() == 0) return {};
  TROUPE_TRY(state_->commit(written));
  writer.remember();
  return {};
}

/// First as the library does it: what is in memory goes to tables, the journal begins anew. If it
/// cannot, or is about to by itself (Busy), the store is closed and opened, which does the same
/// from the journal; a record of the failed batch may come to light then.
result<void> rocksdb_backend::recover() {
  std::lock_guard lock{state_->writing};
  if (state_->is_inspected) return state_->check_writable();
  if (state_->is_writable && state_->store) return {};
  if (state_->is_full) {
    const std::uint64_t awaited = awaited_space(state_->settings);
    const auto free = state_->free_space();
    if (free && *free < awaited) return fail(errc::disk_full, space_text(*free, awaited));
  }
  if (!state_->store || !state_->store->db().Resume().ok()) {
    if (auto opened = state_->reopen(); !opened) {
      state_->is_full = opened.error().code == errc::disk_full;
      if (state_->is_full)
        return fail(errc::disk_full,
                    space_text(state_->free_space().value_or(0), awaited_space(state_->settings)));
      return opened;
    }
  }
  state_->heads.clear();
  state_->is_full = false;
  state_->is_writable = true;
  return {};
}

}  // namespace troupe::storage
