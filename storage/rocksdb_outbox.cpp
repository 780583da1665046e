// The announcements in RocksDB.
#include "storage/announcement_record.hpp"
#include "storage/rocksdb_state.hpp"
#include "storage/rocksdb_text.hpp"

namespace troupe::storage {

result<void> rocksdb_backend::change(const outbox_change& what) {
  for (const announcement& each : what.puts) TROUPE_TRY(check_announcement(each));
  if (what.empty()) return {};
  std::lock_guard lock{state_->writing};
  TROUPE_TRY(state_->check_writable());
  rocksdb::ColumnFamilyHandle* const in = state_->store->handle(family::announcements);
  rocksdb::WriteBatch batch{0, 0, 8, 0};
  rocksdb::Status status;
  for (const announcement_number each : what.removals)
    if (status.ok()) status = batch.Delete(in, announcement_key(each));
  for (const announcement& each : what.puts) {
    const std::string key = announcement_key(each.number);
    if (status.ok()) status = batch.Put(in, key, encode_announcement(key, each));
  }
  if (!status.ok()) return tl::unexpected(to_failure(status));
  return state_->commit(batch);
}

result<outbox_page> rocksdb_backend::announcements(const outbox_query& which) {
  const state::use store{*state_};
  if (!store) return tl::unexpected(state_->closed());
  const rocksdb_reader reader{*store, rocksdb_reader::caching::no};
  const auto at = reader.iterate(family::announcements);
  outbox_page page;
  at->Seek(announcement_key(which.after));
  for (; at->Valid(); at->Next()) {
    const auto number = read_announcement_key(text_of(at->key()));
    if (number && *number <= which.after) continue;
    page.has_more = page.announcements.size() >= which.limit;
    if (page.has_more) break;
    if (number) page.last = *number;
    if (auto read = decode_announcement(text_of(at->key()), text_of(at->value())))
      page.announcements.push_back(std::move(*read));
    else
      ++page.damaged;
  }
  if (!at->status().ok()) return tl::unexpected(to_failure(at->status()));
  return page;
}

}  // namespace troupe::storage
