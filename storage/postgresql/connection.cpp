#include "storage/postgresql/connection.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <vector>

#include <libpq-fe.h>
#include <poll.h>

#include "base/printable.hpp"

namespace troupe::storage::postgresql {
namespace {

struct ends_connection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct clears_answer {
  void operator()(PGresult* answer) const noexcept { PQclear(answer); }
};
using answer = std::unique_ptr<PGresult, clears_answer>;

/// What libpq says, which may be several lines, as one.
std::string line_of(const char* text) {
  std::string line;
  for (const char each : std::string_view{text == nullptr ? "" : text}) {
    const bool is_space = each == '\n' || each == '\t' || each == ' ';
    if (!is_space)
      line.push_back(each);
    else if (!line.empty() && line.back() != ' ')
      line.push_back(' ');
  }
  if (line.ends_with(' ')) line.pop_back();
  return printable(line);
}

/// A URL that was not written as it should be may have its password where a host or a port belongs.
/// So of what libpq cites nothing is shown where it can read no more than that, else all that
/// cannot be part of a password.
std::string without_secrets(std::string_view said) {
  const bool is_unread = said.starts_with("invalid ");
  std::string shown;
  for (std::size_t at = 0; at < said.size();) {
    const std::size_t begin = std::min(said.find('"', at), said.size());
    shown.append(said.substr(at, begin - at));
    if (begin == said.size()) break;
    const std::size_t end = std::min(said.find('"', begin + 1), said.size());
    const std::string_view cited = said.substr(begin + 1, end - begin - 1);
    const bool is_hidden = is_unread || cited.find('@') != std::string_view::npos;
    shown.append("\"").append(is_hidden ? "..." : cited).append("\"");
    at = end + 1;
  }
  return shown;
}

tl::unexpected<failure> refused(errc code, std::string_view why) {
  return fail(code, std::string{"PostgreSQL: "}.append(why));
}

/// Source: PostgreSQL 15, appendix A.
fault fault_of(std::string_view sql_state) noexcept {
  if (sql_state == "40001" || sql_state == "40P01" || sql_state == "23505") return fault::conflict;
  if (sql_state == "42P01" || sql_state == "3F000" || sql_state == "42703") return fault::missing;
  return fault::other;
}

/// Values that the database cannot take are those of one document; the others can be stored.
errc code_of(std::string_view sql_state) noexcept {
  if (sql_state.starts_with("22") || sql_state.starts_with("23")) return errc::storage_conflict;
  return sql_state == "53100" ? errc::disk_full : errc::storage_failed;
}

constexpr std::string_view is_read_only = "25006";

/// A statement that this prepared is not there, or one that it did not is.
bool is_of_another_session(std::string_view sql_state) noexcept {
  return sql_state == "42P05" || sql_state == "26000";
}

}  // namespace

struct connection::state {
  struct statement {
    const char* prepared = nullptr;  // the literal that this prepares; else null
    hearer hears;
  };

  bool is_lost() const noexcept { return lost || PQstatus(to.get()) != CONNECTION_OK; }
  tl::unexpected<failure> lose(std::string_view detail);
  void require(int is_sent);
  result<void> wait(short events);
  result<void> flush();
  result<answer> next_answer();
  result<void> hear(const statement& of);
  result<void> hear_rows(const PGresult& from, const statement& of) const;
  failure failure_of(const PGresult& from);
  result<void> hear_end();

  std::unique_ptr<PGconn, ends_connection> to;
  std::chrono::milliseconds patience{};
  bool lost = false;
  bool is_broken = false;  // a statement could not be sent
  fault last_fault = fault::none;
  std::string warning;
  std::unordered_map<const char*, std::string> names;  // of statements that are prepared
  std::uint64_t named = 0;
  std::vector<statement> sent;
};

bool is_schema_name(std::string_view name) noexcept {
  constexpr std::size_t size_max = 63;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && name.size() <= size_max && is_letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

result<void> check_url(const std::string& url) {
  char* why = nullptr;
  PQconninfoOption* const read = PQconninfoParse(url.c_str(), &why);
  const std::string said = line_of(why);
  if (why != nullptr) PQfreemem(why);
  if (read == nullptr)
    return refused(errc::storage_failed,
                   "the URL cannot be read: " + said.substr(0, said.find('"')) +
                       "... (it is not shown, as it may have a password)");
  PQconninfoFree(read);
  return {};
}

std::string explain_refusal(const char* of_libpq) { return without_secrets(line_of(of_libpq)); }

connection::connection(std::unique_ptr<state> opened) : state_(std::move(opened)) {}
connection::~connection() = default;

result<std::unique_ptr<connection>> connection::open(const connection_settings& settings) {
  if (!is_schema_name(settings.schema)) return refused(errc::invalid_config, "no name of a schema");
  TROUPE_TRY(check_url(settings.url));
  const std::string patience = std::to_string(connect_timeout.count());
  const std::string unanswered =
      std::to_string((settings.statement_timeout + reply_margin).count());
  // The URL says more than what stands in front of it, and less than what stands behind.
  std::vector<const char*> names{"fallback_application_name", "connect_timeout", "tcp_user_timeout",
                                 "target_session_attrs",      "dbname",          "client_encoding"};
  std::vector<const char*> values{"troupe",     patience.c_str(),     unanswered.c_str(),
                                  "read-write", settings.url.c_str(), "UTF8"};
  if (!settings.tls.empty()) {
    names.push_back("sslmode");
    values.push_back(settings.tls.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  auto opened = std::make_unique<state>();
  opened->to.reset(PQconnectdbParams(names.data(), values.data(), 1));
  PGconn* const to = opened->to.get();
  if (PQstatus(to) != CONNECTION_OK)
    return refused(errc::storage_failed, explain_refusal(PQerrorMessage(to)));
  const auto note_warning = [](void* of, const PGresult* notice) {
    static_cast<state*>(of)->warning = line_of(PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY));
  };
  PQsetNoticeReceiver(to, note_warning, opened.get());
  opened->patience = settings.statement_timeout + reply_margin;
  if (PQsetnonblocking(to, 1) != 0 || PQenterPipelineMode(to) != 1)
    return refused(errc::storage_failed, line_of(PQerrorMessage(to)));
  std::unique_ptr<connection> made{new connection{std::move(opened)}};
  const std::string timeout = std::to_string(settings.statement_timeout.count());
  made->send(
      "SELECT set_config('search_path', $1, false), set_config('client_min_messages', 'warning', "
      "false), set_config('statement_timeout', $2, false), "
      "set_config('idle_in_transaction_session_timeout', $2, false)",
      parameters{}.add(settings.schema).add(timeout));
  TROUPE_TRY(made->run());
  return made;
}

tl::unexpected<failure> connection::state::lose(std::string_view detail) {
  lost = true;
  last_fault = fault::connection;
  return refused(errc::storage_failed, detail);
}

/// libpq refuses to send only where the connection is lost or memory is.
void connection::state::require(int is_sent) { is_broken = is_broken || is_sent != 1; }

void connection::send(const char* statement, parameters with, hearer hears) {
  state& of = *state_;
  PGconn* const to = of.to.get();
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> sizes;
  for (const parameters::value& each : with.values()) {
    types.push_back(static_cast<Oid>(each.type));
    values.push_back(each.bytes.data());
    sizes.push_back(static_cast<int>(each.bytes.size()));
  }
  const std::vector<int> formats(values.size(), 1);
  const auto count = static_cast<int>(values.size());
  auto known = of.names.find(statement);
  if (known == of.names.end()) {
    known = of.names.emplace(statement, "s" + std::to_string(of.named++)).first;
    of.require(PQsendPrepare(to, known->second.c_str(), statement, count, types.data()));
    of.sent.push_back({statement, {}});
  }
  of.require(PQsendQueryPrepared(to, known->second.c_str(), count, values.data(), sizes.data(),
                                 formats.data(), 1));
  of.sent.push_back({nullptr, std::move(hears)});
}

void connection::send_text(std::string statement) {
  state_->require(PQsendQueryParams(state_->to.get(), statement.c_str(), 0, nullptr, nullptr,
                                    nullptr, nullptr, 1));
  state_->sent.push_back({});
}

result<void> connection::state::wait(short events) {
  pollfd on{PQsocket(to.get()), events, 0};
  const int ready = ::poll(&on, 1, static_cast<int>(patience.count()));
  if (ready == 0) return lose("no answer for " + std::to_string(patience.count()) + " ms");
  if (ready > 0 && (on.revents & (POLLIN | POLLERR | POLLHUP)) != 0 &&
      PQconsumeInput(to.get()) != 1)
    return lose(line_of(PQerrorMessage(to.get())));
  return {};
}

/// The database may want its output read before it accepts more.
result<void> connection::state::flush() {
  for (;;) {
    const int left = PQflush(to.get());
    if (left == 0) return {};
    if (left < 0) return lose(line_of(PQerrorMessage(to.get())));
    TROUPE_TRY(wait(POLLIN | POLLOUT));
  }
}

result<answer> connection::state::next_answer() {
  while (PQisBusy(to.get()) == 1) TROUPE_TRY(wait(POLLIN));
  answer got{PQgetResult(to.get())};
  if (is_lost())
    return lose(line_of(got ? PQresultErrorMessage(got.get()) : PQerrorMessage(to.get())));
  return got;
}

failure connection::state::failure_of(const PGresult& from) {
  const char* const code = PQresultErrorField(&from, PG_DIAG_SQLSTATE);
  const std::string_view sql_state = code == nullptr ? "" : code;
  last_fault = fault_of(sql_state);
  // A server that was the first and is another's copy now: a new connection finds the other.
  if (sql_state == is_read_only) lost = true;
  std::string what = line_of(PQresultErrorField(&from, PG_DIAG_MESSAGE_PRIMARY));
  if (is_of_another_session(sql_state))
    what += "; a pooler in front of the database gives one session to several connections, and "
            "must not";
  return refused(code_of(sql_state), what).value();
}

result<void> connection::state::hear_rows(const PGresult& from, const statement& of) const {
  const int columns = PQnfields(&from);
  std::vector<std::string_view> values(static_cast<std::size_t>(columns));
  for (int i = 0; i < PQntuples(&from); ++i) {
    for (int j = 0; j < columns; ++j)
      values[static_cast<std::size_t>(j)] = {PQgetvalue(&from, i, j),
                                             static_cast<std::size_t>(PQgetlength(&from, i, j))};
    if (of.hears) TROUPE_TRY(of.hears(row{values}));
  }
  return {};
}

/// All answers to one statement; the last is followed by none.
result<void> connection::state::hear(const statement& of) {
  result<void> heard;
  PQsetSingleRowMode(to.get());
  for (;;) {
    TROUPE_ASSIGN(const answer got, next_answer());
    if (!got) return heard;
    const ExecStatusType status = PQresultStatus(got.get());
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)
      heard = tl::unexpected(failure_of(*got));
    else if (status == PGRES_PIPELINE_ABORTED)
      heard = refused(errc::storage_failed, "an earlier statement has failed");
    else if (heard)
      heard = hear_rows(*got, of);
  }
}

/// What is in no transaction is committed now, and that may fail.
result<void> connection::state::hear_end() {
  result<void> committed;
  constexpr int answers_max = 3;  // a failure, nothing, the end
  for (int i = 0; i < answers_max; ++i) {
    TROUPE_ASSIGN(const answer got, next_answer());
    if (!got) continue;
    if (PQresultStatus(got.get()) == PGRES_PIPELINE_SYNC) return committed;
    if (PQresultStatus(got.get()) != PGRES_FATAL_ERROR) break;
    committed = tl::unexpected(failure_of(*got));
  }
  return lose("an answer that nobody asked for");
}

result<void> connection::run() {
  state& of = *state_;
  of.last_fault = fault::none;
  of.warning.clear();
  const std::vector<state::statement> sent = std::exchange(of.sent, {});
  if (of.is_lost() || std::exchange(of.is_broken, false) || PQpipelineSync(of.to.get()) != 1)
    return of.lose("the connection is lost");
  TROUPE_TRY(of.flush());
  result<void> all;
  for (const state::statement& each : sent) {
    const auto heard = of.hear(each);
    if (of.lost && of.last_fault == fault::connection) return heard;
    if (!heard && each.prepared != nullptr) of.names.erase(each.prepared);
    if (!heard && all) all = heard;
  }
  const auto committed = of.hear_end();
  if (of.lost && of.last_fault == fault::connection) return committed;
  if (!committed && all) all = committed;
  if (!all && of.last_fault == fault::none) of.last_fault = fault::other;
  return all;
}

fault connection::why() const noexcept { return state_->last_fault; }
const std::string& connection::warning() const noexcept { return state_->warning; }
std::uint64_t connection::process() const noexcept {
  return static_cast<std::uint64_t>(PQbackendPID(state_->to.get()));
}
bool connection::is_lost() const noexcept { return state_->is_lost(); }

void connection::roll_back() {
  if (is_lost()) return;
  const fault why = state_->last_fault;
  if (!state_->sent.empty() && !run() && is_lost()) return;  // what was added cannot be taken back
  send("ROLLBACK");
  if (!run()) state_->lost = true;
  if (why != fault::none) state_->last_fault = why;
}

}  // namespace troupe::storage::postgresql
