#include "app/cluster/cluster.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/access_applier.hpp"
#include "actors/admin_sessions.hpp"
#include "actors/node_watch.hpp"
#include "actors/sweeper.hpp"
#include "app/cluster/identity.hpp"
#include "app/config/cluster_checks.hpp"

namespace troupe {

namespace {

bool is_shared(const config& settings) {
  return settings.cluster.durability == cluster::durability_mode::shared;
}

cluster_settings_of_documents document_settings_of(const config& settings) {
  return {settings.cluster.load_timeout,
          settings.cluster_replication.mode == cluster::replication_mode::available,
          is_shared(settings)};
}

/// Nothing of the node is kept: its row in the store is who it is, as long as it runs.
result<void> enter_table(cluster_manager_settings& how, const cluster_parts& parts) {
  how.self.id = parts.run;
  how.self.replication = {};
  how.self.shares_log = true;
  how.store = [](const cluster::member_list&, const cluster::moved_lists&) -> result<void> {
    return {};
  };
  const storage::node_row row{row_id_of(parts.run), how.self.cluster, how.self.name,
                              how.self.address};
  // Before the first batch, which is noted there.
  TROUPE_TRY(parts.nodes->note_present(row, node_watch::absence_max));
  how.make_watch = [table = parts.nodes, row](caf::actor_system& in, cluster_actor owner) {
    return in.spawn<node_watch, caf::detached>(table, row, std::move(owner));
  };
  return {};
}

result<cluster_manager_settings> find_identity(const config& settings) {
  const bool is_kept = settings.storage.engine == storage_engine::rocksdb;
  const std::string directory = is_kept ? settings.storage.path : "";
  TROUPE_ASSIGN(const auto node, cluster::begin_run(directory));
  TROUPE_ASSIGN(auto members, cluster::read_members(directory));
  TROUPE_ASSIGN(const auto run, cluster::make_random_number());
  cluster_manager_settings how;
  how.self = {.cluster = settings.cluster.name,
              .id = node.id,
              .incarnation = node.incarnation,
              .run = run,
              .name = settings.cluster.node,
              .address = advertised_address(settings),
              .seeds = settings.cluster.seeds,
              .replication = to_replication(settings)};
  how.list = std::move(members.list);
  how.moved = std::move(members.moved);
  how.documents = document_settings_of(settings);
  how.limits.queue_bytes_max = settings.cluster_link.queue_size;
  how.limits.credit_bytes = settings.cluster_link.credit;
  how.seed = run;
  how.store = [directory](const cluster::member_list& list, const cluster::moved_lists& moved) {
    return cluster::write_members(directory, {list, moved});
  };
  return how;
}

/// What this node's own admin page does with a change, without passing it on.
void carry_out(caf::actor_system& system, const cluster_parts& parts,
               const admin::access_query& query, std::function<void(std::string)> answer) {
  const auto now = std::chrono::steady_clock::now();
  if (query.is_lift) {
    log_line(log_severity::info, "at another node " + admin::describe(query));
    return parts.access->note_lift(query.what, now, now + query.lasts);
  }
  const auto say = [number = query.what.made_at, wanted = query.wants_answer,
                    answer = std::move(answer)](const applied_access& applied) {
    if (wanted)
      answer(admin::to_text(
          done_access{number, applied.sessions, applied.unfinished, applied.has_failed}));
  };
  if (query.lasts.count() > 0 && !parts.access->add(query.what, now, now + query.lasts)) {
    log_line(log_severity::error, "too many changes of access are kept already");
    return say({.sessions = 0, .unfinished = 0, .silent = {}, .has_failed = true});
  }
  log_line(log_severity::info, "at another node " + admin::describe(query));
  if (parts.authoriser) tell_anonymously(parts.authoriser, forget_authorisations{});
  const auto what = std::make_shared<const access_change>(query.what);
  const std::vector<hub_actor> hubs = parts.gateway->beside(parts.hubs);
  if (query.wants_answer) {
    system.spawn<access_applier>(access_applier_settings{parts.directory, hubs, parts.access}, what,
                                 say);
    return;
  }
  // Those that a node tells when it is linked may be many, and nobody waits for them.
  for (const hub_actor& hub : hubs) tell_anonymously(hub, change_access{what});
}

using access_changer =
    std::function<std::optional<done_access>(std::string_view, std::function<void(std::string)>)>;

access_changer changer_of_access(caf::actor_system& system, const cluster_parts& parts) {
  return [&system, parts](std::string_view text,
                          std::function<void(std::string)> answer) -> std::optional<done_access> {
    if (auto done = admin::done_in(text)) return done;
    if (const auto query = admin::from_text(text))
      carry_out(system, parts, *query, std::move(answer));
    else
      log_line(log_severity::error, "a change of access cannot be read");
    return std::nullopt;
  };
}

std::function<std::vector<std::string>()> access_teller(const cluster_parts& parts) {
  return [access = parts.access] {
    std::vector<std::string> all;
    for (const auto& each : access->kept_changes(std::chrono::steady_clock::now()))
      all.push_back(admin::to_text({each.what, each.lasts, each.is_lifted}));
    return all;
  };
}

}  // namespace

cluster_links_ptr links_to_nobody(const config& settings, std::shared_ptr<newest_links> newest) {
  auto links = std::make_shared<cluster_links>();
  links->newest = std::move(newest);
  links->settings = document_settings_of(settings);
  return links;
}

result<opened_cluster> open_cluster(const config& settings, caf::actor_system& system,
                                    const cluster_parts& parts) {
  TROUPE_TRY(check_cluster_tls(settings));
  TROUPE_ASSIGN(cluster_manager_settings how, find_identity(settings));
  if (is_shared(settings)) TROUPE_TRY(enter_table(how, parts));
  opened_cluster opened;
  how.state = parts.state;
  how.newest = parts.newest;
  how.metrics = parts.metrics;
  how.change_access = changer_of_access(system, parts);
  how.kept_changes = access_teller(parts);
  opened.sweeper = how.sweeper =
      system.spawn<sweeper, caf::detached>(parts.archive, parts.directory);
  how.connector = connector_of(settings, system);
  log_line(log_severity::info, "node '" + how.self.name + "' of cluster '" + how.self.cluster +
                                   "' has the uuid " + cluster::to_string(how.self.id) +
                                   " and starts for the " + std::to_string(how.self.incarnation) +
                                   ". time");
  opened.actor = system.spawn<cluster_manager>(std::move(how), parts.directory);
  auto gate = publish(settings, system, opened.actor, "cluster.listen", settings.cluster.address,
                      settings.cluster.port);
  if (!gate) {
    caf::anon_send_exit(opened.actor, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(opened.sweeper, caf::exit_reason::user_shutdown);
    return tl::unexpected(std::move(gate).error());
  }
  opened.gate = *std::move(gate);
  return opened;
}

void close_gate(const config& settings, caf::actor_system& system, const opened_cluster& opened) {
  unpublish(settings, system, opened.gate);
}

}  // namespace troupe
