#include "storage/rocksdb_salvage.hpp"

#include <algorithm>
#include <map>

#include "storage/rocksdb_scan.hpp"

namespace troupe::storage {
namespace {

class document_salvage {
 public:
  document_salvage(const rocksdb_store& store, const document_id& id) : store_(store), id_(id) {
    found_.id = to_string(id);
  }

  broken_document run() {
    read_checkpoints();
    read_log();
    for (const rescued_checkpoint& each : found_.checkpoints)
      found_.last = std::max(found_.last, each.covers);
    return std::move(found_);
  }

 private:
  /// Keeps a value; what is wrong with it is one of the damages.
  void keep(raw_value::kind of, std::string label, std::string_view key, std::string_view value,
            const std::string& damage) {
    if (!damage.empty()) found_.damages.push_back(damage);
    found_.raw.push_back({of, std::move(label), std::string{key}, std::string{value}, damage});
  }

  void scan_family(family which, const entry_visitor& visit, const gap_visitor& gap) {
    rocksdb::ReadOptions options;
    options.verify_checksums = true;
    options.fill_cache = false;
    options.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> at{
        store_.db().NewIterator(options, store_.handle(which))};
    scan(*at, begin_key(id_), end_key(id_), visit, gap);
  }

  void read_log() {
    const auto visit = [&](std::string_view key, std::string_view value) {
      const auto at = read_log_key(key);
      const auto record =
          at ? decode_record(key, value) : result<log_record>{tl::unexpected(at.error())};
      const std::string label = at ? "record " + std::to_string(at->number) : "a key of the log";
      keep(raw_value::kind::record, label, key, value, record ? "" : record.error().detail);
      if (at) found_.last = std::max(found_.last, at->number);
      if (record) found_.updates.push_back({at->number, shared_bytes::copy_of(record->update)});
    };
    const auto gap = [&](std::string_view after, std::string_view before,
                         const rocksdb::Status& why) {
      const auto first = read_log_key(after);
      const auto end = read_log_key(before);
      std::string text = "records";
      if (first) text += " behind " + std::to_string(first->number);
      found_.has_open_end = found_.has_open_end || !end || end->id != id_;
      if (end && end->id == id_) text += " and before " + std::to_string(end->number);
      found_.damages.push_back(text + " cannot be read: " + why.ToString());
    };
    scan_family(family::log, visit, gap);
  }

  void read_checkpoints() {
    std::map<generation, checkpoint_reader> readers;
    std::map<generation, std::string> failures;
    const auto visit = [&](std::string_view key, std::string_view value) {
      const auto at = read_chunk_key(key);
      if (!at)
        return keep(raw_value::kind::chunk, "a key of a checkpoint", key, value, at.error().detail);
      const auto chunk = decode_chunk(key, value);
      keep(raw_value::kind::chunk,
           "checkpoint " + std::to_string(at->of) + " chunk " + std::to_string(at->part), key,
           value, chunk ? "" : chunk.error().detail);
      const auto added = readers[at->of].add(key, value);
      if (!added) failures.try_emplace(at->of, chunk ? added.error().detail : "");
    };
    const auto gap = [&](std::string_view, std::string_view, const rocksdb::Status& why) {
      found_.damages.push_back("chunks of checkpoints cannot be read: " + why.ToString());
    };
    scan_family(family::checkpoints, visit, gap);
    for (auto& [number, reader] : readers) {
      auto state = reader.finish();
      const auto failed = failures.find(number);
      if (failed == failures.end() && state) {
        found_.checkpoints.push_back({number, reader.covers(), std::move(*state)});
        continue;
      }
      const std::string why = failed != failures.end() ? failed->second : state.error().detail;
      if (!why.empty())
        found_.damages.push_back("checkpoint generation " + std::to_string(number) + ": " + why);
    }
  }

  const rocksdb_store& store_;
  document_id id_;
  broken_document found_;
};

}  // namespace

broken_document salvage(const rocksdb_store& store, const document_id& id) {
  return document_salvage{store, id}.run();
}

}  // namespace troupe::storage
