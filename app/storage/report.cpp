#include <algorithm>
#include <array>
#include <cstdio>

#include "app/storage/commands.hpp"
#include "app/storage/contents.hpp"
#include "base/printable.hpp"

namespace troupe {

storage::rocksdb_settings tool_settings(std::string path) {
  storage::rocksdb_settings settings;
  settings.path = std::move(path);
  settings.cache_size_bytes = 8 * 1024 * 1024;
  return settings;
}

std::string row(std::string_view name, std::string_view value) {
  constexpr std::size_t column = 22;
  std::string line{"  "};
  line.append(name).append(line.size() < column ? column - line.size() : 1, ' ');
  return line.append(value).append("\n");
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 10 * 1024) return std::to_string(bytes) + " bytes";
  double size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f %s", size, units[unit]);
  return text.data();
}

std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string{what} + (count == 1 ? "" : "s");
}

result<storage::verify_report> verify_directory(const std::string& path) {
  TROUPE_ASSIGN(const auto store, storage::rocksdb_backend::inspect(tool_settings(path)));
  return store->verify({}, check_contents);
}

void write_report(const storage::verify_report& report, json::writer& out) {
  out.name("documents").value(report.documents).name("removed").value(report.removed);
  out.name("records").value(report.records).name("checkpoints").value(report.checkpoints);
  out.name("bytes").value(report.bytes).name("damages_in_total").value(report.damages_in_total);
  out.name("damages").open('[');
  for (const storage::damage& each : report.damages) {
    out.open('{').name("document").value(each.document);
    out.name("code").value(to_string(each.what.code)).name("what").value(each.what.detail);
    out.name("loads").value(std::string_view{each.is_readable ? "yes" : "no"}).close('}');
  }
  out.close(']');
}

namespace {

/// What an operator does about one damage.
std::string_view what_to_do(const storage::damage& of) {
  if (of.what.code == errc::newer_format) return "run the version of the server that wrote it";
  if (of.what.code == errc::unusable_content)
    return "the server repairs it when it loads the document; repair writes it repaired";
  if (of.is_readable)
    return "the document loads all the same; repair puts it right, as does its next checkpoint";
  if (of.document.empty()) return "repair takes over what can be read";
  return "the document does not load; repair saves what can be read of it";
}

}  // namespace

std::string report_text(const storage::verify_report& report, std::string_view path) {
  std::string text = printable(path) + "\n";
  text += row("documents", std::to_string(report.documents));
  text += row("tombstones", std::to_string(report.removed));
  text += row("checkpoints", std::to_string(report.checkpoints));
  text += row("records", std::to_string(report.records));
  text += row("size of contents", size_text(report.bytes));
  text += row("damages", std::to_string(report.damages_in_total));
  for (const storage::damage& each : report.damages) {
    text += "  * " + printable(each.what.detail) + "\n";
    text.append("      ").append(what_to_do(each)).append("\n");
  }
  if (report.damages_in_total > report.damages.size())
    text += "  and " + std::to_string(report.damages_in_total - report.damages.size()) + " more\n";
  return text;
}

}  // namespace troupe
