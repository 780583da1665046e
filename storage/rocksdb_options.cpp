#include "storage/rocksdb_options.hpp"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "storage/document_id.hpp"

namespace troupe::storage {
namespace {

/// Takes the library's log lines. With one of its own (a file named LOG in the directory of the
/// data) Debian's build, which has its assertions on, ends the process when the disk is full.
class line_logger final : public rocksdb::Logger {
 public:
  explicit line_logger(std::function<void(log_level, std::string_view)> log)
      : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), log_(std::move(log)) {}

  void LogHeader(const char*, va_list) override {}
  void Logv(const char*, va_list) override {}
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list values) override {
    if (!log_ || level < rocksdb::InfoLogLevel::WARN_LEVEL ||
        level == rocksdb::InfoLogLevel::HEADER_LEVEL)
      return;
    std::array<char, 1024> line;
    const int size = std::vsnprintf(line.data(), line.size(), format, values);
    if (size < 0) return;
    const auto shown = std::min(static_cast<std::size_t>(size), line.size() - 1);
    log_(level == rocksdb::InfoLogLevel::WARN_LEVEL ? log_level::warning : log_level::error,
         {line.data(), shown});
  }

 private:
  std::function<void(log_level, std::string_view)> log_;
};

/// How many write buffers may be in use, of all families together.
constexpr std::size_t write_buffers_max = 4;

rocksdb::ColumnFamilyOptions make_family(const rocksdb_settings& settings,
                                         const std::shared_ptr<rocksdb::Cache>& cache,
                                         family which) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = settings.write_buffer_size_bytes;
  options.max_write_buffer_number = 3;
  options.compression = rocksdb::kLZ4Compression;
  options.bottommost_compression = rocksdb::kZSTD;
  options.level_compaction_dynamic_level_bytes = true;
  // Keys are spread evenly, so merging level 0 rewrites all of the next level: seldom, then. Half
  // of what is written lives until the next checkpoint but one, so it often need not be merged.
  options.level0_file_num_compaction_trigger = 16;
  options.level0_slowdown_writes_trigger = 32;
  options.level0_stop_writes_trigger = 48;
  options.max_bytes_for_level_base = 24 * settings.write_buffer_size_bytes;
  options.target_file_size_base = 32 * 1024 * 1024;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  if (which == family::log) {
    // What a checkpoint replaces before its buffer is full is never written to a table.
    options.write_buffer_size = 2 * settings.write_buffer_size_bytes;
    options.compression = rocksdb::kZSTD;
    table.block_size = 16 * 1024;
  }
  if (which == family::checkpoints || which == family::versions)  // they come compressed
    options.compression = options.bottommost_compression = rocksdb::kNoCompression;
  if (which == family::log || which == family::checkpoints || which == family::versions) {
    // Records and chunks are read from a place on, never by their whole key alone.
    options.prefix_extractor.reset(
        rocksdb::NewFixedPrefixTransform(std::tuple_size_v<document_id>));
    table.whole_key_filtering = false;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

/// A quota, too, says that there is no space, in words only.
bool is_out_of_space(const rocksdb::Status& status) {
  return status.subcode() == rocksdb::Status::kNoSpace ||
         status.subcode() == rocksdb::Status::kSpaceLimit ||
         status.ToString().find("quota exceeded") != std::string::npos;
}

}  // namespace

std::string_view name_of(family which) noexcept {
  switch (which) {
    case family::unused: return "default";
    case family::log: return "log";
    case family::checkpoints: return "snap";
    case family::meta: return "meta";
    case family::versions: return "vers";
    case family::announcements: return "hook";
  }
  return "";
}

rocksdb::DBOptions make_database_options(const rocksdb_settings& settings) {
  rocksdb::DBOptions options;
  if (settings.env) options.env = settings.env.get();
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.info_log = std::make_shared<line_logger>(settings.log);
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;

  // Damage is found and refused, not worked around: the library's own choice would open with half
  // of the fsynced records after one changed byte, and say nothing. The end of the journal may be
  // torn by a crash; what is behind the last fsync was confirmed to nobody.
  options.paranoid_checks = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.recycle_log_file_num = 0;  // a recycled journal has old records behind its end
  // wal_compression would save a quarter of all bytes written; in 7.8 it is "work in progress".
  // recover() decides when to continue. What the library does by itself would race with it.
  options.max_bgerror_resume_count = 0;

  options.db_write_buffer_size = write_buffers_max * settings.write_buffer_size_bytes;
  options.max_total_wal_size = settings.journal_size_bytes_max;
  options.wal_bytes_per_sync = 1024 * 1024;
  options.bytes_per_sync = 1024 * 1024;
  options.max_background_jobs = 2;
  options.max_open_files = 256;
  options.max_file_opening_threads = 2;
  options.skip_stats_update_on_db_open = true;
  options.rate_limiter.reset(rocksdb::NewGenericRateLimiter(
      static_cast<std::int64_t>(settings.table_bytes_per_second_max)));
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> make_families(const rocksdb_settings& settings) {
  const auto cache = rocksdb::NewLRUCache(settings.cache_size_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < family_count; ++i) {
    const auto which = static_cast<family>(i);
    families.emplace_back(std::string{name_of(which)}, make_family(settings, cache, which));
  }
  return families;
}

std::uint64_t awaited_space(const rocksdb_settings& settings) noexcept {
  return write_buffers_max * static_cast<std::uint64_t>(settings.write_buffer_size_bytes);
}

rocksdb::WriteOptions durable_write() {
  rocksdb::WriteOptions options;
  options.sync = true;
  options.protection_bytes_per_key = 8;
  return options;
}

failure to_failure(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (is_out_of_space(status)) return {errc::disk_full, text};
  if (status.IsCorruption()) return {errc::corrupt_store, text};
  return {errc::storage_failed, text};
}

failure to_document_failure(const rocksdb::Status& status) {
  failure what = to_failure(status);
  if (what.code == errc::corrupt_store) what.code = errc::corrupt_document;
  return what;
}

}  // namespace troupe::storage
