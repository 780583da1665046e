// `troupe storage repair`: saves what can be read into a new store, which takes the place of the
// damaged one; that one stays beside it as it was.
#include <algorithm>
#include <ctime>
#include <filesystem>

#include <unistd.h>

#include "app/storage/commands.hpp"
#include "app/storage/contents.hpp"
#include "app/storage/raw_folder.hpp"
#include "base/printable.hpp"
#include "storage/repair.hpp"
#include "storage/store_files.hpp"

namespace troupe {

namespace {

namespace fs = std::filesystem;
using storage::broken_document;
using storage::treatment;

/// What became of one document.
struct row_of_document {
  std::string name;  // or what is shown instead
  std::string id;
  std::string_view outcome;
  std::vector<std::string> damages;
  std::vector<std::string> lost;
};

constexpr std::string_view kept_whole = "rebuilt, nothing lost";
constexpr std::string_view kept_partly = "rebuilt, parts lost";
constexpr std::string_view removed = "removed";
constexpr std::string_view kept_nameless = "kept without its name";

/// Says what becomes of each broken document and keeps the table.
class doctor {
 public:
  doctor(const storage_request& request, raw_folder* raw) : request_(request), raw_(raw) {}

  treatment operator()(const broken_document& broken) {
    if (raw_ != nullptr && written_) written_ = raw_->add(broken);
    row_of_document row{broken.name, broken.id, removed, broken.damages, {}};
    treatment how;
    if (broken.name.empty() && !request_.drop) {
      row.outcome = kept_nameless;
      row.lost.emplace_back(
          "its name, without which nobody can load it; --name gives it back, --drop removes it");
      how.how = treatment::outcome::kept;
    } else if (request_.drop) {
      row.lost.emplace_back("all of it, as --drop asks");
    } else {
      rebuilt_document rebuilt = rebuild(broken);
      row.lost = std::move(rebuilt.lost);
      if (rebuilt.state.size() > 0) {
        add_losses(broken, rebuilt, row.lost);
        row.outcome = row.lost.empty() ? kept_whole : kept_partly;
        how = {treatment::outcome::rebuilt, std::move(rebuilt.state)};
      } else {
        row.lost.emplace_back("nothing of it can be read");
      }
    }
    rows_.push_back(std::move(row));
    return how;
  }

  const result<void>& written() const noexcept { return written_; }
  const std::vector<row_of_document>& rows() const noexcept { return rows_; }

 private:
  static void add_losses(const broken_document& broken, const rebuilt_document& rebuilt,
                         std::vector<std::string>& lost) {
    storage::sequence covered = 0;
    for (const auto& each : broken.checkpoints) covered = std::max(covered, each.covers);
    storage::sequence next = covered + 1;
    for (const auto& each : broken.updates) {
      if (each.number > next) lost.push_back(missing_text(next, each.number - 1));
      next = std::max(next, each.number + 1);
    }
    if (broken.last >= next) lost.push_back(missing_text(next, broken.last));
    if (broken.has_open_end)
      lost.push_back("records behind " + std::to_string(std::max(next - 1, broken.last)) +
                     ", if there were any: that part of the log cannot be read");
    if (rebuilt.has_gap)
      lost.emplace_back(
          "parts wait for lost updates; clients that have these bring them when they connect");
  }

  static std::string missing_text(storage::sequence first, storage::sequence last) {
    if (first == last) return "record " + std::to_string(first);
    return "records " + std::to_string(first) + " to " + std::to_string(last);
  }

  const storage_request& request_;
  raw_folder* raw_;
  result<void> written_;
  std::vector<row_of_document> rows_;
};

/// Everything that a repair has found and done.
struct repair_summary {
  std::vector<std::string> problems;
  storage::rescue_report report;
  std::vector<storage::cut_document> cut;
  std::vector<row_of_document> rows;
  std::string new_store;  // empty: nothing was written
  std::string old_store;
  std::string raw;
  bool is_sound() const { return problems.empty() && rows.empty() && report.unreadable.empty(); }
};

std::string shown_name(const row_of_document& of) {
  return of.name.empty() ? "id " + of.id : in_single_quotes(of.name);
}

std::string text_of(const repair_summary& all, const storage_request& request) {
  std::string text = printable(request.path) + "\n";
  text += row("documents", std::to_string(all.report.documents));
  text += row("tombstones", std::to_string(all.report.removed));
  text += row("broken", std::to_string(all.report.broken));
  if (all.is_sound()) return text + "Nothing is damaged, so nothing was changed.\n";
  for (const std::string& each : all.problems) text += "  * " + printable(each) + "\n";
  for (const std::string& each : all.report.unreadable) text += "  * " + printable(each) + "\n";
  for (const row_of_document& each : all.rows) {
    text += "document " + shown_name(each) + ": ";
    text.append(each.outcome).append("\n");
    for (const std::string& line : each.damages) text += "  damaged: " + printable(line) + "\n";
    for (const std::string& line : each.lost) text += "  lost: " + printable(line) + "\n";
  }
  if (!all.cut.empty()) {
    text += "Behind the damaged place of the journal; --past-damage takes it, with holes:\n";
    for (const storage::cut_document& each : all.cut)
      text += "document " + in_single_quotes(each.name) + ": " +
              (each.kept == each.last ? std::string{"removed, created anew or compacted"}
                                      : "updates " + std::to_string(each.kept + 1) + " to " +
                                            std::to_string(each.last)) +
              "\n";
  }
  if (all.new_store.empty()) return text + "A dry run: nothing was changed.\n";
  text += row("repaired store", printable(all.new_store));
  text += row("store as it was", printable(all.old_store));
  if (!all.rows.empty()) text += row("raw bytes", printable(all.raw));
  return text;
}

void write_lines(const std::vector<std::string>& lines, std::string_view name, json::writer& out) {
  out.name(name).open('[');
  for (const std::string& each : lines) out.value(each);
  out.close(']');
}

std::string json_of(const repair_summary& all, const storage_request& request) {
  json::writer out;
  out.open('{').name("store").value(request.path);
  out.name("documents").value(all.report.documents).name("removed").value(all.report.removed);
  out.name("broken").value(all.report.broken);
  write_lines(all.problems, "problems", out);
  write_lines(all.report.unreadable, "unreadable", out);
  out.name("broken_documents").open('[');
  for (const row_of_document& each : all.rows) {
    out.open('{').name("document").value(each.name).name("id").value(each.id);
    out.name("outcome").value(each.outcome);
    write_lines(each.damages, "damages", out);
    write_lines(each.lost, "lost", out);
    out.close('}');
  }
  out.close(']').name("behind_damage").open('[');
  for (const storage::cut_document& each : all.cut)
    out.open('{')
        .name("document")
        .value(each.name)
        .name("kept")
        .value(each.kept)
        .name("last")
        .value(each.last)
        .close('}');
  out.close(']').name("new_store").value(all.new_store);
  out.name("old_store").value(all.old_store).name("raw").value(all.raw);
  return out.close('}').take() + "\n";
}

std::string plain(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

/// The first of PATH.MIDDLE-DATE, PATH.MIDDLE-DATE-2 and so on that is free.
std::string free_name(const std::string& path, std::string_view middle) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char date[32];
  std::strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", &parts);
  const std::string base = plain(path) + "." + std::string{middle} + "-" + date;
  std::string name = base;
  std::error_code ignored;
  for (int i = 2; fs::exists(name, ignored); ++i) name = base + "-" + std::to_string(i);
  return name;
}

class repair {
 public:
  explicit repair(const storage_request& request) : request_(request) {}

  result<storage_outcome> run() {
    TROUPE_TRY(check_target());
    TROUPE_ASSIGN(rescue_, storage::store_rescue::open({
                               tool_settings(request_.path),
                               request_.past_damage ? storage::journal_extent::whole
                                                    : storage::journal_extent::up_to_damage,
                               request_.names,
                               check_contents,
                           }));
    doctor look{request_, nullptr};
    TROUPE_ASSIGN(all_.report, rescue_->examine(std::ref(look)));
    TROUPE_ASSIGN(all_.cut, rescue_->cut());
    all_.problems = rescue_->problems();
    all_.rows = look.rows();
    if (!all_.is_sound() && !request_.dry_run) TROUPE_TRY(save());
    storage_outcome outcome;
    outcome.code = all_.is_sound() ? storage_sound : storage_damaged;
    outcome.text = request_.as_json ? json_of(all_, request_) : text_of(all_, request_);
    return outcome;
  }

 private:
  result<void> check_target() const {
    std::error_code why;
    if (request_.to.empty() || !fs::exists(request_.to, why)) return {};
    return fail(errc::storage_failed, in_single_quotes(request_.to) +
                                          ": it exists already; name a directory that does not");
  }

  result<void> save() {
    const bool is_in_place = request_.to.empty();
    const std::string target =
        is_in_place ? plain(request_.path) + ".repaired-" + std::to_string(::getpid())
                    : plain(request_.to);
    TROUPE_TRY(check_space(target));
    all_.raw = request_.raw.empty() ? free_name(request_.path, "raw") : plain(request_.raw);
    raw_folder raw{all_.raw};
    doctor treat{request_, &raw};
    auto saved = rescue_->save_to(target, std::ref(treat));
    rescue_.reset();
    if (saved && !treat.written()) saved = tl::unexpected(treat.written().error());
    if (saved) saved = check_new(target, std::move(*saved));
    if (!saved) {
      std::error_code ignored;
      fs::remove_all(target, ignored);
      return tl::unexpected(saved.error());
    }
    all_.rows = treat.rows();
    if (all_.rows.empty()) all_.raw.clear();
    all_.new_store = target;
    all_.old_store = plain(request_.path);
    return is_in_place ? put_in_place(target) : result<void>{};
  }

  result<void> check_space(const std::string& target) const {
    const std::uint64_t needed = storage::size_of_files(request_.path);
    const std::uint64_t free = storage::free_bytes_at(target);
    if (free >= needed) return {};
    return fail(errc::disk_full, in_single_quotes(target) + ": the repaired store may need " +
                                     size_text(needed) + ", and " + size_text(free) +
                                     " are free; --to names a directory on another disk");
  }

  /// A repaired store has no damage left.
  static result<storage::rescue_report> check_new(const std::string& path,
                                                  storage::rescue_report report) {
    TROUPE_ASSIGN(const auto found, verify_directory(path));
    // Those without a name go on to be found.
    const auto is_nameless = [](const storage::damage& each) { return each.document.empty(); };
    if (found.damages_in_total == 0 ||
        (report.nameless > 0 && std::ranges::all_of(found.damages, is_nameless)))
      return report;
    return fail(errc::corrupt_store, "the repaired store is damaged, so it was not used: " +
                                         found.damages.front().what.detail);
  }

  result<void> put_in_place(const std::string& target) {
    const std::string place = plain(request_.path);
    const std::string kept = free_name(place, "before-repair");
    if (const auto done = storage::exchange_directories(target, place); !done)
      return fail(done.error().code,
                  "the repaired store is " + in_single_quotes(target) +
                      ", and could not take the place of the damaged one: " + done.error().detail);
    all_.new_store = place;
    all_.old_store = target;
    TROUPE_TRY(storage::move_directory(target, kept));
    all_.old_store = kept;
    return {};
  }

  const storage_request& request_;
  std::unique_ptr<storage::store_rescue> rescue_;
  repair_summary all_;
};

}  // namespace

result<storage_outcome> repair_store(const storage_request& request) {
  return repair{request}.run();
}

}  // namespace troupe
