// What operators are shown of a document, from what is stored of it. Pure.
#pragma once

#include <string>

#include "storage/archive.hpp"
#include "storage/record.hpp"

namespace troupe::storage {

inline document_info describe(const std::string& name, const document_meta& meta) {
  document_info info;
  info.name = name;
  info.created_at = meta.created_at;
  info.changed_at = meta.changed_at;
  info.last = meta.counted;
  info.log_records = meta.log_records;
  info.log_bytes = meta.log_bytes;
  info.checkpoint_size = meta.checkpoint_size;
  info.generation = meta.newest;
  info.life = meta.life;
  info.is_removed = meta.is_removed;
  info.is_admitted = meta.is_admitted;
  return info;
}

}  // namespace troupe::storage
