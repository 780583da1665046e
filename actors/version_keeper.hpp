// Makes versions of documents from what is stored of them, and removes those that are outdated. It
// reads the checkpoint and the log as any load does, so neither the document nor its thread has a
// part in it. Each call may read and compress a whole document: for threads that may block.
// Thread: any; it keeps nothing between calls.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/changed_documents.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/version_policy.hpp"
#include "storage/archive.hpp"

namespace troupe {

/// What is stored of a document as one update, as a document with these settings would load it.
/// Fails with corrupt_document if the engine cannot read it.
result<byte_buffer> encode_stored(const storage::stored_document& stored,
                                  const crdt::doc_settings& settings);

class version_keeper {
 public:
  /// What a document with this name is made with.
  using settings_of = std::function<crdt::doc_settings(const std::string& document)>;

  /// `changes`: knows who has edited; null: versions name nobody.
  version_keeper(std::shared_ptr<storage::backend> backend,
                 std::shared_ptr<storage::archive> archive, settings_of documents,
                 version_rules rules, std::shared_ptr<changed_documents> changes = nullptr)
      : backend_(std::move(backend)),
        archive_(std::move(archive)),
        settings_of_(std::move(documents)),
        rules_(rules),
        changes_(std::move(changes)) {}

  /// Keeps what somebody wants kept. Where there is no room, the oldest that the server made goes.
  /// Fails with quota_exceeded if there is none; as archive::add_version does.
  result<storage::version_info> keep(const std::string& document,
                                     const storage::version_draft& what) const;

  /// Keeps what is stored now if anything has changed since the newest version, and removes those
  /// that are outdated. Nothing: there was nothing to be kept.
  result<std::optional<storage::version_info>> keep_if_changed(const std::string& document) const;

  storage::archive& archive() const noexcept { return *archive_; }
  const version_rules& rules() const noexcept { return rules_; }

 private:
  result<storage::version_info> keep_stored(const std::string& document) const;
  result<storage::version_info> add(const std::string& document, storage::version_draft what) const;
  result<std::vector<storage::version_info>> list(const std::string& document) const;
  result<void> thin(const std::string& document, std::vector<storage::version_info> all,
                    const version_rules& rules) const;

  std::shared_ptr<storage::backend> backend_;
  std::shared_ptr<storage::archive> archive_;
  settings_of settings_of_;
  version_rules rules_;
  std::shared_ptr<changed_documents> changes_;
};

}  // namespace troupe
