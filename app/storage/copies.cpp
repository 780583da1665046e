// Backups of a store that nobody has open, and the way back.
#include <filesystem>

#include <unistd.h>

#include "app/storage/commands.hpp"
#include "base/printable.hpp"
#include "storage/store_files.hpp"

namespace troupe {

namespace {

namespace fs = std::filesystem;

tl::unexpected<failure> refuse(const std::string& path, errc code, std::string_view why) {
  return fail(code, in_single_quotes(path) + ": " + std::string{why});
}

/// That a copy of `from` may be put there.
result<void> check_free(const std::string& path, const std::string& from) {
  if (storage::is_within(path, from))
    return refuse(path, errc::storage_failed,
                  "it lies in the directory of the store itself; name another one");
  std::error_code why;
  if (!fs::exists(path, why)) return {};
  if (fs::exists(fs::path{path} / "CURRENT", why))
    return refuse(path, errc::storage_failed,
                  "there is a store already, which is never overwritten; name another directory, "
                  "or move that one away");
  if (!fs::is_directory(path, why) || !fs::is_empty(path, why))
    return refuse(path, errc::storage_failed,
                  "it exists and is not empty; name a directory that does not exist");
  return {};
}

result<void> check_space(const std::string& from, const std::string& to) {
  const std::uint64_t needed = storage::size_of_files(from);
  const std::uint64_t free = storage::free_bytes_at(to);
  if (free >= needed) return {};
  return refuse(to, errc::disk_full,
                size_text(needed) + " are needed and " + size_text(free) + " are free");
}

/// A directory that is gone at the end, unless it was moved away.
struct unfinished {
  std::string path;
  ~unfinished() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

/// Copies a store beside its place, checks the copy, and says what is wrong with it.
result<storage::verify_report> copy_and_verify(const std::string& from, const std::string& to) {
  {
    // Nobody opens it meanwhile, and it is a store.
    TROUPE_ASSIGN(const auto held, storage::rocksdb_backend::inspect(tool_settings(from)));
    TROUPE_TRY(storage::copy_files(from, to, storage::tables::copied));
  }
  return verify_directory(to);
}

std::string json_of(const storage_request& request, const storage::verify_report& report) {
  json::writer out;
  out.open('{').name("from").value(request.path).name("to").value(request.to);
  write_report(report, out);
  return out.close('}').take() + "\n";
}

std::string part_of(const std::string& to) {
  std::string path = to;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path + ".part-" + std::to_string(::getpid());
}

}  // namespace

result<storage_outcome> backup_store(const storage_request& request) {
  TROUPE_TRY(check_free(request.to, request.path));
  TROUPE_TRY(check_space(request.path, request.to));
  const unfinished part{part_of(request.to)};
  TROUPE_ASSIGN(const auto report, copy_and_verify(request.path, part.path));
  TROUPE_TRY(storage::move_directory(part.path, request.to));
  storage_outcome outcome;
  outcome.code = report.damages_in_total == 0 ? storage_sound : storage_damaged;
  if (request.as_json) {
    outcome.text = json_of(request, report);
    return outcome;
  }
  outcome.text = report_text(report, request.to);
  outcome.text += report.damages_in_total == 0
                      ? "The backup is complete, and all of it can be read.\n"
                      : "The backup is complete, and as damaged as the store.\n";
  return outcome;
}

result<storage_outcome> restore_store(const storage_request& request) {
  TROUPE_TRY(check_free(request.to, request.path));
  TROUPE_TRY(check_space(request.path, request.to));
  const unfinished part{part_of(request.to)};
  TROUPE_ASSIGN(const auto report, copy_and_verify(request.path, part.path));
  storage_outcome outcome;
  const bool is_sound = report.damages_in_total == 0;
  if (is_sound) TROUPE_TRY(storage::move_directory(part.path, request.to));
  outcome.code = is_sound ? storage_sound : storage_damaged;
  if (request.as_json) {
    outcome.text = json_of(request, report);
    return outcome;
  }
  outcome.text = report_text(report, request.path);
  outcome.text += is_sound ? "It is restored to " + in_single_quotes(request.to) + ".\n"
                           : "It is damaged, so nothing was restored. To save what can be read: "
                             "troupe storage repair " +
                                 in_single_quotes(request.path) + " --to '" +
                                 printable(request.to) + "'\n";
  return outcome;
}

}  // namespace troupe
