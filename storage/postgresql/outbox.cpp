// The announcements in PostgreSQL.
#include "storage/announcement_record.hpp"
#include "storage/postgresql/state.hpp"
#include "storage/postgresql/writer.hpp"

namespace troupe::storage {

namespace {

constexpr const char* delete_announcements = "DELETE FROM outbox WHERE number = ANY($1)";
constexpr const char* select_announcements =
    "SELECT number, id, created_at, since, is_dead, topic, document, details FROM outbox WHERE "
    "number > $1 ORDER BY number LIMIT $2";

announcement read_announcement(const postgresql::row& from) {
  announcement read;
  read.number = from.number(0);
  read.id = from.id(1);
  read.created_at = from.ms(2);
  read.since = from.ms(3);
  read.is_dead = from.truth(4);
  read.topic = from.text(5);
  read.document = from.text(6);
  read.details = from.text(7);
  return read;
}

}  // namespace

result<void> postgresql_backend::change(const outbox_change& what) {
  for (const announcement& each : what.puts) TROUPE_TRY(check_announcement(each));
  if (what.empty()) return {};
  const auto put = [&](postgresql::connection& by) -> result<bool> {
    postgresql::column removals{postgresql::type_id::int8};
    for (const announcement_number each : what.removals) removals.add(each);
    postgresql::parameters with;
    std::move(removals).finish(with);
    by.send(delete_announcements, std::move(with));
    postgresql::send_announcements(by, what.puts);
    return true;
  };
  TROUPE_TRY(state_->change(put));
  return {};
}

result<outbox_page> postgresql_backend::announcements(const outbox_query& which) {
  const auto read = [&](postgresql::connection& by) -> result<outbox_page> {
    outbox_page page;
    const auto hear = [&](const postgresql::row& from) -> result<void> {
      page.has_more = page.announcements.size() >= which.limit;
      if (page.has_more) return {};
      page.last = from.number(0);
      page.announcements.push_back(read_announcement(from));
      return {};
    };
    by.send(select_announcements,
            postgresql::parameters{}.add(which.after).add(std::uint64_t{which.limit} + 1), hear);
    TROUPE_TRY(by.run());
    return page;
  };
  return state_->connections.read(read);
}

}  // namespace troupe::storage
