#include "storage/postgresql/reader.hpp"

#include "base/crc32c.hpp"
#include "base/printable.hpp"

namespace troupe::storage::postgresql {
namespace {

constexpr const char* select_meta = "SELECT " TROUPE_META_COLUMNS " FROM documents WHERE id = $1";

// The newest checkpoint, and the log behind it; without an entry, whatever there is.
constexpr const char* select_newest =
    "SELECT part, covers, state_size, state_crc, data FROM checkpoints WHERE document = $1 AND "
    "generation = coalesce((SELECT newest FROM documents WHERE id = $1), 1) ORDER BY part";
constexpr const char* select_log =
    "SELECT number, crc, data FROM log WHERE document = $1 AND number > coalesce((SELECT "
    "newest_covers FROM documents WHERE id = $1), 0) ORDER BY number";
// The same for the checkpoint before it.
constexpr const char* select_previous =
    "SELECT part, covers, state_size, state_crc, data FROM checkpoints WHERE document = $1 AND "
    "generation = (SELECT previous FROM documents WHERE id = $1) ORDER BY part";
constexpr const char* select_longer_log =
    "SELECT number, crc, data FROM log WHERE document = $1 AND number > (SELECT previous_covers "
    "FROM documents WHERE id = $1) ORDER BY number";
constexpr const char* select_one =
    "SELECT part, covers, state_size, state_crc, data FROM checkpoints WHERE document = $1 AND "
    "generation = $2 ORDER BY part";

tl::unexpected<failure> corrupt(std::string what) {
  return fail(errc::corrupt_document, std::move(what));
}

/// Puts a checkpoint together from its rows, in order.
class checkpoint_rows {
 public:
  result<void> add(const row& from) {
    if (from.number(0) != count_) return corrupt("part " + std::to_string(count_) + " is missing");
    if (count_++ == 0) {
      covers_ = from.number(1);
      size_ = from.number(2);
      crc_ = static_cast<std::uint32_t>(from.number(3));
    }
    const byte_view part = from.bytes(4);
    if (part.size() > size_ - state_.size())
      return corrupt("it is longer than its first part says");
    state_.insert(state_.end(), part.begin(), part.end());
    return {};
  }

  result<shared_bytes> finish(generation of, sequence covers) const {
    if (of == 0) return shared_bytes{};
    const std::string what = "checkpoint generation " + std::to_string(of) + ": ";
    if (damage_) return corrupt(what + *damage_);
    if (count_ == 0) return corrupt(what + "nothing of it is there");
    if (state_.size() != size_)
      return corrupt(what + "only " + std::to_string(state_.size()) + " of " +
                     std::to_string(size_) + " bytes are there");
    if (crc32c(state_) != crc_) return corrupt(what + "the checksum of the whole is wrong");
    if (covers_ != covers)
      return corrupt(what + "it covers " + std::to_string(covers_) + " and not " +
                     std::to_string(covers));
    return shared_bytes::copy_of(state_);
  }

  /// Hears rows; what is wrong with them is said by finish().
  connection::hearer hearer() {
    return [this](const row& from) -> result<void> {
      if (damage_) return {};
      if (const auto added = add(from); !added) damage_ = added.error().detail;
      return {};
    };
  }
  bool empty() const noexcept { return count_ == 0; }

 private:
  std::uint64_t count_ = 0;
  sequence covers_ = 0;
  std::uint64_t size_ = 0;
  std::uint32_t crc_ = 0;
  byte_buffer state_;
  std::optional<std::string> damage_;
};

/// The log in order, as it comes.
class log_rows {
 public:
  explicit log_rows(const document_id& id) : id_(id) {}

  connection::hearer hearer() {
    return [this](const row& from) -> result<void> {
      if (!damage_.empty()) return {};
      const sequence number = from.number(0);
      const byte_view update = from.bytes(2);
      if (!numbers_.empty() && number != numbers_.back() + 1)
        damage_ = "record " + std::to_string(numbers_.back() + 1) + " is missing";
      else if (crc_of_record(id_, number, update) != static_cast<std::uint32_t>(from.number(1)))
        damage_ = "record " + std::to_string(number) + ": its checksum is wrong";
      numbers_.push_back(number);
      sizes_.push_back(update.size());
      bytes_.insert(bytes_.end(), update.begin(), update.end());
      return {};
    };
  }
  bool empty() const noexcept { return numbers_.empty(); }

  /// The log behind a number, up to `last` or farther.
  result<void> finish(sequence behind, sequence last, stored_document& into) const {
    if (!damage_.empty()) return corrupt(damage_);
    if (!numbers_.empty() && numbers_.front() != behind + 1)
      return corrupt("record " + std::to_string(behind + 1) + " is missing");
    into.last = numbers_.empty() ? behind : numbers_.back();
    if (into.last < last) return corrupt("record " + std::to_string(into.last + 1) + " is missing");
    const shared_bytes all = shared_bytes::copy_of(bytes_);
    std::size_t offset = 0;
    for (const std::size_t size : sizes_) {
      into.updates.emplace_back(all, offset, size);
      offset += size;
    }
    return {};
  }

 private:
  document_id id_;
  std::vector<sequence> numbers_;
  std::vector<std::size_t> sizes_;
  byte_buffer bytes_;
  std::string damage_;
};

connection::hearer hearer_of(std::optional<named_meta>& into) {
  return [&into](const row& from) -> result<void> {
    into = read_meta(from);
    return {};
  };
}

result<void> check_name(const named_meta& found, const std::string& name) {
  if (found.name == name) return {};
  return fail(errc::storage_conflict, "its id " + to_string(found.meta.id) +
                                          " is that of document " + in_single_quotes(found.name) +
                                          ", so its name cannot be used");
}

/// The same from the checkpoint before the newest; `why` says what is wrong with that.
result<read_document> load_previous(connection& by, const document_id& id, const failure& why) {
  std::optional<named_meta> found;
  checkpoint_rows checkpoint;
  log_rows log{id};
  begin_reading(by);
  by.send(select_meta, parameters{}.add(id), hearer_of(found));
  by.send(select_previous, parameters{}.add(id), checkpoint.hearer());
  by.send(select_longer_log, parameters{}.add(id), log.hearer());
  TROUPE_TRY(end_reading(by));
  if (!found) return tl::unexpected(why);
  const document_meta& meta = found->meta;
  read_document done{meta, {}};
  auto state = checkpoint.finish(meta.previous, meta.previous_covers);
  const auto rest = state ? log.finish(meta.previous_covers, meta.counted, done.stored)
                          : result<void>{tl::unexpected(state.error())};
  if (!rest)
    return fail(rest.error().code,
                why.detail + "; the checkpoint before it does not help: " + rest.error().detail);
  done.stored.checkpoint = *std::move(state);
  done.stored.damage = why.detail;
  done.stored.checkpoint_number = meta.newest;
  done.stored.generation = document_generation(meta.life, meta.is_removed, meta.is_admitted);
  return done;
}

}  // namespace

named_meta read_meta(const row& from) {
  named_meta read;
  document_meta& meta = read.meta;
  meta.id = from.id(0);
  read.name = from.text(1);
  meta.created_at = from.ms(2);
  meta.changed_at = from.ms(3);
  meta.life = from.number(4);
  meta.is_removed = from.truth(5);
  meta.is_admitted = from.truth(6);
  std::size_t at = 7;
  for (std::uint64_t* const each :
       {&meta.counted, &meta.log_records, &meta.log_bytes, &meta.newest, &meta.covers,
        &meta.checkpoint_size, &meta.previous, &meta.previous_covers, &meta.previous_size})
    *each = from.number(at++);
  return read;
}

std::uint32_t crc_of_record(const document_id& id, sequence number, byte_view update) {
  return crc32c(update, crc32c(as_bytes(log_key(id, number))));
}

void begin_reading(connection& by) {
  by.send("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

result<void> end_reading(connection& by) {
  by.send("COMMIT");
  const auto done = by.run();
  if (!done) by.roll_back();
  return done;
}

result<std::optional<document_meta>> find_meta(connection& by, const std::string& name) {
  std::optional<named_meta> found;
  by.send(select_meta, parameters{}.add(id_of(name)), hearer_of(found));
  TROUPE_TRY(by.run());
  if (!found) return std::nullopt;
  TROUPE_TRY(check_name(*found, name));
  return found->meta;
}

result<read_document> load(connection& by, const std::string& name) {
  const document_id id = id_of(name);
  std::optional<named_meta> found;
  checkpoint_rows checkpoint;
  log_rows log{id};
  begin_reading(by);
  by.send(select_meta, parameters{}.add(id), hearer_of(found));
  by.send(select_newest, parameters{}.add(id), checkpoint.hearer());
  by.send(select_log, parameters{}.add(id), log.hearer());
  TROUPE_TRY(end_reading(by));
  if (!found) {
    if (!checkpoint.empty() || !log.empty())
      return corrupt("its row in documents is missing, but there is data of it");
    return read_document{};
  }
  TROUPE_TRY(check_name(*found, name));
  const document_meta& meta = found->meta;
  read_document done{meta, {}};
  done.stored.generation = document_generation(meta.life, meta.is_removed, meta.is_admitted);
  done.stored.checkpoint_number = meta.newest;
  if (!check_present(meta)) return done;
  auto state = checkpoint.finish(meta.newest, meta.covers);
  if (!state) return load_previous(by, id, state.error());
  done.stored.checkpoint = *std::move(state);
  TROUPE_TRY(log.finish(meta.covers, meta.counted, done.stored));
  return done;
}

result<shared_bytes> read_checkpoint(connection& by, const document_id& id, generation of,
                                     sequence covers) {
  checkpoint_rows checkpoint;
  by.send(select_one, parameters{}.add(id).add(of), checkpoint.hearer());
  TROUPE_TRY(by.run());
  return checkpoint.finish(of, covers);
}

result<void> check_present(const document_meta& meta) {
  if (!meta.is_removed || meta.is_admitted) return {};
  return fail(errc::document_removed, "it was removed");
}

}  // namespace troupe::storage::postgresql
