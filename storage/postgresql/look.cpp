// What other nodes have written to documents that are open here, in PostgreSQL: all documents with
// one statement, and the rows that are new with another one.
#include <unordered_map>

#include "base/crc32c.hpp"
#include "storage/postgresql/state.hpp"

namespace troupe::storage {

namespace {

using postgresql::column;
using postgresql::connection;
using postgresql::named_meta;
using postgresql::parameters;
using postgresql::row;
using postgresql::type_id;

/// What a look brings at most; the rest is left to the next one.
constexpr std::size_t documents_with_rows_max = 64;
constexpr std::uint64_t rows_of_document_max = 256;
constexpr std::size_t whole_documents_max = 4;

constexpr const char* select_heads =
    "SELECT " TROUPE_META_COLUMNS " FROM documents WHERE id = ANY($1)";
// In order, and without the contents of what the asking one has written itself.
constexpr const char* select_rows =
    "SELECT document, number, crc, origin = o, CASE WHEN origin = o THEN ''::bytea ELSE data END "
    "FROM unnest($1, $2, $3) AS asked(d, n, o) JOIN log ON document = d AND number > n AND number "
    "<= n + $4 ORDER BY document, number";

log_news head_of(const document_meta& meta, const read_position& from) {
  log_news news;
  news.generation = document_generation(meta.life, meta.is_removed, meta.is_admitted);
  news.known = from.known;
  news.checkpoint_number = from.checkpoint_number;
  news.covers = meta.covers;
  news.log_bytes = meta.log_bytes;
  news.checkpoint_size = meta.checkpoint_size;
  return news;
}

/// One look at documents, by what they are known as in the tables.
class looking {
 public:
  explicit looking(const std::vector<read_position>& which) : which_(which), news_(which.size()) {
    for (std::size_t i = 0; i < which.size(); ++i) at_.emplace(as_key(id_of(which[i].document)), i);
  }

  /// Of one moment.
  result<void> read(connection& by) {
    postgresql::begin_reading(by);
    send_heads(by);
    if (const auto heard = by.run(); !heard) {
      by.roll_back();
      return heard;
    }
    send_rows(by);
    return postgresql::end_reading(by);
  }

  /// Those that have another checkpoint, which may have what is in no row yet.
  const std::vector<std::size_t>& whole() const noexcept { return whole_; }

  void put_whole(std::size_t at, stored_document&& stored, const document_meta& meta) {
    log_news& news = news_[at] = head_of(meta, which_[at]);
    if (!stored.checkpoint.empty()) news.updates.emplace_back(stored.checkpoint);
    for (shared_slice& each : stored.updates) news.updates.push_back(std::move(each));
    news.known = stored.last;
    news.checkpoint_number = stored.checkpoint_number;
  }

  std::vector<log_news> take() && { return std::move(news_); }

 private:
  static std::string as_key(const document_id& id) { return parameters::bytes_of(id); }

  void send_heads(connection& by) {
    column ids{type_id::uuid};
    for (const read_position& each : which_) ids.add(id_of(each.document));
    parameters with;
    std::move(ids).finish(with);
    by.send(select_heads, std::move(with), [this](const row& found) -> result<void> {
      const named_meta head = postgresql::read_meta(found);
      const auto at = at_.find(as_key(head.meta.id));
      if (at != at_.end() && which_[at->second].document == head.name)
        note_head(at->second, head.meta);
      return {};
    });
  }

  void note_head(std::size_t at, const document_meta& meta) {
    const read_position& from = which_[at];
    news_[at] = head_of(meta, from);
    if (meta.is_removed) return;
    const bool is_whole = meta.newest != from.checkpoint_number;
    if (!is_whole && meta.counted <= from.known) return;
    std::vector<std::size_t>& list = is_whole ? whole_ : with_rows_;
    news_[at].has_more = list.size() >= (is_whole ? whole_documents_max : documents_with_rows_max);
    if (!news_[at].has_more) list.push_back(at);
    last_[at] = meta.counted;
  }

  void send_rows(connection& by) {
    if (with_rows_.empty()) return;
    column ids{type_id::uuid};
    column numbers{type_id::int8};
    column origins{type_id::int8};
    for (const std::size_t at : with_rows_) {
      ids.add(id_of(which_[at].document));
      numbers.add(which_[at].known);
      origins.add(which_[at].origin);
    }
    parameters with;
    std::move(ids).finish(with);
    std::move(numbers).finish(with);
    std::move(origins).finish(with);
    with.add(rows_of_document_max);
    by.send(select_rows, std::move(with),
            [this](const row& found) -> result<void> { return note_row(found); });
  }

  result<void> note_row(const row& found) {
    const document_id id = found.id(0);
    const std::size_t at = at_.at(as_key(id));
    log_news& news = news_[at];
    const sequence number = found.number(1);
    const byte_view update = found.bytes(4);
    const std::string& name = which_[at].document;
    if (number != news.known + 1)
      return tl::unexpected(
          in_document(name, {errc::corrupt_document,
                             "record " + std::to_string(news.known + 1) + " is missing"}));
    news.known = number;
    news.has_more = number < last_.at(at);
    if (found.truth(3)) return {};
    if (postgresql::crc_of_record(id, number, update) !=
        static_cast<std::uint32_t>(found.number(2)))
      return tl::unexpected(
          in_document(name, {errc::corrupt_document,
                             "record " + std::to_string(number) + ": its checksum is wrong"}));
    news.updates.emplace_back(shared_bytes::copy_of(update));
    return {};
  }

  const std::vector<read_position>& which_;
  std::vector<log_news> news_;
  std::unordered_map<std::string, std::size_t> at_;  // by id
  std::unordered_map<std::size_t, sequence> last_;
  std::vector<std::size_t> with_rows_;
  std::vector<std::size_t> whole_;
};

}  // namespace

result<std::vector<log_news>> postgresql_backend::look(const std::vector<read_position>& which) {
  using postgresql::connection;
  return state_->connections.read([&](connection& by) -> result<std::vector<log_news>> {
    looking all{which};
    TROUPE_TRY(all.read(by));
    for (const std::size_t at : all.whole()) {
      auto read = postgresql::load(by, which[at].document);
      if (!read) return tl::unexpected(in_document(which[at].document, std::move(read).error()));
      if (read->meta) all.put_whole(at, std::move(read->stored), *read->meta);
    }
    return std::move(all).take();
  });
}

}  // namespace troupe::storage
