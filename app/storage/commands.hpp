// The `storage` commands one by one, and what they share. The table is tool.cpp's.
#pragma once

#include <functional>
#include <string>

#include "app/storage/tool.hpp"
#include "protocol/json/write.hpp"
#include "storage/rocksdb_backend.hpp"

namespace troupe {

/// What a command has to say, and its exit code.
struct storage_outcome {
  std::string text;
  int code = storage_sound;
};

result<storage_outcome> verify_store(const storage_request& request);
result<storage_outcome> repair_store(const storage_request& request);
result<storage_outcome> backup_store(const storage_request& request);
result<storage_outcome> restore_store(const storage_request& request);
result<storage_outcome> describe_store(const storage_request& request);
result<storage_outcome> migrate_store(const storage_request& request);

/// How a command opens a store: with a small cache, since it reads everything once.
storage::rocksdb_settings tool_settings(std::string path);

/// Checks a store that nobody has open, contents included.
result<storage::verify_report> verify_directory(const std::string& path);

/// Members `documents`, `damages` and so on of an open JSON object.
void write_report(const storage::verify_report& report, json::writer& out);
/// The same as lines for people, and what to do.
std::string report_text(const storage::verify_report& report, std::string_view path);

/// "  name       value", the name padded to a column.
std::string row(std::string_view name, std::string_view value);
/// "12.3 MiB"; bytes below 10 KiB as they are.
std::string size_text(std::uint64_t bytes);
/// "1 document", "2 documents"
std::string counted(std::uint64_t count, std::string_view what);

}  // namespace troupe
