// A storage backend that keeps documents in memory: they outlive their actors, but not the process.
#pragma once

#include <unordered_map>

#include "storage/backend.hpp"

namespace troupe::storage {

class memory_backend final : public backend {
 public:
  result<stored_document> load(const std::string& document) override;
  result<void> write(const batch& what) override;

 private:
  struct record {
    sequence number;
    shared_slice update;
  };
  struct entry {
    shared_bytes checkpoint;
    sequence covered = 0;
    std::vector<record> log;
  };

  std::unordered_map<std::string, entry> documents_;
};

}  // namespace troupe::storage
