#include "storage/postgresql/known_documents.hpp"

namespace troupe::storage::postgresql {

bool known_documents::recall(const std::map<document_id, std::string>& names,
                             write_plan& into) const {
  for (const auto& [id, name] : names) {
    const auto found = all_.find(name);
    if (found == all_.end() || !found->second.is_certain || found->second.has_other_writers)
      return false;
    document_meta meta;
    meta.id = id;
    meta.life = found->second.life;
    meta.counted = found->second.last;
    into.know(name, meta);
  }
  return true;
}

void known_documents::note_read(const std::string& name, const document_meta& meta) {
  const auto found = all_.find(name);
  if (found == all_.end()) return;
  remembered& of = found->second;
  const bool is_the_same = of.life == meta.life && !meta.is_removed;
  if (of.is_certain && is_the_same && of.last != meta.counted) of.has_other_writers = true;
  of.is_certain = false;
}

void known_documents::note_written(const planned_document& of) {
  if (all_.size() >= documents_max && !all_.contains(of.name)) all_.clear();
  remembered& now = all_[of.name];
  now.life = of.meta.life;
  now.last = of.meta.counted;
  now.is_certain = true;
}

void known_documents::note_failure() {
  for (auto& [name, of] : all_) of.is_certain = false;
}

}  // namespace troupe::storage::postgresql
