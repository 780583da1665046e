#include "storage/postgresql/versions.hpp"

#include <algorithm>

#include "base/compression.hpp"
#include "base/crc32c.hpp"
#include "storage/postgresql/state.hpp"
#include "storage/postgresql/writer.hpp"
#include "storage/version_record.hpp"

namespace troupe::storage {
namespace postgresql {
namespace {

constexpr const char* select_versions =
    "SELECT number, label, created_at, is_automatic, covers, state_size, frame_size, frame_crc, "
    "array_to_string(authors, chr(10)), array_to_string(origins, chr(10)) "
    "FROM versions WHERE document = $1 AND number > $2 ORDER BY number LIMIT $3";
constexpr const char* select_version =
    "SELECT number, label, created_at, is_automatic, covers, state_size, frame_size, frame_crc, "
    "array_to_string(authors, chr(10)), array_to_string(origins, chr(10)) "
    "FROM versions WHERE document = $1 AND number = $2";
constexpr const char* select_version_parts =
    "SELECT part, data FROM version_parts WHERE document = $1 AND number = $2 ORDER BY part";

/// Names have no control characters, so a line end stands between two.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void add_names(parameters& to, const std::vector<std::string>& names) {
  column list{type_id::text};
  for (const std::string& each : names) list.add(std::string_view{each});
  std::move(list).finish(to);
}

version_info read_info(const row& from) {
  version_info info;
  info.number = from.number(0);
  info.label = from.text(1);
  info.created_at = from.ms(2);
  info.is_automatic = from.truth(3);
  info.covers = from.number(4);
  info.size = from.number(5);
  info.stored_size = from.number(6);
  info.by.users = lines_of(from.text(8));
  info.by.origins = lines_of(from.text(9));
  return info;
}

tl::unexpected<failure> corrupt_version(version_number number, const std::string& why) {
  return fail(errc::corrupt_document, "version " + std::to_string(number) + ": " + why);
}

/// The state from its frame, if all of it is what the row of the version says.
result<shared_bytes> unpack(const version_info& info, std::uint32_t frame_crc, byte_view frame) {
  if (frame.size() != info.stored_size)
    return corrupt_version(info.number, std::to_string(frame.size()) + " of " +
                                            std::to_string(info.stored_size) +
                                            " compressed bytes are there");
  if (crc32c(frame) != frame_crc)
    return corrupt_version(info.number, "the checksum of the whole is wrong");
  if (info.size > version_size_bytes_max) return corrupt_version(info.number, "it is too large");
  const auto state = decompress(frame, static_cast<std::size_t>(info.size));
  if (!state) return corrupt_version(info.number, to_string(state.error()));
  if (state->size() != info.size)
    return corrupt_version(info.number, "it has " + std::to_string(state->size()) +
                                            " bytes and not " + std::to_string(info.size));
  return shared_bytes::copy_of(*state);
}

}  // namespace

result<version_page> read_versions(connection& by, const document_id& id, version_number after,
                                   std::size_t limit) {
  version_page page;
  by.send(select_versions, parameters{}.add(id).add(after).add(std::uint64_t{limit} + 1),
          [&](const row& from) -> result<void> {
            page.has_more = page.versions.size() >= limit;
            if (!page.has_more) page.versions.push_back(read_info(from));
            return {};
          });
  TROUPE_TRY(by.run());
  return page;
}

result<std::optional<stored_version>> read_version(connection& by, const document_id& id,
                                                   version_number number) {
  std::optional<version_info> info;
  std::uint32_t frame_crc = 0;
  byte_buffer frame;
  std::uint64_t parts = 0;
  bool is_in_order = true;
  begin_reading(by);
  by.send(select_version, parameters{}.add(id).add(number), [&](const row& from) -> result<void> {
    info = read_info(from);
    frame_crc = static_cast<std::uint32_t>(from.number(7));
    return {};
  });
  by.send(select_version_parts, parameters{}.add(id).add(number),
          [&](const row& from) -> result<void> {
            is_in_order = is_in_order && from.number(0) == ++parts;
            const byte_view part = from.bytes(1);
            frame.insert(frame.end(), part.begin(), part.end());
            return {};
          });
  TROUPE_TRY(end_reading(by));
  if (!info && parts > 0) return corrupt_version(number, "its row is missing");
  if (!info) return std::nullopt;
  if (!is_in_order) return corrupt_version(number, "a part of it is missing");
  TROUPE_ASSIGN(shared_bytes state, unpack(*info, frame_crc, frame));
  return stored_version{*std::move(info), std::move(state)};
}

namespace {

constexpr const char* insert_version =
    "INSERT INTO versions (document, number, label, created_at, is_automatic, covers, state_size, "
    "frame_size, frame_crc, authors, origins) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
    "$11)";
constexpr const char* insert_version_part =
    "INSERT INTO version_parts (document, number, part, data) VALUES ($1, $2, $3, $4)";
constexpr const char* take_number =
    "UPDATE documents SET last_version = last_version + 1 WHERE id = $1 RETURNING last_version";

void send_version(connection& by, const document_id& id, const version_info& info,
                  const packed_version& packed) {
  parameters row_of_version;
  row_of_version.add(id)
      .add(info.number)
      .add(std::string_view{info.label})
      .add(moment{info.created_at})
      .add(info.is_automatic)
      .add(info.covers)
      .add(info.size)
      .add(info.stored_size)
      .add_int4(packed.crc);
  add_names(row_of_version, info.by.users);
  add_names(row_of_version, info.by.origins);
  by.send(insert_version, std::move(row_of_version));
  std::uint32_t part = 0;
  for (byte_view rest = packed.frame; !rest.empty();) {
    const byte_view chunk = rest.first(std::min(rest.size(), chunk_size_bytes_max));
    by.send(insert_version_part, parameters{}.add(id).add(info.number).add_int4(++part).add(chunk));
    rest = rest.subspan(chunk.size());
  }
}

/// The id of a document that is there.
result<std::optional<document_id>> find_present(connection& by, const std::string& name) {
  TROUPE_ASSIGN(const auto meta, find_meta(by, name));
  if (!is_present(meta)) return std::nullopt;
  return meta->id;
}

template <class T>
result<T> in_named(const std::string& document, result<T> done) {
  if (done) return done;
  return tl::unexpected(in_document(document, std::move(done).error()));
}

}  // namespace
}  // namespace postgresql

using postgresql::connection;
using postgresql::parameters;

result<version_info> postgresql_backend::add_version(const std::string& document,
                                                     const version_draft& what) {
  TROUPE_TRY(check_label(what.label));
  TROUPE_ASSIGN(const packed_version packed, pack_version(what.state));
  const auto put = [&](connection& by) -> result<version_info> {
    TROUPE_ASSIGN(const auto meta, postgresql::lock_meta(by, document));
    if (!postgresql::is_present(meta)) return fail(errc::document_removed, misfit::no_document);
    version_info info{0,           what.label,        state_->now(),       what.is_automatic,
                      what.covers, what.state.size(), packed.frame.size(), what.by};
    by.send(postgresql::take_number, parameters{}.add(meta->id),
            [&](const postgresql::row& from) -> result<void> {
              info.number = from.number(0);
              return {};
            });
    TROUPE_TRY(by.run());
    postgresql::send_version(by, meta->id, info, packed);
    return info;
  };
  return postgresql::in_named(document, state_->change(put));
}

result<version_page> postgresql_backend::list_versions(const version_query& which) {
  const auto list = [&](connection& by) -> result<version_page> {
    TROUPE_ASSIGN(const auto id, postgresql::find_present(by, which.document));
    if (!id) return version_page{};
    return postgresql::read_versions(by, *id, which.after, which.limit);
  };
  return postgresql::in_named(which.document, state_->connections.read(list));
}

result<std::optional<stored_version>> postgresql_backend::read_version(const std::string& document,
                                                                       version_number number) {
  const auto read = [&](connection& by) -> result<std::optional<stored_version>> {
    TROUPE_ASSIGN(const auto id, postgresql::find_present(by, document));
    if (!id) return std::nullopt;
    return postgresql::read_version(by, *id, number);
  };
  return postgresql::in_named(document, state_->connections.read(read));
}

result<bool> postgresql_backend::remove_version(const std::string& document,
                                                version_number number) {
  const auto remove = [&](connection& by) -> result<bool> {
    TROUPE_ASSIGN(const auto meta, postgresql::lock_meta(by, document));
    if (!postgresql::is_present(meta)) return false;
    bool was_there = false;
    const auto note = [&](const postgresql::row&) -> result<void> {
      was_there = true;
      return {};
    };
    for (const char* const each :
         {"DELETE FROM version_parts WHERE document = $1 AND number = $2 RETURNING 1",
          "DELETE FROM versions WHERE document = $1 AND number = $2 RETURNING 1"})
      by.send(each, parameters{}.add(meta->id).add(number), note);
    TROUPE_TRY(by.run());
    return was_there;
  };
  return postgresql::in_named(document, state_->change(remove));
}

}  // namespace troupe::storage
