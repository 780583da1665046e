#include "storage/postgresql/write_plan.hpp"

#include <algorithm>

namespace troupe::storage::postgresql {
namespace {

tl::unexpected<failure> refuse(const std::string& document, errc code, std::string_view why) {
  return tl::unexpected(in_document(document, {code, std::string{why}}));
}

}  // namespace

std::map<document_id, std::string> documents_of(const batch& what) {
  std::map<document_id, std::string> names;
  for (const log_append& each : what.appends)
    if (!each.updates.empty()) names.emplace(id_of(*each.document), *each.document);
  for (const checkpoint_write& each : what.checkpoints)
    names.emplace(id_of(each.document), each.document);
  return names;
}

void write_plan::know(const std::string& name, const document_meta& meta) {
  known_.emplace(id_of(name), meta);
}

std::vector<claimed_record> write_plan::claimed_by(const std::vector<log_append>& appends) const {
  std::vector<claimed_record> claimed;
  for (const log_append& each : appends) {
    if (each.first == next_number) continue;
    const document_id id = id_of(*each.document);
    const auto known = known_.find(id);
    if (known == known_.end()) continue;
    for (std::size_t i = 0; i < each.updates.size() && each.first + i <= known->second.counted; ++i)
      claimed.push_back({id, each.first + i});
  }
  return claimed;
}

/// The document as the batch has it so far. What was meant for an earlier life of it must not come
/// into this one.
result<planned_document*> write_plan::find(const std::string& name, std::uint64_t generation) {
  const document_id id = id_of(name);
  const auto check = [&](planned_document& of) -> result<planned_document*> {
    if (generation != 0 && generation != document_generation(of.meta.life, false, false))
      return refuse(name, errc::document_removed, "it was removed, and is in another life");
    return &of;
  };
  if (const auto found = documents_.find(id); found != documents_.end())
    return check(found->second);
  planned_document one;
  one.name = name;
  const auto known = known_.find(id);
  one.is_new = known == known_.end();
  if (!one.is_new) one.meta = known->second;
  document_meta& meta = one.meta;
  if (meta.is_removed && !meta.is_admitted)
    return refuse(name, errc::document_removed, "it was removed");
  if (one.is_new || meta.is_removed) {
    const std::uint64_t life = one.is_new ? 1 : meta.life + 1;
    meta = {};
    meta.id = id;
    meta.life = life;
    meta.created_at = meta.changed_at = now_;
    one.is_rewritten = true;
  }
  return check(documents_.emplace(id, std::move(one)).first->second);
}

result<void> write_plan::add(const log_append& append, const stored_update& stored) {
  if (append.updates.empty()) return {};
  const std::string& name = *append.document;
  TROUPE_ASSIGN(planned_document* const of, find(name, append.generation));
  document_meta& meta = of->meta;
  sequence number = append.first == next_number ? meta.counted + 1 : append.first;
  if (number > meta.counted + 1)
    return refuse(name, errc::storage_conflict, misfit::gap(number, meta.counted));
  for (const shared_slice& update : append.updates) {
    if (number <= meta.counted) {
      const auto there = stored({meta.id, number});
      if (!there || !std::ranges::equal(as_bytes(*there), update.view()))
        return refuse(name, errc::storage_conflict, misfit::other_contents(number));
      ++number;
      continue;
    }
    records_.push_back({meta.id, number, append.origin, update});
    meta.counted = number++;
    ++meta.log_records;
    meta.log_bytes += update.size;
    meta.changed_at = now_;
    ++of->records;
    of->bytes += update.size;
  }
  return {};
}

result<void> write_plan::add(const checkpoint_write& write) {
  TROUPE_ASSIGN(planned_document* const of, find(write.document, write.generation));
  document_meta& meta = of->meta;
  if (write.covers < meta.covers) return {};
  planned_checkpoint made;
  made.id = meta.id;
  if (meta.newest != 0 && is_damaged_(write.document, meta.newest)) {
    // What the document was read from stays as the previous one.
    made.dropped = meta.newest;
  } else {
    made.dropped = meta.previous;
    made.dropped_up_to = meta.covers > meta.previous_covers ? meta.covers : 0;
    meta.previous = meta.newest;
    meta.previous_covers = meta.covers;
    meta.previous_size = meta.checkpoint_size;
  }
  ++meta.newest;
  meta.covers = write.covers;
  meta.checkpoint_size = write.state.size();
  meta.counted = std::max(meta.counted, meta.covers);
  made.of = meta.newest;
  made.covers = write.covers;
  made.state = write.state;
  of->is_rewritten = true;
  checkpoints_.push_back(std::move(made));
  return {};
}

}  // namespace troupe::storage::postgresql
