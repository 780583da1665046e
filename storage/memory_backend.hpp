// A store in memory: documents outlive their actors, but not the process. It keeps the rules of the
// one on disk, so that what is tested here holds there. Thread: any.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "base/packed_bytes.hpp"
#include "storage/archive.hpp"
#include "storage/backend.hpp"
#include "storage/outbox.hpp"

namespace troupe::storage {

class memory_backend final : public backend, public archive, public outbox {
 public:
  result<stored_document> load(const std::string& document) override;
  result<void> write(const batch& what) override;
  result<std::vector<log_news>> look(const std::vector<read_position>& which) override;

  result<document_page> list(const document_query& which) override;
  result<std::optional<document_info>> info(const std::string& document) override;
  result<bool> remove(const std::string& document) override;
  result<bool> admit(const std::string& document) override;
  result<std::uint64_t> adopt(const std::string& document, std::uint64_t wanted) override;
  result<bool> forget(const std::string& document) override;
  result<version_info> add_version(const std::string& document, const version_draft& what) override;
  result<version_page> list_versions(const version_query& which) override;
  result<std::optional<stored_version>> read_version(const std::string& document,
                                                     version_number number) override;
  result<bool> remove_version(const std::string& document, version_number number) override;
  result<raw_document> raw(const std::string& document, std::size_t bytes_max) override;
  result<store_stats> stats() override;
  /// Fails with storage_failed: there is nothing on disk.
  result<void> backup(const std::string& directory) override;
  result<verify_report> verify(const verify_progress& progress,
                               const contents_check& check = {}) override;

  result<void> change(const outbox_change& what) override;
  result<outbox_page> announcements(const outbox_query& which) override;

 private:
  struct record {
    sequence number;
    std::uint64_t origin;
    shared_slice update;
  };
  struct version {
    version_info info;
    byte_buffer frame;
  };
  struct entry {
    packed_bytes checkpoint;
    std::vector<record> log;
    document_info known;  // without its name; counts and sizes are filled in when asked for
    sequence covers = 0;
    std::map<version_number, version> versions;
    version_number last_version = 0;
  };

  static result<void> check(const entry* of, const log_append& append, sequence last);
  void append_to(entry& of, const log_append& append);
  static stored_document contents_of(const entry& of);
  static document_info describe(const std::string& name, const entry& of);
  std::uint64_t life_of(const std::string& document) const;
  entry* find_present(const std::string& document);

  std::mutex mutex_;
  std::map<std::string, entry> documents_;
  std::map<announcement_number, announcement> announcements_;
};

}  // namespace troupe::storage
