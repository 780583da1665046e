#include "app/moving/tool.hpp"

#include <filesystem>
#include <ostream>

#include "app/moving/folder_source.hpp"
#include "app/moving/leveldb_source.hpp"
#include "app/moving/postgres_source.hpp"
#include "app/moving/sqlite_source.hpp"
#include "app/moving/upstream_source.hpp"
#include "app/moving/ysweet_source.hpp"
#include "app/storage/commands.hpp"
#include "app/storage/place.hpp"
#include "base/printable.hpp"

namespace troupe {

namespace {

using moving::import_problem;

result<std::unique_ptr<moving::document_source>> open_source(const import_request& request) {
  switch (request.kind) {
    case import_kind::y_leveldb: return moving::open_leveldb(request.from, request.names);
    case import_kind::hocuspocus_sqlite: return moving::open_sqlite(request.from);
    case import_kind::hocuspocus_s3_dump: return moving::open_s3_dump(request.from);
    case import_kind::y_sweet: return moving::open_ysweet(request.from);
    case import_kind::updates: return moving::open_updates_folder(request.from);
    case import_kind::postgres_bytea:
      return moving::open_postgres(
          {request.from, request.which, request.name_column, request.data_column});
    case import_kind::y_websocket:
    case import_kind::hocuspocus:
      return moving::open_upstream(
          {request.kind == import_kind::hocuspocus ? upstream_protocol::hocuspocus
                                                   : upstream_protocol::y_websocket,
           request.from, request.which, request.token_file, request.ca_file});
  }
  return fail(errc::storage_failed, "unknown kind of source");
}

/// The store that an import goes to; none in a dry run if it does not exist.
result<opened_store> open_target(const import_request& request) {
  if (!request.dry_run) return open_store(request.store, request.schema);
  std::error_code ignored;
  if (!is_database_url(request.store) &&
      !std::filesystem::exists(std::filesystem::path{request.store} / "CURRENT", ignored))
    return opened_store{};
  return inspect_store(request.store, request.schema);
}

std::string problem_lines(const std::vector<import_problem>& problems, std::uint64_t in_total) {
  std::string text = row("problems", std::to_string(in_total));
  for (const import_problem& each : problems)
    text += "  * " + (each.document.empty() ? "" : in_single_quotes(each.document) + ": ") +
            printable(each.what) + "\n";
  if (in_total > problems.size())
    text += "  and " + std::to_string(in_total - problems.size()) + " more\n";
  return text;
}

void write_problems_json(const std::vector<import_problem>& problems, std::uint64_t in_total,
                         json::writer& out) {
  out.name("problems_in_total").value(in_total).name("problems").open('[');
  for (const import_problem& each : problems)
    out.open('{')
        .name("document")
        .value(printable(each.document))
        .name("what")
        .value(printable(each.what))
        .close('}');
  out.close(']');
}

std::string waiting_lines(const moving::import_report& report) {
  if (report.waiting_in_total == 0) return {};
  std::string text = row("waiting", std::to_string(report.waiting_in_total));
  for (const std::string& each : report.waiting)
    text += "  * " + in_single_quotes(each) + ": parts wait for updates that the source lacks\n";
  if (report.waiting_in_total > report.waiting.size())
    text += "  and " + std::to_string(report.waiting_in_total - report.waiting.size()) + " more\n";
  return text;
}

std::string text_of(const moving::import_report& report, const import_request& request) {
  if (request.as_json) {
    json::writer out;
    out.open('{').name("store").value(printable(request.store));
    out.name("documents").value(report.documents).name("imported").value(report.imported);
    out.name("merged").value(report.merged).name("unchanged").value(report.unchanged);
    out.name("empty").value(report.empty).name("repaired").value(report.repaired);
    out.name("bytes").value(report.bytes).name("waiting_in_total").value(report.waiting_in_total);
    out.name("waiting").open('[');
    for (const std::string& each : report.waiting) out.value(printable(each));
    out.close(']');
    write_problems_json(report.problems, report.problems_in_total, out);
    return out.close('}').take() + "\n";
  }
  std::string text = printable(request.store) + "\n";
  text += row("documents read", std::to_string(report.documents));
  text += row("imported", std::to_string(report.imported) + ", " + size_text(report.bytes));
  text += row("merged", std::to_string(report.merged));
  text += row("there already", std::to_string(report.unchanged));
  text += row("empty", std::to_string(report.empty));
  if (report.repaired > 0) text += row("repaired contents", std::to_string(report.repaired));
  text += waiting_lines(report);
  text += problem_lines(report.problems, report.problems_in_total);
  if (request.dry_run) return text + "A dry run: nothing was written.\n";
  return text + "All that was stored was read again, and is what was read.\n";
}

std::string text_of(const moving::export_report& report, const export_request& request) {
  if (request.as_json) {
    json::writer out;
    out.open('{').name("folder").value(printable(request.to));
    out.name("documents").value(report.documents).name("written").value(report.written);
    out.name("unchanged").value(report.unchanged).name("bytes").value(report.bytes);
    write_problems_json(report.problems, report.problems_in_total, out);
    return out.close('}').take() + "\n";
  }
  std::string text = printable(request.to) + "\n";
  text += row("documents", std::to_string(report.documents));
  text += row("written", std::to_string(report.written) + ", " + size_text(report.bytes));
  text += row("there already", std::to_string(report.unchanged));
  return text + problem_lines(report.problems, report.problems_in_total);
}

template <class Report>
int finish(const result<Report>& report, const std::string& text, const moving_streams& streams) {
  if (!report) {
    streams.err << printable(to_string(report.error())) << '\n';
    return moving_failed;
  }
  streams.out << text << std::flush;
  if (!streams.out) return moving_failed;
  return report->problems_in_total == 0 ? moving_complete : moving_partial;
}

result<moving::import_report> import_all(const import_request& request, std::ostream& progress) {
  TROUPE_ASSIGN(const auto source, open_source(request));
  TROUPE_ASSIGN(const auto store, open_target(request));
  moving::import_settings settings{request.existing, request.dry_run, {}};
  settings.progress = [&](std::uint64_t count) { progress << count << " documents read\n"; };
  return moving::import_documents(*source, store.backend.get(), settings);
}

result<moving::export_report> export_all(const export_request& request) {
  TROUPE_ASSIGN(const auto store, inspect_store(request.store, request.schema));
  return moving::export_documents(*store.backend, *store.archive, request.to, request.existing);
}

}  // namespace

int run_import_command(const import_request& request, const moving_streams& streams) {
  const auto report = import_all(request, streams.err);
  return finish(report, report ? text_of(*report, request) : std::string{}, streams);
}

int run_export_command(const export_request& request, const moving_streams& streams) {
  const auto report = export_all(request);
  return finish(report, report ? text_of(*report, request) : std::string{}, streams);
}

}  // namespace troupe
