// The only user of SQLite.
#include "app/moving/sqlite_source.hpp"

#include <filesystem>

#include <sqlite3.h>

#include "base/printable.hpp"

namespace troupe::moving {

namespace {

constexpr int busy_timeout_ms = 10'000;

// Behind a row, in the order of their ids; from the end, where a page between cannot be read.
constexpr const char* forward = "SELECT rowid, name, data FROM documents ORDER BY rowid";
constexpr const char* backward = "SELECT rowid, name, data FROM documents ORDER BY rowid DESC";

struct closes_database {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct ends_statement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

class sqlite_source final : public document_source {
 public:
  result<void> open(const std::string& file) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored))
      return fail(errc::storage_failed, in_single_quotes(file) + ": no such file");
    file_ = file;
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
    database_.reset(opened);
    if (code != SQLITE_OK) return wrong(errc::storage_failed);
    // What a file brings along is not run, and no value is larger than a document.
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, static_cast<int>(document_size_bytes_max));
    sqlite3_busy_timeout(opened, busy_timeout_ms);
    return prepare(forward);
  }

  result<bool> next(found_document& into) override {
    into.clear();
    into.notation = update_notation::v1;
    if (!rows_) return false;
    const int code = sqlite3_step(rows_.get());
    if (code == SQLITE_ROW) {
      const sqlite3_int64 row = sqlite3_column_int64(rows_.get(), 0);
      if (is_backward_ && has_last_ && row <= last_) {
        rows_.reset();
        return false;
      }
      if (!is_backward_) last_ = row;
      if (!is_backward_) has_last_ = true;
      take_row(row, into);
      return true;
    }
    if (code == SQLITE_DONE) {
      rows_.reset();
      return false;
    }
    into.problems.push_back(
        std::string{is_backward_ ? "rows in front of those at the end" : "rows behind "}
            .append(is_backward_ ? ""
                    : has_last_  ? std::to_string(last_)
                                 : "the start")
            .append(" cannot be read: ")
            .append(printable(sqlite3_errmsg(database_.get()))));
    if (is_backward_) {
      rows_.reset();
      return true;
    }
    is_backward_ = true;
    if (!prepare(backward)) rows_.reset();
    return true;
  }

 private:
  tl::unexpected<failure> wrong(errc code) const {
    return fail(code, in_single_quotes(file_) + ": " + printable(sqlite3_errmsg(database_.get())));
  }

  result<void> prepare(const char* query) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), query, -1, &made, nullptr);
    rows_.reset(made);
    if (code == SQLITE_OK) return {};
    return wrong(code == SQLITE_BUSY ? errc::store_in_use : errc::corrupt_store);
  }

  std::string bytes_at(int column) const {
    // In this order: the first call decides the notation, the second counts its bytes.
    const void* const bytes = sqlite3_column_blob(rows_.get(), column);
    const int size = sqlite3_column_bytes(rows_.get(), column);
    if (bytes == nullptr || size <= 0) return {};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  }

  void take_row(sqlite3_int64 row, found_document& into) const {
    const bool is_named = sqlite3_column_type(rows_.get(), 1) == SQLITE_TEXT;
    if (is_named) into.name = bytes_at(1);
    if (!is_named)
      into.problems.push_back("row " + std::to_string(row) + ": the name is no text");
    else if (sqlite3_column_type(rows_.get(), 2) != SQLITE_BLOB)
      into.problems.emplace_back("data is no blob");
    else
      into.updates.push_back(bytes_at(2));
  }

  std::string file_;
  std::unique_ptr<sqlite3, closes_database> database_;
  std::unique_ptr<sqlite3_stmt, ends_statement> rows_;
  sqlite3_int64 last_ = 0;
  bool has_last_ = false;
  bool is_backward_ = false;
};

}  // namespace

result<std::unique_ptr<document_source>> open_sqlite(const std::string& file) {
  auto source = std::make_unique<sqlite_source>();
  TROUPE_TRY(source->open(file));
  return source;
}

}  // namespace troupe::moving
