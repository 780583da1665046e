#include "app/config/cluster_checks.hpp"

#include <set>
#include <string_view>
#include <utility>

#include "app/config/values.hpp"
#include "base/printable.hpp"
#include "net/address_limits.hpp"
#include "protocol/cluster/member_list.hpp"
#include "protocol/cluster/node_address.hpp"
#include "protocol/cluster/peer_codec.hpp"

namespace troupe {

namespace {

class cluster_checker {
 public:
  explicit cluster_checker(const config& settings) : settings_(settings) {}

  std::vector<cluster_problem> check() && {
    check_name("cluster.name", settings_.cluster.name);
    check_name("cluster.node", settings_.cluster.node);
    check_addresses();
    check_numbers();
    check_tls();
    if (settings_.cluster.enabled) check_needs();
    if (settings_.cluster.enabled) check_sizes();
    return std::move(problems_);
  }

 private:
  void say(std::string key, std::string text) {
    problems_.push_back({std::move(key), std::move(text)});
  }

  void check_name(const char* key, const std::string& name) {
    if (name.empty()) return;
    if (const auto good = cluster::check_node_name(name); !good)
      say(key, in_quotes(printable(name)) + " " + good.error().detail);
  }

  void check_address(const char* key, const std::string& address) {
    if (const auto good = cluster::parse_node_address(address); !good)
      say(key, in_quotes(printable(address)) + " " + good.error().detail);
  }

  void check_addresses() {
    const auto& cluster = settings_.cluster;
    if (!cluster.advertise.empty()) check_address("cluster.advertise", cluster.advertise);
    for (const std::string& seed : cluster.seeds) check_address("cluster.seeds", seed);
    if (cluster.seeds.size() > cluster::members_max)
      say("cluster.seeds", "has more than " + std::to_string(cluster::members_max) + " nodes");
    const std::set<std::string> different{cluster.seeds.begin(), cluster.seeds.end()};
    if (different.size() < cluster.seeds.size()) say("cluster.seeds", "names a node twice");
  }

  void check_numbers() {
    const auto& replication = settings_.cluster_replication;
    if (replication.write_acks > replication.keepers)
      say("cluster.replication.write_acks",
          "must not be more than cluster.replication.keepers, which is " +
              std::to_string(replication.keepers));
    const auto& heartbeat = settings_.cluster_heartbeat;
    if (heartbeat.timeout < 2 * heartbeat.interval)
      say("cluster.heartbeat.timeout",
          "must be at least twice cluster.heartbeat.interval, which is " +
              format_duration(heartbeat.interval));
  }

  /// What a client may send at once, other nodes must be able to get at once.
  void check_sizes() {
    const std::pair<const char*, std::uint64_t> sizes[] = {
        {"limits.max_message_size", settings_.limits.max_message_size},
        {"limits.max_update_size", settings_.limits.max_update_size},
        {"limits.max_sync_size", settings_.limits.max_sync_size}};
    for (const auto& [key, size] : sizes)
      if (size > cluster::peer_update_size_bytes_max)
        say(key, "must not be more than 64MiB where cluster.enabled is true, which is what nodes "
                 "can send each other at once");
  }

  /// Each side shows a certificate and checks the other's, so all three belong together.
  void check_tls() {
    const auto& tls = settings_.cluster_tls;
    const std::pair<const char*, bool> parts[] = {
        {"cluster.tls.certificate", !tls.certificate.empty()},
        {"cluster.tls.key", !tls.key.empty()},
        {"cluster.tls.ca", !tls.ca.empty()}};
    std::string missing;
    std::string given;
    for (const auto& [key, is_set] : parts) {
      if (is_set && given.empty()) given = key;
      if (!is_set) missing.append(missing.empty() ? "" : " and ").append(key);
    }
    if (!given.empty() && !missing.empty()) say(given, "needs " + missing + " beside it");
  }

  void check_needs() {
    const auto& cluster = settings_.cluster;
    if (cluster.name.empty()) say("cluster.name", "must be set where cluster.enabled is true");
    if (cluster.node.empty()) say("cluster.node", "must be set where cluster.enabled is true");
    if (cluster.port == 0)
      say("cluster.listen.port", "must not be 0, since other nodes must know it");
    const bool is_any = cluster.address == "0.0.0.0" || cluster.address == "::";
    if (is_any && cluster.advertise.empty())
      say("cluster.advertise", "must be set where cluster.listen.address is " + cluster.address +
                                   ", to which nobody can connect");
    if (settings_.cluster_tls.certificate.empty() && !is_loopback_address(cluster.address))
      say("cluster.listen.address",
          in_quotes(cluster.address) +
              " can be reached from other machines, which needs cluster.tls: without it everybody "
              "there could read and change all documents");
    if (settings_.cluster.durability == cluster::durability_mode::shared) return check_shared();
    if (settings_.storage.engine == storage_engine::postgresql)
      say("storage.engine",
          "postgresql is for a node by itself, or for nodes that share it: set cluster.durability "
          "to shared, or rocksdb for nodes that keep documents on their own disks");
    if (settings_.storage.engine == storage_engine::memory &&
        settings_.cluster_replication.mode == cluster::replication_mode::strict)
      say("cluster.replication.mode",
          "strict promises that edits stay stored, which storage.engine memory does not: set "
          "rocksdb, or available");
  }

  void check_shared() {
    if (settings_.storage.engine != storage_engine::postgresql)
      say("cluster.durability",
          "shared needs the database that all nodes share: set storage.engine to postgresql");
    // Both number what they do on one node.
    if (!settings_.webhooks.url.empty())
      say("webhooks.url", "cannot be used where cluster.durability is shared");
    if (!settings_.upstream.url.empty())
      say("upstream.url", "cannot be used where cluster.durability is shared");
  }

  const config& settings_;
  std::vector<cluster_problem> problems_;
};

}  // namespace

std::vector<cluster_problem> check_cluster(const config& settings) {
  return cluster_checker{settings}.check();
}

std::string advertised_address(const config& settings) {
  const auto& cluster = settings.cluster;
  if (!cluster.advertise.empty()) return cluster.advertise;
  const bool is_v6 = cluster.address.find(':') != std::string::npos;
  const std::string port = std::string{":"}.append(std::to_string(cluster.port));
  return is_v6 ? std::string{"["}.append(cluster.address).append("]").append(port)
               : cluster.address + port;
}

cluster::replication to_replication(const config& settings) {
  return {settings.cluster_replication.keepers, settings.cluster_replication.write_acks};
}

}  // namespace troupe
