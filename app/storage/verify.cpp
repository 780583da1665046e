#include <filesystem>

#include "app/storage/commands.hpp"
#include "app/storage/contents.hpp"
#include "app/storage/place.hpp"
#include "base/printable.hpp"

namespace troupe {

namespace {

/// Whether a directory has files of a store, though it cannot be opened.
bool has_store_files(const std::string& path) {
  std::error_code why;
  for (std::filesystem::directory_iterator at{path, why}, end; !why && at != end;
       at.increment(why)) {
    const std::string name = at->path().filename().string();
    if (name.ends_with(".sst") || name.ends_with(".log") || name.starts_with("MANIFEST-"))
      return true;
  }
  return false;
}

/// A store that is so damaged that it cannot be opened.
storage_outcome unopened(const storage_request& request, const failure& why) {
  storage_outcome outcome;
  outcome.code = storage_damaged;
  if (request.as_json) {
    json::writer out;
    out.open('{').name("store").value(request.path).name("unopened").value(why.detail);
    outcome.text = out.close('}').take() + "\n";
    return outcome;
  }
  outcome.text = "The store cannot be opened: " + why.detail +
                 "\nTo save what can be read: troupe storage repair " +
                 in_single_quotes(request.path) + "\n";
  return outcome;
}

/// Also while servers write.
result<storage::verify_report> verify_database(const std::string& url, const std::string& schema) {
  TROUPE_ASSIGN(const opened_store store, inspect_store(url, schema));
  return store.archive->verify({}, check_contents);
}

}  // namespace

result<storage_outcome> verify_store(const storage_request& request) {
  const auto verified = is_database_url(request.path)
                            ? verify_database(request.path, request.schema)
                            : verify_directory(request.path);
  if (!verified && verified.error().code == errc::corrupt_store && has_store_files(request.path))
    return unopened(request, verified.error());
  TROUPE_ASSIGN(const auto report, verified);
  storage_outcome outcome;
  outcome.code = report.damages_in_total == 0 ? storage_sound : storage_damaged;
  if (request.as_json) {
    json::writer out;
    out.open('{').name("store").value(request.path);
    write_report(report, out);
    outcome.text = out.close('}').take() + "\n";
    return outcome;
  }
  outcome.text = report_text(report, request.path);
  if (report.damages_in_total > 0 && !is_database_url(request.path))
    outcome.text +=
        "To save what can be read: troupe storage repair " + in_single_quotes(request.path) + "\n";
  return outcome;
}

}  // namespace troupe
