// Which nodes run, in PostgreSQL; see storage/node_table.hpp.
#include "storage/postgresql/state.hpp"

namespace troupe::storage {

namespace {

using postgresql::connection;
using postgresql::parameters;
using postgresql::row;

// The clock is that of the database, since those of nodes differ.
constexpr const char* upsert_node =
    "INSERT INTO nodes (id, cluster, name, address, batch, joined_at, seen_at) VALUES ($1, $2, $3, "
    "$4, 0, clock_timestamp(), clock_timestamp()) ON CONFLICT (id) DO UPDATE SET seen_at = "
    "clock_timestamp()";
constexpr const char* select_nodes =
    "SELECT id, name, address FROM nodes WHERE cluster = $1 AND seen_at > clock_timestamp() - "
    "$2::bigint * interval '1 millisecond' ORDER BY joined_at, id";
constexpr const char* delete_node = "DELETE FROM nodes WHERE id = $1";
constexpr const char* delete_old_nodes =
    "DELETE FROM nodes WHERE seen_at < clock_timestamp() - interval '1 day'";

}  // namespace

result<std::vector<node_row>>
postgresql_backend::note_present(const node_row& self, std::chrono::milliseconds absence_max) {
  return state_->connections.read([&](connection& by) -> result<std::vector<node_row>> {
    std::vector<node_row> all;
    by.send(upsert_node, parameters{}
                             .add(self.id)
                             .add(std::string_view{self.cluster})
                             .add(std::string_view{self.name})
                             .add(std::string_view{self.address}));
    by.send(select_nodes,
            parameters{}.add(std::string_view{self.cluster}).add(std::int64_t{absence_max.count()}),
            [&](const row& found) -> result<void> {
              all.push_back({found.id(0), self.cluster, std::string{found.text(1)},
                             std::string{found.text(2)}});
              return {};
            });
    by.send(delete_old_nodes);
    TROUPE_TRY(by.run());
    return all;
  });
}

result<void> postgresql_backend::note_gone(const document_id& id) {
  return state_->connections.read([&](connection& by) {
    by.send(delete_node, parameters{}.add(id));
    return by.run();
  });
}

}  // namespace troupe::storage
