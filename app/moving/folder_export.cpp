#include "app/moving/folder_export.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "app/moving/file_name.hpp"
#include "app/moving/folder_source.hpp"
#include "base/printable.hpp"
#include "protocol/crdt/doc.hpp"

namespace troupe::moving {

namespace {

namespace fs = std::filesystem;

tl::unexpected<failure> cannot_write(const fs::path& path, int why) {
  return fail(why == ENOSPC || why == EDQUOT ? errc::disk_full : errc::storage_failed,
              in_single_quotes(path.string()) + ": cannot be written: " + std::strerror(why));
}

result<void> write_file(const fs::path& path, byte_view bytes) {
  std::error_code why;
  fs::create_directories(path.parent_path(), why);
  if (why) return cannot_write(path.parent_path(), why.value());
  const fs::path part = path.string() + ".part";
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return cannot_write(part, errno);
  int problem = 0;
  while (!bytes.empty() && problem == 0) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) problem = errno;
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  if (problem == 0 && ::fsync(file) != 0) problem = errno;
  if (::close(file) != 0 && problem == 0) problem = errno;
  if (problem == 0 && std::rename(part.c_str(), path.c_str()) != 0) problem = errno;
  if (problem == 0) return {};
  ::unlink(part.c_str());
  return cannot_write(path, problem);
}

/// The names in a folder are durable when this returns.
result<void> sync_folder(const std::string& folder) {
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return cannot_write(folder, errno);
  const int problem = ::fsync(opened) == 0 ? 0 : errno;
  ::close(opened);
  if (problem != 0) return cannot_write(folder, problem);
  return {};
}

/// The state as one update. Fails with corrupt_document.
result<byte_buffer> state_of(const storage::stored_document& stored) {
  crdt::doc doc{crdt::doc_settings{.gc = crdt::garbage_collection::off, .limit = {}}};
  std::vector<crdt::repaired_struct> repaired;
  if (stored.checkpoint.size() > 0) TROUPE_TRY(doc.load_update(stored.checkpoint.view(), repaired));
  for (const shared_slice& each : stored.updates)
    TROUPE_TRY(doc.load_update(each.view(), repaired));
  return doc.encode_state_as_update();
}

result<void> export_one(storage::backend& from, const std::string& name, const std::string& folder,
                        existing_file rule, export_report& report) {
  ++report.documents;
  const auto stored = from.load(name);
  const auto state = stored ? state_of(*stored) : tl::unexpected(stored.error());
  if (!state) {
    report.add_problem(name, to_string(state.error()));
    return {};
  }
  const fs::path path = fs::path{folder} / path_of_name(name);
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    const auto present = read_whole_file(path.string());
    if (present && std::ranges::equal(as_bytes(*present), *state)) {
      ++report.unchanged;
      return {};
    }
    if (rule == existing_file::refuse) {
      report.add_problem(name, in_single_quotes(path.string()) + " is there with other contents");
      return {};
    }
  }
  TROUPE_TRY(write_file(path, *state));
  ++report.written;
  report.bytes += state->size();
  return {};
}

}  // namespace

void export_report::add_problem(std::string document, std::string what) {
  ++problems_in_total;
  if (problems.size() < problems_listed_max)
    problems.push_back({std::move(document), std::move(what)});
}

result<export_report> export_documents(storage::backend& from, storage::archive& names,
                                       const std::string& folder, existing_file rule) {
  export_report report;
  std::error_code why;
  fs::create_directories(folder, why);
  if (why) return cannot_write(folder, why.value());
  storage::document_query query{.prefix = {}, .after = {}, .limit = 1000, .with_removed = false};
  for (bool has_more = true; has_more;) {
    TROUPE_ASSIGN(const auto page, names.list(query));
    for (const storage::document_info& each : page.documents) {
      query.after = each.name;
      TROUPE_TRY(export_one(from, each.name, folder, rule, report));
    }
    has_more = page.has_more;
  }
  TROUPE_TRY(sync_folder(folder));
  return report;
}

}  // namespace troupe::moving
