#include "storage/rocksdb_state.hpp"
#include "storage/version_record.hpp"

namespace troupe::storage {
namespace {

/// Gathers what lies between two keys of a family, whatever it is.
class raw_reader {
 public:
  raw_reader(const rocksdb_store& store, std::size_t bytes_max)
      : reader_(store, rocksdb_reader::caching::no), bytes_max_(bytes_max) {}

  template <class Describe>
  void read(family which, const document_id& id, const char* what, Describe describe) {
    const std::string end = end_key(id);
    const auto at = reader_.iterate(which);
    for (at->Seek(begin_key(id)); at->Valid() && at->key().ToStringView() < end; at->Next()) {
      bytes_ += at->value().size();
      if (bytes_ > bytes_max_) found_.is_complete = false;
      if (!found_.is_complete) return;
      raw_piece piece{what, at->value().ToString(), {}};
      describe(at->key().ToStringView(), at->value().ToStringView(), piece);
      found_.pieces.push_back(std::move(piece));
    }
    // The library shows nothing behind a place that it cannot read.
    if (!at->status().ok())
      found_.gaps.push_back(std::string{what} +
                            " and what is behind cannot be read: " + at->status().ToString());
  }

  raw_document take() { return std::move(found_); }

 private:
  rocksdb_reader reader_;
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  raw_document found_;
};

}  // namespace

result<raw_document> rocksdb_backend::raw(const std::string& document, std::size_t bytes_max) {
  const state::use store{*state_};
  if (!store) return tl::unexpected(in_document(document, state_->closed()));
  const document_id id = id_of(document);
  raw_reader reader{*store, bytes_max};
  reader.read(family::checkpoints, id, "checkpoint",
              [](std::string_view key, std::string_view value, raw_piece& piece) {
                if (const auto at = read_chunk_key(key))
                  piece.label.append(" ")
                      .append(std::to_string(at->of))
                      .append(" chunk ")
                      .append(std::to_string(at->part));
                if (const auto read = decode_chunk(key, value); !read)
                  piece.damage = read.error().detail;
              });
  reader.read(family::log, id, "record",
              [](std::string_view key, std::string_view value, raw_piece& piece) {
                if (const auto at = read_log_key(key))
                  piece.label.append(" ").append(std::to_string(at->number));
                if (const auto read = decode_record(key, value); !read)
                  piece.damage = read.error().detail;
              });
  reader.read(family::versions, id, "version",
              [](std::string_view key, std::string_view value, raw_piece& piece) {
                const auto at = read_version_key(key);
                if (!at) return;
                if (at->number == 0)
                  piece.label.append(" count");
                else
                  piece.label.append(" ").append(std::to_string(at->number));
                if (at->part != 0) piece.label.append(" chunk ").append(std::to_string(at->part));
                const auto damage_of = [](const auto& read) {
                  return read ? std::string{} : read.error().detail;
                };
                if (at->number == 0)
                  piece.damage = damage_of(decode_version_count(key, value));
                else if (at->part == 0)
                  piece.damage = damage_of(decode_version(key, value));
                else
                  piece.damage = damage_of(decode_version_chunk(key, value));
              });
  return reader.take();
}

}  // namespace troupe::storage
