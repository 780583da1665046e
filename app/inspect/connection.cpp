#include "app/inspect/connection.hpp"

#include <chrono>
#include <set>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/middleman_actor.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>
#include <caf/settings.hpp>

namespace troupe {

namespace {

constexpr std::chrono::seconds connect_max{5};
constexpr std::chrono::seconds hello_max{5};
constexpr std::chrono::seconds answer_max{10};
/// A node of a cluster ends connections that are silent for cluster.heartbeat.timeout.
constexpr std::chrono::milliseconds inspect_heartbeat{500};
/// With each beat CAF 0.18.7 ends connections whose last sign of life is older than this, and one
/// that is being made counts as from the start of the clock. Each question has a time-out anyway.
constexpr std::chrono::hours inspect_silence_max{24 * 365 * 50};

class client_config : public caf::actor_system_config {
 public:
  explicit client_config(const inspect_target& target) {
    config_file_path = "";
    load<caf::io::middleman>();
    caf::put(content, "caf.scheduler.policy", "sharing");
    caf::put(content, "caf.scheduler.max-threads", std::size_t{1});
    caf::put(content, "caf.middleman.workers", std::size_t{1});
    caf::put(content, "caf.middleman.enable-automatic-connections", false);
    caf::put(content, "caf.middleman.heartbeat-interval", caf::timespan{inspect_heartbeat});
    caf::put(content, "caf.middleman.connection-timeout", caf::timespan{inspect_silence_max});
    caf::put(content, "caf.middleman.app-identifiers",
             caf::make_config_value_list("troupe-inspect/1"));
    caf::put(content, "caf.logger.console.verbosity", "quiet");
    if (target.tls.certificate.empty()) return;
    load<caf::openssl::manager>();
    caf::put(content, "caf.openssl.certificate", target.tls.certificate);
    caf::put(content, "caf.openssl.key", target.tls.key);
    caf::put(content, "caf.openssl.cafile", target.tls.ca);
    // CAF and OpenSSL keep them in fields of their own as well.
    openssl_certificate = target.tls.certificate;
    openssl_key = target.tls.key;
    openssl_cafile = target.tls.ca;
  }
};

/// CAF registers types once in a process, before its first actor system.
void register_types() {
  caf::core::init_global_meta_objects();
  caf::io::middleman::init_global_meta_objects();
  caf::init_global_meta_objects<caf::id_block::troupe_inspection>();
}

std::string at_text(const inspect_target& target) {
  const bool is_v6 = target.host.find(':') != std::string::npos;
  std::string text = is_v6 ? std::string{"["}.append(target.host).append("]") : target.host;
  return text.append(":").append(std::to_string(target.port));
}

std::string why_not_connected(const inspect_target& target, const caf::error& why) {
  const std::string at = at_text(target);
  const bool has_tls = !target.tls.certificate.empty();
  if (why == caf::sec::cannot_connect_to_node)
    return std::string{"nothing listens at "}
        .append(at)
        .append(has_tls ? " for whoever has these certificates (cluster.tls)" : "")
        .append(": is the node running, with inspect.enabled and this inspect.port?");
  if (why == caf::sec::incompatible_application_ids)
    return at + " is not the inspection port of a troupe node (inspect.port)";
  if (why == caf::sec::incompatible_versions) return at + " is a node with another version of CAF";
  if (why == caf::sec::request_timeout)
    return at + " does not answer: it may be something else than a troupe node, or stand still";
  return at + " is no inspection port of a troupe node" +
         (has_tls ? " with these certificates (cluster.tls)"
                  : ", or it wants a certificate: name the configuration of a node of its cluster "
                    "with --config") +
         ": " + caf::to_string(why);
}

/// Of this program alone.
struct client_system {
  explicit client_system(const inspect_target& target)
      : config(target), system(config), self(system) {}

  client_config config;
  caf::actor_system system;
  caf::scoped_actor self;
};

class remote_inspector final : public asked_inspector {
 public:
  explicit remote_inspector(const inspect_target& target)
      : target_(target), caf_(std::make_unique<client_system>(target)) {}
  /// The end of an actor system waits for a connect that hangs, and for a peer that stands still.
  /// Such a one is left to the end of the process.
  ~remote_inspector() override {
    inspector_ = nullptr;
    if (has_timed_out_) static_cast<void>(caf_.release());
  }

  result<void> connect() {
    const caf::io::middleman_actor connector = target_.tls.certificate.empty()
                                                   ? caf_->system.middleman().actor_handle()
                                                   : caf_->system.openssl_manager().actor_handle();
    caf::error problem;
    caf::strong_actor_ptr found;
    std::set<std::string> speaks;
    caf_->self->request(connector, connect_max, caf::connect_atom_v, target_.host, target_.port)
        .receive(
            [&](const caf::node_id&, const caf::strong_actor_ptr& actor,
                const std::set<std::string>& interfaces) {
              found = actor;
              speaks = interfaces;
            },
            [&](const caf::error& why) { problem = why; });
    if (problem) return fail_with(why_not_connected(target_, problem), problem);
    if (!found) return fail_with(at_text(target_) + " has no inspector", {});
    if (!caf_->system.assignable<inspector_actor>(speaks))
      return fail_with(at_text(target_) + " is a troupe node of another version, or another port "
                                          "of one than inspect.port",
                       {});
    inspector_ = caf::actor_cast<inspector_actor>(found);
    return greet();
  }

  result<inspected_node> ask(const inspect_node& what) override {
    return get<inspected_node>(what);
  }
  result<inspected_actors> ask(const inspect_actors& what) override {
    return get<inspected_actors>(what);
  }
  result<inspected_documents> ask(const inspect_documents& what) override {
    return get<inspected_documents>(what);
  }
  result<inspected_document> ask(const inspect_document& what) override {
    return get<inspected_document>(what);
  }
  result<inspected_sessions> ask(const inspect_sessions& what) override {
    return get<inspected_sessions>(what);
  }

 private:
  result<void> greet() {
    const auto welcome = get<inspect_welcome>(inspect_hello{}, hello_max);
    if (!welcome) return tl::unexpected(welcome.error());
    if (welcome->mark.is_ours()) return {};
    return fail_with(at_text(target_) + " speaks version " + std::to_string(welcome->mark.version) +
                         " of inspection, this program " + std::to_string(inspection::version) +
                         ": use the program of the node (" + welcome->program + ")",
                     {});
  }

  template <class Answer, class Question>
  result<Answer> get(const Question& what, std::chrono::seconds patience = answer_max) {
    result<Answer> outcome = fail(errc::request_failed);
    caf_->self->request(inspector_, patience, what)
        .receive([&](const Answer& answer) { outcome = answer; },
                 [&](const caf::error& why) {
                   const std::string text = why == caf::sec::request_timeout
                                                ? std::string{"it does not answer"}
                                                : caf::to_string(why);
                   outcome = fail_with(at_text(target_) + ": " + text, why);
                 });
    if (outcome && !outcome->is_well_formed())
      return fail_with(at_text(target_) + " answers with more than it may", {});
    return outcome;
  }

  tl::unexpected<failure> fail_with(const std::string& text, const caf::error& why) {
    has_timed_out_ = has_timed_out_ || why == caf::sec::request_timeout;
    return fail(errc::request_failed, text);
  }

  const inspect_target target_;
  std::unique_ptr<client_system> caf_;
  inspector_actor inspector_;
  bool has_timed_out_ = false;
};

}  // namespace

result<std::unique_ptr<asked_inspector>> connect_to_inspector(const inspect_target& target) {
  register_types();
  auto opened = std::make_unique<remote_inspector>(target);
  TROUPE_TRY(opened->connect());
  return opened;
}

}  // namespace troupe
