#include "storage/postgresql/backend.hpp"

#include <algorithm>
#include <iterator>
#include <thread>

#include "base/crc32c.hpp"
#include "storage/postgresql/schema.hpp"
#include "storage/postgresql/state.hpp"
#include "storage/postgresql/writer.hpp"

namespace troupe::storage {

namespace {

using postgresql::connection;

/// A process, or a connection, that has just ended may live for a moment as far as the database
/// knows.
constexpr std::chrono::seconds predecessor_patience{5};
constexpr std::chrono::seconds own_patience{1};
constexpr std::chrono::milliseconds lock_interval{20};

/// The number of a lock in the database that belongs to the store in this schema.
std::int64_t lock_of(const std::string& schema) {
  constexpr std::int64_t ours = 0x7472'6f75LL << 32;
  return ours | crc32c(as_bytes(schema));
}

/// Lets the database notice within half a minute that this process, or the way to it, is gone: the
/// lock would stay as long as it does not. One that does not know these settings does without.
void watch_connection(connection& by) {
  by.send("SELECT set_config('tcp_keepalives_idle', '10', false), "
          "set_config('tcp_keepalives_interval', '5', false), "
          "set_config('tcp_keepalives_count', '3', false)");
  (void)by.run();
}

/// Statements of the writer find rows by their keys, whatever the database believes of its tables,
/// which were small when it looked last. Planning each time anew would take as long as a commit.
void plan_once(connection& by) {
  by.send("SELECT set_config('plan_cache_mode', 'force_generic_plan', false), "
          "set_config('enable_seqscan', 'off', false), "
          "set_config('enable_hashjoin', 'off', false), "
          "set_config('enable_mergejoin', 'off', false), "
          "set_config('jit', 'off', false)");
  (void)by.run();
}

/// A pooler that gives a session to several would give them the lock together: a second connection
/// finds what the first one has prepared then, and fails.
result<void> check_session(connection& by, const postgresql::connection_settings& at) {
  std::uint64_t process = 0;
  by.send("SELECT pg_backend_pid()", {}, [&](const postgresql::row& found) -> result<void> {
    process = found.number(0);
    return {};
  });
  TROUPE_TRY(by.run());
  if (process == by.process()) return {};
  TROUPE_TRY(connection::open(at));
  return {};
}

/// Nodes that share the tables hold the lock together.
result<bool> try_lock(connection& by, const std::string& schema, postgresql_access access) {
  bool is_taken = false;
  by.send(access == postgresql_access::shared ? "SELECT pg_try_advisory_lock_shared($1)"
                                              : "SELECT pg_try_advisory_lock($1)",
          postgresql::parameters{}.add(lock_of(schema)),
          [&](const postgresql::row& found) -> result<void> {
            is_taken = found.truth(0);
            return {};
          });
  TROUPE_TRY(by.run());
  return is_taken;
}

/// Whether this is the append that was written before, not one that is equal: both are in memory.
bool is_same(const log_append& one, const log_append& other) {
  return !one.updates.empty() && one.updates.size() == other.updates.size() &&
         one.updates.front().view().data() == other.updates.front().view().data();
}

}  // namespace

postgresql_backend::postgresql_backend(std::unique_ptr<state> opened) : state_(std::move(opened)) {}
postgresql_backend::~postgresql_backend() = default;

result<std::unique_ptr<connection>>
postgresql_backend::state::connect(std::chrono::milliseconds patience) const {
  TROUPE_ASSIGN(auto made, connection::open(settings.connection));
  TROUPE_TRY(postgresql::check_format(*made));
  TROUPE_TRY(check_session(*made, settings.connection));
  TROUPE_TRY(postgresql::check_rights(*made));
  watch_connection(*made);
  plan_once(*made);
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    TROUPE_ASSIGN(const bool is_ours, try_lock(*made, settings.connection.schema, settings.access));
    if (is_ours) return made;
    if (std::chrono::steady_clock::now() >= end)
      return fail(errc::store_in_use, "PostgreSQL: another process writes into the schema " +
                                          settings.connection.schema);
    std::this_thread::sleep_for(lock_interval);
  }
}

result<std::unique_ptr<postgresql_backend>> postgresql_backend::open(postgresql_settings settings) {
  auto opened = std::make_unique<state>(std::move(settings));
  TROUPE_ASSIGN(opened->writer, opened->connect(predecessor_patience));
  return std::unique_ptr<postgresql_backend>{new postgresql_backend{std::move(opened)}};
}

result<std::unique_ptr<postgresql_backend>>
postgresql_backend::inspect(postgresql_settings settings) {
  auto opened = std::make_unique<state>(std::move(settings));
  opened->is_inspected = true;
  opened->is_writable = false;
  TROUPE_TRY(opened->connections.read([](connection& by) { return postgresql::check_format(by); }));
  return std::unique_ptr<postgresql_backend>{new postgresql_backend{std::move(opened)}};
}

result<stored_document> postgresql_backend::load(const std::string& document) {
  const auto load = [&](connection& by) { return postgresql::load(by, document); };
  auto read = state_->connections.read(load);
  if (read && read->meta)
    if (const auto present = postgresql::check_present(*read->meta); !present)
      return tl::unexpected(in_document(document, present.error()));
  if (!read) return tl::unexpected(in_document(document, std::move(read).error()));
  if (!read->stored.damage.empty()) state_->note_damage(document, read->meta->newest);
  return std::move(read->stored);
}

result<void> postgresql_backend::write(const batch& what) {
  std::lock_guard lock{state_->writing};
  if (state_->is_inspected) return fail(errc::storage_failed, "the store is open for reading only");
  if (!state_->is_writable || !state_->writer)
    return fail(state_->is_full ? errc::disk_full : errc::storage_failed,
                "an earlier write has failed");
  if (what.empty()) return {};
  auto written = state_->write_marked(what);
  if (written ||
      (written.error().code != errc::storage_failed && written.error().code != errc::disk_full))
    return written;
  state_->is_full = written.error().code == errc::disk_full;
  state_->is_writable = false;
  return written;
}

/// Numbers that are given here find what is stored already. Where others write as well there are
/// none, so the batch has a mark: what is there, though nobody knew, is left out when it comes
/// again. A checkpoint may come twice.
result<void> postgresql_backend::state::write_marked(batch what) {
  const auto is_damaged = [this](const std::string& name, generation g) {
    return this->is_damaged(name, g);
  };
  if (!is_shared()) return postgresql::write_batch(*writer, what, now(), is_damaged, known);
  std::vector<log_append> left_out;
  std::erase_if(what.appends, [&](const log_append& each) {
    const auto same = [&](const log_append& other) { return is_same(each, other); };
    if (std::ranges::none_of(written_twice, same)) return false;
    left_out.push_back(each);
    return true;
  });
  const postgresql::batch_mark as{settings.node, ++last_batch};
  auto written = postgresql::write_batch(*writer, what, now(), is_damaged, known, as);
  if (written)
    std::erase_if(written_twice, [&](const log_append& each) {
      return std::ranges::any_of(left_out, [&](const auto& other) { return is_same(each, other); });
    });
  else if (written.error().code == errc::storage_failed || written.error().code == errc::disk_full)
    doubtful = std::move(what.appends);
  return written;
}

/// Requires: the writer is connected.
result<void> postgresql_backend::state::end_doubt() {
  if (doubtful.empty()) return {};
  TROUPE_ASSIGN(const bool is_there, postgresql::is_written(*writer, {settings.node, last_batch}));
  if (is_there) std::ranges::move(doubtful, std::back_inserter(written_twice));
  doubtful.clear();
  return {};
}

/// On a new connection if the old one is lost: the database may be another machine by now. That
/// nobody else writes alone is known only once the old one has ended there, too, and with it
/// whatever it was at.
result<void> postgresql_backend::recover() {
  std::lock_guard lock{state_->writing};
  if (state_->is_inspected) return fail(errc::storage_failed, "the store is open for reading only");
  if (state_->writer && !state_->writer->is_lost() && postgresql::check_format(*state_->writer)) {
    TROUPE_TRY(state_->end_doubt());
    state_->is_full = false;
    state_->is_writable = true;
    return {};
  }
  state_->writer.reset();
  auto made = state_->connect(own_patience);
  if (!made) {
    failure why = std::move(made).error();
    // Whoever waits for this continues to wait.
    if (why.code != errc::disk_full) why.code = errc::storage_failed;
    return tl::unexpected(std::move(why));
  }
  state_->writer = *std::move(made);
  TROUPE_TRY(state_->end_doubt());
  state_->is_full = false;
  state_->is_writable = true;
  return {};
}

bool postgresql_backend::state::is_damaged(const std::string& document, generation newest) {
  std::lock_guard lock{damages_mutex};
  const auto found = damages.find(document);
  return found != damages.end() && found->second == newest;
}

void postgresql_backend::state::note_damage(const std::string& document, generation newest) {
  constexpr std::size_t damages_max = 10'000;
  std::lock_guard lock{damages_mutex};
  if (damages.size() < damages_max) damages.insert_or_assign(document, newest);
}

}  // namespace troupe::storage
