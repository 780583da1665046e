#include <algorithm>

#include "app/storage/commands.hpp"
#include "app/storage/place.hpp"
#include "base/printable.hpp"

namespace troupe {

namespace {

std::uint64_t size_of(const storage::document_info& of) {
  return of.log_bytes + of.checkpoint_size;
}

struct store_description {
  storage::store_stats stats;
  std::uint64_t documents = 0;
  std::uint64_t removed = 0;
  std::uint64_t damaged = 0;
  std::vector<storage::document_info> largest;  // the largest first
};

void keep_largest(std::vector<storage::document_info>& in, storage::document_info one,
                  std::size_t count) {
  const auto is_larger = [](const storage::document_info& a, const storage::document_info& b) {
    return size_of(a) > size_of(b);
  };
  in.insert(std::upper_bound(in.begin(), in.end(), one, is_larger), std::move(one));
  if (in.size() > count) in.pop_back();
}

result<store_description> describe(const storage_request& request) {
  constexpr std::size_t page_size = 1000;
  TROUPE_ASSIGN(const opened_store opened, inspect_store(request.path, request.schema));
  const auto& store = opened.archive;
  store_description all;
  TROUPE_ASSIGN(all.stats, store->stats());
  storage::document_query query{
      .prefix = {}, .after = {}, .limit = page_size, .with_removed = true};
  for (;;) {
    TROUPE_ASSIGN(auto page, store->list(query));
    for (storage::document_info& each : page.documents) {
      query.after = each.name;
      ++(each.is_removed ? all.removed : all.documents);
      all.damaged += each.damage.empty() ? 0 : 1;
      if (!each.is_removed) keep_largest(all.largest, std::move(each), request.top);
    }
    if (!page.has_more) return all;
  }
}

std::string json_of(const store_description& all, const storage_request& request) {
  json::writer out;
  out.open('{').name("store").value(request.path).name("documents").value(all.documents);
  out.name("removed").value(all.removed).name("damaged").value(all.damaged);
  out.name("log_bytes").value(all.stats.log_bytes);
  out.name("checkpoint_bytes").value(all.stats.checkpoint_bytes);
  out.name("meta_bytes").value(all.stats.meta_bytes);
  out.name("journal_bytes").value(all.stats.journal_bytes);
  out.name("free_bytes").value(all.stats.free_bytes).name("largest").open('[');
  for (const storage::document_info& each : all.largest)
    out.open('{')
        .name("name")
        .value(each.name)
        .name("checkpoint_bytes")
        .value(each.checkpoint_size)
        .name("log_records")
        .value(each.log_records)
        .name("log_bytes")
        .value(each.log_bytes)
        .name("changed_at_ms")
        .value(each.changed_at)
        .close('}');
  return out.close(']').close('}').take() + "\n";
}

}  // namespace

result<storage_outcome> describe_store(const storage_request& request) {
  TROUPE_ASSIGN(const store_description all, describe(request));
  if (request.as_json) return storage_outcome{json_of(all, request), storage_sound};
  std::string text = printable(request.path) + "\n";
  text += row("documents", std::to_string(all.documents));
  text += row("tombstones", std::to_string(all.removed));
  if (all.damaged > 0) text += row("damaged", std::to_string(all.damaged) + " (see verify)");
  text += row("logs", size_text(all.stats.log_bytes));
  text += row("checkpoints", size_text(all.stats.checkpoint_bytes));
  text += row("entries", size_text(all.stats.meta_bytes));
  if (!is_database_url(request.path)) {
    text += row("journal", size_text(all.stats.journal_bytes));
    text += row("free on its disk", size_text(all.stats.free_bytes));
  }
  if (!all.largest.empty()) text += "largest documents\n";
  for (const storage::document_info& each : all.largest)
    text += row(size_text(size_of(each)), in_single_quotes(each.name) + ", " +
                                              counted(each.log_records, "record") +
                                              " behind its checkpoint");
  return storage_outcome{std::move(text), storage_sound};
}

}  // namespace troupe
