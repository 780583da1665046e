// The only user of PostgreSQL's client library in this layer.
#include "app/moving/postgres_source.hpp"

#include <array>
#include <optional>

#include <libpq-fe.h>

#include "base/printable.hpp"
#include "storage/postgresql/connection.hpp"

namespace troupe::moving {

namespace {

constexpr Oid type_of_bytea = 17;
constexpr const char* connect_timeout_seconds = "10";

// The columns of the query.
constexpr int name_at = 0;
constexpr int data_at = 1;
constexpr int is_null_at = 2;

struct ends_connection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct clears_answer {
  void operator()(PGresult* answer) const noexcept { PQclear(answer); }
};
struct frees_text {
  void operator()(char* text) const noexcept { PQfreemem(text); }
};
using postgres_answer = std::unique_ptr<PGresult, clears_answer>;

class postgres_source final : public document_source {
 public:
  result<void> open(const postgres_table& from) {
    TROUPE_TRY(storage::postgresql::check_url(from.url));
    const std::array<const char*, 5> names{"dbname", "connect_timeout", "fallback_application_name",
                                           "client_encoding", nullptr};
    const std::array<const char*, 5> values{from.url.c_str(), connect_timeout_seconds,
                                            "troupe import", "UTF8", nullptr};
    connection_.reset(PQconnectdbParams(names.data(), values.data(), 1));
    if (PQstatus(connection_.get()) != CONNECTION_OK)
      return fail(errc::storage_failed, "PostgreSQL: " + storage::postgresql::explain_refusal(
                                                             PQerrorMessage(connection_.get())));
    // The table as it is at one moment, and no way to change it.
    const postgres_answer begun{
        PQexec(connection_.get(), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")};
    if (PQresultStatus(begun.get()) != PGRES_COMMAND_OK) return wrong();
    TROUPE_ASSIGN(const std::string query, query_for(from));
    constexpr int binary = 1;
    if (PQsendQueryParams(connection_.get(), query.c_str(), 0, nullptr, nullptr, nullptr, nullptr,
                          binary) != 1 ||
        PQsetSingleRowMode(connection_.get()) != 1)
      return wrong();
    return read_row();
  }

  result<bool> next(found_document& into) override {
    into.clear();
    into.notation = update_notation::v1_or_v2;
    if (broken_) return tl::unexpected(*broken_);
    if (!row_) return false;
    const bool is_named = PQgetisnull(row_.get(), 0, name_at) == 0 && !bytes_at(name_at).empty();
    if (!is_named) {
      into.problems.emplace_back("a row has no name");
      step(into);
      return true;
    }
    into.name = bytes_at(name_at);
    std::size_t size = 0;
    for (bool is_same = true; is_same; is_same = row_ && PQgetisnull(row_.get(), 0, name_at) == 0 &&
                                                 bytes_at(name_at) == into.name) {
      take_row(into, size);
      step(into);
    }
    return true;
  }

 private:
  tl::unexpected<failure> wrong() const {
    std::string why = PQerrorMessage(connection_.get());
    while (!why.empty() && (why.back() == '\n' || why.back() == ' ')) why.pop_back();
    return fail(errc::storage_failed, "PostgreSQL: " + printable(why));
  }

  result<std::string> quoted(std::string_view name) const {
    const std::unique_ptr<char, frees_text> made{
        PQescapeIdentifier(connection_.get(), name.data(), name.size())};
    if (!made) return wrong();
    return std::string{made.get()};
  }

  result<std::string> quoted_table(std::string_view table) const {
    const std::size_t dot = table.find('.');
    if (dot == std::string_view::npos) return quoted(table);
    TROUPE_ASSIGN(std::string whole, quoted(table.substr(0, dot)));
    TROUPE_ASSIGN(const std::string rest, quoted(table.substr(dot + 1)));
    return whole.append(".").append(rest);
  }

  /// All rows of a name follow each other. A value that is too large stays with the server.
  result<std::string> query_for(const postgres_table& from) const {
    TROUPE_ASSIGN(const std::string name, quoted(from.name_column));
    TROUPE_ASSIGN(const std::string data, quoted(from.data_column));
    TROUPE_ASSIGN(const std::string table, quoted_table(from.table));
    std::string query{"SELECT "};
    query.append(name).append("::text, CASE WHEN octet_length(").append(data);
    query.append(") <= ").append(std::to_string(document_size_bytes_max)).append(" THEN ");
    query.append(data).append(" END, ").append(data).append(" IS NULL FROM ").append(table);
    return query.append(" ORDER BY ").append(name).append("::text COLLATE \"C\"");
  }

  /// The next row, or none at the end.
  result<void> read_row() {
    row_.reset(PQgetResult(connection_.get()));
    if (!row_) return {};
    const ExecStatusType status = PQresultStatus(row_.get());
    const bool is_bytea = PQftype(row_.get(), data_at) == type_of_bytea;
    if (status == PGRES_SINGLE_TUPLE && is_bytea) return {};
    row_.reset();
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) return wrong();
    if (is_bytea) return {};
    return fail(errc::storage_failed, "PostgreSQL: the column of updates is not of type bytea");
  }

  /// Goes on to the next row. Where the connection ends, there may be more of the document.
  void step(found_document& into) {
    const auto read = read_row();
    if (read) return;
    into.problems.push_back(read.error().detail);
    broken_ = read.error();
  }

  std::string bytes_at(int column) const {
    return {PQgetvalue(row_.get(), 0, column),
            static_cast<std::size_t>(PQgetlength(row_.get(), 0, column))};
  }

  void take_row(found_document& into, std::size_t& size) const {
    if (bytes_at(is_null_at) == std::string_view{"\1", 1}) {
      into.problems.emplace_back("a row has no update");
      return;
    }
    const bool is_too_large = PQgetisnull(row_.get(), 0, data_at) == 1;
    size += static_cast<std::size_t>(PQgetlength(row_.get(), 0, data_at));
    if (is_too_large || size > document_size_bytes_max)
      into.problems.push_back("a row: the document is larger than " +
                              std::to_string(document_size_bytes_max) + " bytes");
    else
      into.updates.push_back(bytes_at(data_at));
  }

  std::unique_ptr<PGconn, ends_connection> connection_;
  postgres_answer row_;
  std::optional<failure> broken_;
};

}  // namespace

result<std::unique_ptr<document_source>> open_postgres(const postgres_table& from) {
  auto source = std::make_unique<postgres_source>();
  TROUPE_TRY(source->open(from));
  return source;
}

}  // namespace troupe::moving
