// Values as PostgreSQL's protocol carries them in its binary format: what a statement is given, and
// what it answers. Pure. Source: PostgreSQL 15, protocol of the extended query; the send and
// receive functions of each type.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "storage/document_id.hpp"
#include "storage/sealed_value.hpp"

namespace troupe::storage::postgresql {

/// Milliseconds since 1970 (UTC), for a column of type timestamptz.
struct moment {
  std::uint64_t ms = 0;
};

// The numbers of PostgreSQL's types, which never change. Source: pg_type.dat.
enum class type_id : std::uint32_t {
  boolean = 16,
  bytes = 17,
  int8 = 20,
  int4 = 23,
  text = 25,
  moment = 1184,
  uuid = 2950,
  array_of_bytes = 1001,
  array_of_int4 = 1007,
  array_of_text = 1009,
  array_of_int8 = 1016,
  array_of_moment = 1185,
  array_of_uuid = 2951,
};

// How far PostgreSQL's beginning of time, the year 2000, is behind 1970.
inline constexpr std::int64_t epoch_ms = 946'684'800'000;

/// A number of ours; beyond what int8 holds there is none.
constexpr std::int64_t signed_of(std::uint64_t number) noexcept {
  constexpr auto most = static_cast<std::uint64_t>(INT64_MAX);
  return static_cast<std::int64_t>(number < most ? number : most);
}

/// What a statement is given for $1, $2, ...
class parameters {
 public:
  struct value {
    type_id type;
    std::string bytes;
  };

  parameters& add(std::int64_t number) { return put(type_id::int8, big_endian(number, 8)); }
  parameters& add(std::uint64_t number) { return add(signed_of(number)); }
  parameters& add(bool truth) { return put(type_id::boolean, std::string(1, truth ? 1 : 0)); }
  parameters& add(std::string_view text) { return put(type_id::text, std::string{text}); }
  parameters& add(const char* text) { return add(std::string_view{text}); }
  parameters& add(byte_view bytes) { return put(type_id::bytes, std::string{as_text(bytes)}); }
  parameters& add(const document_id& id) { return put(type_id::uuid, bytes_of(id)); }
  parameters& add(moment at) { return put(type_id::moment, bytes_of(at)); }
  parameters& add_int4(std::uint32_t number) { return put(type_id::int4, big_endian(number, 4)); }

  const std::vector<value>& values() const noexcept { return values_; }

  static std::string big_endian(std::int64_t number, std::size_t size) {
    std::string bytes;
    append(bytes, static_cast<std::uint64_t>(number), size);
    return bytes;
  }
  static std::string bytes_of(const document_id& id) {
    return {reinterpret_cast<const char*>(id.data()), id.size()};
  }
  static std::string bytes_of(moment at) {
    return big_endian((signed_of(at.ms) - epoch_ms) * 1000, 8);
  }

 private:
  friend class column;
  parameters& put(type_id type, std::string bytes) {
    values_.push_back({type, std::move(bytes)});
    return *this;
  }

  std::vector<value> values_;
};

/// An array with a value for each row, for unnest(): many rows with one statement.
class column {
 public:
  explicit column(type_id of_elements) : element_(of_elements) {
    append(bytes_, 1, 4);  // dimensions
    append(bytes_, 0, 4);  // without nulls
    append(bytes_, static_cast<std::uint32_t>(of_elements), 4);
    append(bytes_, 0, 4);  // how many; see finish()
    append(bytes_, 1, 4);  // the number of the first
  }

  void add(byte_view value) {
    append(bytes_, value.size(), 4);
    bytes_.append(as_text(value));
    ++count_;
  }
  void add(std::string_view text) { add(as_bytes(text)); }
  void add(const document_id& id) { add(byte_view{id.data(), id.size()}); }
  void add(std::uint64_t number) {
    const bool is_short = element_ == type_id::int4;
    append(bytes_, is_short ? 4 : 8, 4);
    append(bytes_, number, is_short ? 4 : 8);
    ++count_;
  }

  std::size_t count() const noexcept { return count_; }
  /// Of the array as it is sent.
  std::size_t size() const noexcept { return bytes_.size(); }

  void finish(parameters& into) && {
    put_count();
    into.put(array_type(), std::move(bytes_));
  }

 private:
  void put_count() {
    constexpr std::size_t at = 12;
    storage::put(bytes_.data() + at, count_, 4);
  }
  type_id array_type() const noexcept {
    switch (element_) {
      case type_id::bytes: return type_id::array_of_bytes;
      case type_id::int4: return type_id::array_of_int4;
      case type_id::int8: return type_id::array_of_int8;
      case type_id::uuid: return type_id::array_of_uuid;
      case type_id::moment: return type_id::array_of_moment;
      default: return type_id::array_of_text;
    }
  }

  type_id element_;
  std::string bytes_;
  std::size_t count_ = 0;
};

/// A row of an answer; its columns are numbered from 0. Valid while it is being received.
class row {
 public:
  explicit row(std::span<const std::string_view> values) : values_(values) {}

  std::string_view text(std::size_t column) const { return values_[column]; }
  byte_view bytes(std::size_t column) const { return as_bytes(values_[column]); }
  /// Of an int8, or an int4 without a sign.
  std::uint64_t number(std::size_t column) const {
    return number_at(values_[column], 0, values_[column].size());
  }
  bool truth(std::size_t column) const { return values_[column] == std::string_view{"\1", 1}; }
  document_id id(std::size_t column) const { return id_at(values_[column], 0); }
  std::uint64_t ms(std::size_t column) const {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(number(column)) / 1000 + epoch_ms);
  }

 private:
  std::span<const std::string_view> values_;
};

}  // namespace troupe::storage::postgresql
