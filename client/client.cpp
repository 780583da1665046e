#include <troupe/client.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <string_view>
#include <utility>

#include <caf/init_global_meta_objects.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/middleman_actor.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>

namespace troupe {

namespace {

/// In the order of the enumerators.
constexpr std::array<std::string_view, 9> error_names{
    "invalid_request", "wrong_token", "forbidden",   "other_version", "refused_edit",
    "edit_conflict",   "too_large",   "unavailable", "removed"};

std::size_t position_of(client_error code) { return static_cast<std::size_t>(code) - 1; }

}  // namespace

std::string to_string(client_error code) {
  const std::size_t at = position_of(code);
  return std::string{at < error_names.size() ? error_names[at] : "unknown"};
}

bool from_string(caf::string_view text, client_error& code) {
  const std::string_view wanted{text.data(), text.size()};
  const auto found = std::find(error_names.begin(), error_names.end(), wanted);
  if (found == error_names.end()) return false;
  code = static_cast<client_error>(found - error_names.begin() + 1);
  return true;
}

bool from_integer(std::uint8_t number, client_error& code) {
  if (number == 0 || number > error_names.size()) return false;
  code = static_cast<client_error>(number);
  return true;
}

namespace client {

config::config(certificates shown) {
  // In the order of their numbers: CAF keeps all types in one table.
  caf::core::init_global_meta_objects();
  caf::io::middleman::init_global_meta_objects();
  caf::init_global_meta_objects<caf::id_block::troupe_client>();
  load<caf::io::middleman>();
  caf::put(content, "caf.scheduler.policy", "sharing");
  // CAF's default has no bound, so that a busy connection would write nothing for long.
  caf::put(content, "caf.scheduler.max-throughput", std::size_t{200});
  caf::put(content, "caf.middleman.enable-automatic-connections", false);
  caf::put(content, "caf.middleman.heartbeat-interval", caf::timespan{heartbeat_interval});
  caf::put(content, "caf.middleman.app-identifiers",
           caf::make_config_value_list("troupe-gateway/1"));
  if (shown.certificate.empty()) return;
  load<caf::openssl::manager>();
  caf::put(content, "caf.openssl.certificate", shown.certificate);
  caf::put(content, "caf.openssl.key", shown.key);
  caf::put(content, "caf.openssl.cafile", shown.authority);
  // CAF and OpenSSL keep them in fields of their own as well.
  openssl_certificate = std::move(shown.certificate);
  openssl_key = std::move(shown.key);
  openssl_cafile = std::move(shown.authority);
}

namespace {

/// CAF shows files that it cannot use as a promise that was broken.
caf::error check_certificates(const caf::actor_system_config& shown) {
  for (const std::string* file :
       {&shown.openssl_certificate, &shown.openssl_key, &shown.openssl_cafile})
    if (!std::ifstream{*file}.good()) return caf::make_error(caf::sec::cannot_open_file, *file);
  return {};
}

class connecting {
 public:
  connecting(caf::actor_system& system, const target& where)
      : system_(system), where_(where), self_(system), until_(clock::now() + where.patience) {}

  /// With each beat CAF 0.18.7 also ends connections that are still being made, so that one at a
  /// busy node may need a second try.
  caf::expected<gateway> find_gateway() {
    for (;;) {
      caf::expected<gateway> found = try_gateway();
      const bool was_cut = !found && found.error() == caf::sec::connection_timeout;
      if (!was_cut || clock::now() >= until_) return found;
    }
  }

  caf::expected<connection> open(const gateway& at, const caf::strong_actor_ptr& owner) {
    caf::error problem;
    connection opened;
    self_->request(at, left(), open_client_session{{}, where_.token, owner})
        .receive(
            [&](const opened_client_session& answer) {
              if (!answer.session || !answer.mark.is_ours()) {
                problem = caf::make_error(client_error::other_version,
                                          "the gateway speaks another version");
                return;
              }
              opened.session = caf::actor_cast<session>(answer.session);
              opened.program = answer.program;
            },
            [&](const caf::error& why) { problem = why; });
    if (problem) return problem;
    return opened;
  }

 private:
  using clock = std::chrono::steady_clock;

  caf::expected<gateway> try_gateway() {
    const bool has_tls = !system_.config().openssl_certificate.empty();
    if (has_tls)
      if (caf::error unusable = check_certificates(system_.config())) return unusable;
    const caf::io::middleman_actor connector =
        has_tls ? system_.openssl_manager().actor_handle() : system_.middleman().actor_handle();
    caf::error problem;
    gateway found;
    self_->request(connector, left(), caf::connect_atom_v, where_.host, where_.port)
        .receive(
            [&](const caf::node_id&, const caf::strong_actor_ptr& actor,
                const std::set<std::string>& interfaces) {
              if (!actor || !system_.assignable<gateway>(interfaces))
                problem = caf::make_error(client_error::other_version,
                                          "there is no gateway of this version");
              else
                found = caf::actor_cast<gateway>(actor);
            },
            [&](const caf::error& why) { problem = why; });
    if (problem == caf::sec::broken_promise)
      return caf::make_error(caf::sec::broken_promise,
                             "the certificate, its key or the authority cannot be used");
    if (problem) return problem;
    return found;
  }

  caf::timespan left() const {
    return std::max<caf::timespan>(until_ - clock::now(), std::chrono::milliseconds{1});
  }

  caf::actor_system& system_;
  const target& where_;
  caf::scoped_actor self_;
  const clock::time_point until_;
};

}  // namespace

caf::expected<connection> connect(caf::actor_system& system, const target& where,
                                  const caf::strong_actor_ptr& owner) {
  connecting how{system, where};
  const caf::expected<gateway> found = how.find_gateway();
  if (!found) return found.error();
  return how.open(*found, owner);
}

}  // namespace client

}  // namespace troupe
