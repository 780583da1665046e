#include "storage/memory_backend.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/compression.hpp"
#include "base/wall_clock.hpp"
#include "storage/announcement_record.hpp"
#include "storage/record.hpp"
#include "storage/version_record.hpp"

namespace troupe::storage {
namespace {

tl::unexpected<failure> refuse_in(const std::string& document, errc code, std::string_view why) {
  return tl::unexpected(in_document(document, {code, std::string{why}}));
}

}  // namespace

result<stored_document> memory_backend::load(const std::string& document) {
  std::lock_guard lock{mutex_};
  const auto found = documents_.find(document);
  if (found == documents_.end()) return stored_document{};
  const entry& of = found->second;
  if (of.known.is_removed && !of.known.is_admitted)
    return refuse_in(document, errc::document_removed, "it was removed");
  return contents_of(of);
}

stored_document memory_backend::contents_of(const entry& of) {
  stored_document stored;
  stored.checkpoint = of.checkpoint.share();
  stored.last = of.known.last;
  stored.checkpoint_number = of.known.generation;
  stored.generation = document_generation(of.known.life, of.known.is_removed, of.known.is_admitted);
  for (const record& r : of.log) stored.updates.push_back(r.update);
  return stored;
}

result<std::vector<log_news>> memory_backend::look(const std::vector<read_position>& which) {
  std::lock_guard lock{mutex_};
  std::vector<log_news> all(which.size());
  for (std::size_t i = 0; i < which.size(); ++i) {
    const auto found = documents_.find(which[i].document);
    if (found == documents_.end()) continue;
    const entry& of = found->second;
    log_news& news = all[i];
    const document_info& known = of.known;
    news.generation = document_generation(known.life, known.is_removed, known.is_admitted);
    news.known = std::max(which[i].known, known.last);
    news.checkpoint_number = known.generation;
    news.covers = of.covers;
    news.checkpoint_size = of.checkpoint.size();
    const bool is_whole = known.generation != which[i].checkpoint_number;
    if (is_whole) news.updates.emplace_back(of.checkpoint.share());
    for (const record& each : of.log) {
      news.log_bytes += each.update.size;
      const bool is_new = each.number > which[i].known && each.origin != which[i].origin;
      if (is_whole || is_new) news.updates.push_back(each.update);
    }
  }
  return all;
}

/// In which a write would find the document.
std::uint64_t memory_backend::life_of(const std::string& document) const {
  const auto found = documents_.find(document);
  if (found == documents_.end()) return 1;
  return found->second.known.life + (found->second.known.is_removed ? 1 : 0);
}

/// Whether an append fits behind the number `last` of its document; `of`: null if it is new.
result<void> memory_backend::check(const entry* of, const log_append& append, sequence last) {
  const std::string& name = *append.document;
  if (append.first > last + 1)
    return refuse_in(name, errc::storage_conflict, misfit::gap(append.first, last));
  for (std::size_t i = 0; i < append.updates.size() && append.first + i <= last; ++i) {
    const sequence number = append.first + i;
    const record* stored = nullptr;
    if (of != nullptr)
      for (const record& r : of->log)
        if (r.number == number) stored = &r;
    if (stored == nullptr || !std::ranges::equal(stored->update.view(), append.updates[i].view()))
      return refuse_in(name, errc::storage_conflict, misfit::other_contents(number));
  }
  return {};
}

void memory_backend::append_to(entry& of, const log_append& append) {
  sequence number = append.first == next_number ? of.known.last + 1 : append.first;
  for (const shared_slice& update : append.updates) {
    if (number > of.known.last) of.log.push_back({number, append.origin, update});
    of.known.last = std::max(of.known.last, number++);
  }
  if (!append.updates.empty()) of.known.changed_at = wall_clock_ms();
}

result<void> memory_backend::write(const batch& what) {
  std::vector<packed_bytes> packed;
  for (const checkpoint_write& checkpoint : what.checkpoints) packed.emplace_back(checkpoint.state);
  std::lock_guard lock{mutex_};
  // All or nothing: what does not fit is found before anything changes.
  struct target {
    entry* of = nullptr;  // null: a new document
    sequence last = 0;
  };
  std::unordered_map<std::string_view, target> targets;
  const auto target_of = [&](const std::string& name, std::uint64_t generation) -> result<target*> {
    const auto [at, is_first] = targets.try_emplace(name);
    target& made = at->second;
    const auto found = is_first ? documents_.find(name) : documents_.end();
    const std::uint64_t life = life_of(name);
    if (generation != 0 && generation != document_generation(life, false, false))
      return refuse_in(name, errc::document_removed, "it was removed, and is in another life");
    if (found == documents_.end()) return &made;
    const document_info& known = found->second.known;
    if (known.is_removed && !known.is_admitted)
      return refuse_in(name, errc::document_removed, "it was removed");
    made = {&found->second, known.last};
    return &made;
  };
  for (const log_append& append : what.appends) {
    if (append.updates.empty()) continue;
    TROUPE_ASSIGN(target* const to, target_of(*append.document, append.generation));
    if (append.first != next_number) TROUPE_TRY(check(to->of, append, to->last));
    const sequence first = append.first == next_number ? to->last + 1 : append.first;
    to->last = std::max(to->last, first + append.updates.size() - 1);
  }
  for (const checkpoint_write& checkpoint : what.checkpoints)
    TROUPE_TRY(target_of(checkpoint.document, checkpoint.generation));
  for (const announcement& each : what.announcements) TROUPE_TRY(check_announcement(each));

  const auto entry_of = [&](const std::string& name) -> entry& {
    entry*& of = targets.find(name)->second.of;
    const bool is_new = of == nullptr;
    if (is_new) of = &documents_[name];
    document_info& known = of->known;
    if (is_new || known.is_removed) {
      known.life += known.is_removed ? 1 : 0;
      known.is_removed = known.is_admitted = false;
      known.created_at = known.changed_at = wall_clock_ms();
    }
    return *of;
  };
  for (const log_append& append : what.appends)
    if (!append.updates.empty()) append_to(entry_of(*append.document), append);
  for (const announcement& each : what.announcements)
    announcements_.insert_or_assign(each.number, each);
  for (std::size_t i = 0; i < what.checkpoints.size(); ++i) {
    const checkpoint_write& checkpoint = what.checkpoints[i];
    entry& of = entry_of(checkpoint.document);
    if (checkpoint.covers < of.covers) continue;
    of.checkpoint = std::move(packed[i]);
    of.covers = checkpoint.covers;
    of.known.last = std::max(of.known.last, checkpoint.covers);
    ++of.known.generation;
    std::erase_if(of.log, [&](const record& r) { return r.number <= checkpoint.covers; });
    if (of.log.empty()) std::vector<record>{}.swap(of.log);
  }
  return {};
}

// --- archive ---

document_info memory_backend::describe(const std::string& name, const entry& of) {
  document_info info = of.known;
  info.name = name;
  info.log_records = of.log.size();
  for (const record& r : of.log) info.log_bytes += r.update.size;
  info.checkpoint_size = of.checkpoint.size();
  return info;
}

result<document_page> memory_backend::list(const document_query& which) {
  std::lock_guard lock{mutex_};
  document_page page;
  auto at = documents_.lower_bound(std::max(which.prefix, which.after));
  for (; at != documents_.end() && at->first.starts_with(which.prefix); ++at) {
    if (at->first == which.after && !which.after.empty()) continue;
    if (at->second.known.is_removed && !which.with_removed) continue;
    page.has_more = page.documents.size() >= which.limit;
    if (page.has_more) break;
    page.documents.push_back(describe(at->first, at->second));
  }
  return page;
}

result<std::optional<document_info>> memory_backend::info(const std::string& document) {
  std::lock_guard lock{mutex_};
  const auto found = documents_.find(document);
  if (found == documents_.end()) return std::nullopt;
  return describe(document, found->second);
}

result<bool> memory_backend::remove(const std::string& document) {
  std::lock_guard lock{mutex_};
  const auto found = documents_.find(document);
  if (found == documents_.end()) return false;
  document_info& known = found->second.known;
  if (known.is_removed && !known.is_admitted) return false;
  document_info tombstone;
  tombstone.created_at = known.created_at;
  tombstone.changed_at = wall_clock_ms();
  tombstone.life = known.life;
  tombstone.is_removed = true;
  const bool was_there = !known.is_removed;
  found->second = {};
  found->second.known = std::move(tombstone);
  return was_there;
}

result<bool> memory_backend::admit(const std::string& document) {
  std::lock_guard lock{mutex_};
  const auto found = documents_.find(document);
  if (found == documents_.end() || !found->second.known.is_removed) return false;
  found->second.known.is_admitted = true;
  return true;
}

result<std::uint64_t> memory_backend::adopt(const std::string& document, std::uint64_t wanted) {
  std::lock_guard lock{mutex_};
  const auto found = documents_.find(document);
  std::uint64_t known = 0;
  if (found != documents_.end()) {
    const document_info& of = found->second.known;
    known = document_generation(of.life, of.is_removed, of.is_admitted);
  }
  if (wanted <= std::max<std::uint64_t>(known, 2)) return known;
  document_info tombstone;
  tombstone.is_removed = true;
  const document_end end = end_of_generation(wanted);
  tombstone.life = end.life;
  tombstone.is_admitted = end.is_admitted;
  tombstone.created_at = tombstone.changed_at = wall_clock_ms();
  entry& of = documents_[document];
  of = {};
  of.known = std::move(tombstone);
  return wanted;
}

result<bool> memory_backend::forget(const std::string& document) {
  std::lock_guard lock{mutex_};
  const entry* const found = find_present(document);
  if (found == nullptr) return false;
  for (const auto& [number, each] : found->versions)
    if (!each.info.is_automatic) return false;
  documents_.erase(document);
  return true;
}

/// Of a document that is there, else null.
memory_backend::entry* memory_backend::find_present(const std::string& document) {
  const auto found = documents_.find(document);
  return found == documents_.end() || found->second.known.is_removed ? nullptr : &found->second;
}

result<version_info> memory_backend::add_version(const std::string& document,
                                                 const version_draft& what) {
  TROUPE_TRY(check_label(what.label));
  TROUPE_ASSIGN(packed_version packed, pack_version(what.state));
  std::lock_guard lock{mutex_};
  entry* const of = find_present(document);
  if (of == nullptr) return refuse_in(document, errc::document_removed, misfit::no_document);
  const version_info info{++of->last_version,  what.label,  wall_clock_ms(),
                          what.is_automatic,   what.covers, what.state.size(),
                          packed.frame.size(), what.by};
  of->versions.emplace(info.number, version{info, std::move(packed.frame)});
  return info;
}

result<version_page> memory_backend::list_versions(const version_query& which) {
  std::lock_guard lock{mutex_};
  version_page page;
  const entry* const of = find_present(which.document);
  if (of == nullptr) return page;
  for (auto at = of->versions.upper_bound(which.after); at != of->versions.end(); ++at) {
    page.has_more = page.versions.size() >= which.limit;
    if (page.has_more) break;
    page.versions.push_back(at->second.info);
  }
  return page;
}

result<std::optional<stored_version>> memory_backend::read_version(const std::string& document,
                                                                   version_number number) {
  std::lock_guard lock{mutex_};
  const entry* const of = find_present(document);
  if (of == nullptr) return std::nullopt;
  const auto found = of->versions.find(number);
  if (found == of->versions.end()) return std::nullopt;
  const version_info& info = found->second.info;
  TROUPE_ASSIGN(const byte_buffer state, decompress(found->second.frame, info.size));
  return stored_version{info, shared_bytes::copy_of(state)};
}

result<bool> memory_backend::remove_version(const std::string& document, version_number number) {
  std::lock_guard lock{mutex_};
  entry* const of = find_present(document);
  return of != nullptr && of->versions.erase(number) > 0;
}

result<raw_document> memory_backend::raw(const std::string& document, std::size_t bytes_max) {
  std::lock_guard lock{mutex_};
  raw_document raw;
  const auto found = documents_.find(document);
  if (found == documents_.end()) return raw;
  std::size_t bytes = 0;
  const auto add = [&](const std::string& label, byte_view value) {
    bytes += value.size();
    raw.is_complete = raw.is_complete && bytes <= bytes_max;
    if (raw.is_complete) raw.pieces.push_back({label, std::string{as_text(value)}, {}});
  };
  if (!found->second.checkpoint.empty())
    found->second.checkpoint.with([&](byte_view state) { add("checkpoint", state); });
  for (const record& r : found->second.log)
    add("record " + std::to_string(r.number), r.update.view());
  return raw;
}

result<store_stats> memory_backend::stats() {
  std::lock_guard lock{mutex_};
  store_stats stats;
  stats.documents_estimated = documents_.size();
  for (const auto& [name, of] : documents_) {
    const document_info info = describe(name, of);
    stats.log_bytes += info.log_bytes;
    stats.checkpoint_bytes += info.checkpoint_size;
    for (const auto& [number, one] : of.versions) stats.version_bytes += one.frame.size();
  }
  return stats;
}

result<void> memory_backend::backup(const std::string&) {
  return fail(errc::invalid_config, "documents in memory cannot be backed up");
}

result<verify_report> memory_backend::verify(const verify_progress& progress,
                                             const contents_check& check) {
  std::lock_guard lock{mutex_};
  verify_report report;
  for (const auto& [name, of] : documents_) {
    const document_info info = describe(name, of);
    ++(info.is_removed ? report.removed : report.documents);
    report.records += info.log_records;
    report.checkpoints += info.generation == 0 ? 0 : 1;
    report.bytes += info.log_bytes + info.checkpoint_size;
    if (check && !info.is_removed)
      for (damage& each : check(contents_of(of)))
        report.add({name, in_document(name, std::move(each.what)), each.is_readable});
    report.versions += of.versions.size();
    for (const auto& [number, one] : of.versions) report.bytes += one.info.size;
    report.is_complete = !progress || progress(report, name);
    if (!report.is_complete) break;
  }
  return report;
}

// --- outbox ---

result<void> memory_backend::change(const outbox_change& what) {
  for (const announcement& each : what.puts) TROUPE_TRY(check_announcement(each));
  std::lock_guard lock{mutex_};
  for (const announcement_number each : what.removals) announcements_.erase(each);
  for (const announcement& each : what.puts) announcements_.insert_or_assign(each.number, each);
  return {};
}

result<outbox_page> memory_backend::announcements(const outbox_query& which) {
  std::lock_guard lock{mutex_};
  outbox_page page;
  auto at = announcements_.upper_bound(which.after);
  for (; at != announcements_.end(); ++at) {
    page.has_more = page.announcements.size() >= which.limit;
    if (page.has_more) break;
    page.last = at->first;
    page.announcements.push_back(at->second);
  }
  return page;
}

}  // namespace troupe::storage
