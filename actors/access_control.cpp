#include "actors/access_control.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "net/request_target.hpp"
#include "protocol/access/token.hpp"
#include "protocol/json/tree.hpp"
#include "protocol/route.hpp"

namespace troupe {

namespace {

std::unique_ptr<access::verifier> verifier_of_issued(const access_settings& settings) {
  const access::client_tokens* const of = settings.client_tokens.get();
  if (of == nullptr) return nullptr;
  return std::make_unique<access::verifier>(of->policy(*settings.policy),
                                            of->settings(settings.tokens.clock_skew), of->keys());
}

}  // namespace

std::chrono::steady_clock::time_point steady(std::chrono::system_clock::time_point when) {
  using steady_clock = std::chrono::steady_clock;
  const auto left = when - std::chrono::system_clock::now();
  constexpr std::chrono::hours far{24 * 365 * 10};
  return steady_clock::now() +
         std::chrono::duration_cast<steady_clock::duration>(std::min<decltype(left)>(left, far));
}

access_control::access_control(access_settings settings,
                               std::shared_ptr<const node_metrics> metrics)
    : settings_(std::move(settings)),
      metrics_(std::move(metrics)),
      verifier_(settings_.policy, settings_.tokens, settings_.keys),
      issued_(verifier_of_issued(settings_)) {}

identified_client access_control::identify(const upgrade_request& request,
                                           const identity_ptr& claimed) {
  identified_client found;
  if (mode() == access::mode::open) {
    found.who = claimed;
    return found;
  }
  auto token = access::find_token(
      {.query = query_of_target(request.target),
       .authorization = request.authorization,
       .subprotocols = request.subprotocols,
       .cookies = request.cookies,
       .origin = request.origin},
      settings_.cookie,
      mode() == access::mode::webhook ? access::token_form::any : access::token_form::signed_token);
  if (!token) {
    found.refused = close_reason::unauthenticated;
    found.fault = token.error();
    count(access::to_string(token.error()));
    return found;
  }
  const std::string& address = address_of(claimed);
  if (*token && (mode() == access::mode::token || is_issued((*token)->token)))
    return identify_token((*token)->token, address);
  // Without a token there is nobody to be named: what a client says of itself proves nothing.
  identity who{.user = {}, .address = address};
  who.is_checked = true;
  if (mode() == access::mode::webhook && (*token || !request.origin.empty()))
    who.shown = std::make_shared<const shown_by_client>(
        shown_by_client{*token ? std::string{(*token)->token} : std::string{}, request.origin});
  found.who = std::make_shared<const identity>(std::move(who));
  if (mode() == access::mode::token && settings_.policy->everybody == access::anonymous::none) {
    found.refused = close_reason::unauthenticated;
    count("missing");
  }
  return found;
}

identified_client access_control::identify(const std::string& token, const identity_ptr& before) {
  identified_client found;
  if (mode() != access::mode::open && is_issued(token))
    return identify_token(token, address_of(before));
  switch (mode()) {
    case access::mode::open: found.who = before; break;
    case access::mode::token: return identify_token(token, address_of(before));
    case access::mode::webhook: {
      if (token.size() > access::token_size_bytes_max) {
        found.refused = close_reason::unauthenticated;
        found.fault = access::token_fault::too_long;
        break;
      }
      identity who{.user = {}, .address = address_of(before)};
      who.is_checked = true;
      who.shown = std::make_shared<const shown_by_client>(
          shown_by_client{token, before && before->shown ? before->shown->origin : std::string{}});
      found.who = std::make_shared<const identity>(std::move(who));
    }
  }
  return found;
}

identity_ptr access_control::identify(const webhook::authorisation& answer,
                                      const identity_ptr& before) const {
  identity who{.user = answer.user, .address = address_of(before)};
  who.token_id = answer.token_id;
  who.is_checked = true;
  who.shown = before ? before->shown : nullptr;
  if (const auto& names = settings_.policy->stamp) {
    access::claims says{.user = answer.user, .token_id = {}, .expires = {}, .all = {}};
    auto presence = json::tree::parse(answer.presence.empty() ? "{}" : answer.presence);
    TROUPE_CHECK(presence.has_value());  // read_authorisation has looked at it
    says.all = *std::move(presence);
    who.stamp = access::presence_of(says, *names);
  }
  return std::make_shared<const identity>(std::move(who));
}

identified_client access_control::identify_token(std::string_view token,
                                                 const std::string& address) {
  const auto granted = check(token);
  identified_client found;
  if (granted) {
    found.who = identity_of(*granted, address);
    // As long as it would be taken again.
    found.expires = steady((*granted)->who->expires + settings_.tokens.clock_skew);
  } else {
    found.refused = reason_for(granted.error());
    found.fault = granted.error();
  }
  return found;
}

access::token_result<access::grant_ptr> access_control::check(std::string_view token) {
  access::verifier& by = is_issued(token) ? *issued_ : verifier_;
  auto granted = by.grant_for(token, std::chrono::system_clock::now());
  count(granted ? "accepted" : access::to_string(granted.error()));
  if (!granted && granted.error() == access::token_fault::unknown_key && call_for_keys_)
    call_for_keys_();
  return granted;
}

/// A client with a token that may be good later, or that was good, comes back; any other stops.
close_reason access_control::reason_for(access::token_fault why) const noexcept {
  if (why == access::token_fault::expired) return close_reason::token_expired;
  if (why == access::token_fault::unknown_key)
    return settings_.fetches_keys ? close_reason::access_unavailable
                                  : close_reason::unauthenticated;
  return access::may_pass(why) ? close_reason::access_unavailable : close_reason::unauthenticated;
}

std::optional<rights> access_control::rights_to(const identity_ptr& who,
                                                std::string_view document) const {
  if (mode() == access::mode::open) return rights::all();
  if (who && who->grant) return access::rights_for(*who->grant, document);
  if (mode() == access::mode::webhook) return std::nullopt;
  return access::rights_of_anybody(*settings_.policy);
}

tl::expected<token_bearer, std::optional<access::token_fault>>
access_control::bearer_of(std::string_view token, std::string_view document, time_point now) {
  using none = tl::unexpected<std::optional<access::token_fault>>;
  const bool is_asking = mode() == access::mode::webhook && !is_issued(token);
  if (mode() == access::mode::open || is_asking) return none{std::nullopt};
  const auto granted = check(token);
  if (!granted) return none{granted.error()};
  const access::claims& who = *(*granted)->who;
  return token_bearer{
      who.user, who.token_id,
      changed(who.user, who.token_id, document, access::rights_for(**granted, document), now)};
}

rights access_control::changed(std::string_view user, std::string_view token_id,
                               std::string_view document, rights may, time_point now) const {
  if (!has_changes_.load(std::memory_order_acquire)) return may;
  const std::lock_guard lock{changes_mutex_};
  return changes_.left(user, token_id, document, may, now);
}

/// Requires: changes_mutex_ is held.
void access_control::note_moved() {
  has_changes_.store(!changes_.empty(), std::memory_order_release);
  next_end_.store(changes_.next_end().time_since_epoch().count(), std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_acq_rel);
}

bool access_control::add(const access_change& change, time_point now, time_point until) {
  const std::lock_guard lock{changes_mutex_};
  const bool is_kept = changes_.add(change, now, until);
  note_moved();
  return is_kept;
}

std::optional<std::chrono::seconds> access_control::lift(const access_change& subject,
                                                         time_point now) {
  const std::lock_guard lock{changes_mutex_};
  const auto lasts = changes_.lift(subject, now);
  if (lasts) note_moved();
  return lasts;
}

void access_control::note_lift(const access_change& subject, time_point now, time_point until) {
  const std::lock_guard lock{changes_mutex_};
  changes_.note_lift(subject, now, until);
  note_moved();
}

std::uint64_t access_control::next_change_time(std::uint64_t wall_ms) {
  const std::lock_guard lock{changes_mutex_};
  return changes_.next_time(wall_ms);
}

std::uint64_t access_control::generation(time_point now) {
  if (now.time_since_epoch().count() >= next_end_.load(std::memory_order_acquire)) {
    const std::lock_guard lock{changes_mutex_};
    if (now >= changes_.next_end() && changes_.forget_outdated(now))
      note_moved();
    else
      next_end_.store(changes_.next_end().time_since_epoch().count(), std::memory_order_release);
  }
  return generation_.load(std::memory_order_acquire);
}

std::vector<access_changes::counting> access_control::kept_changes(time_point now) const {
  const std::lock_guard lock{changes_mutex_};
  return changes_.all(now);
}

void access_control::use(access::key_set_ptr keys) { verifier_.use(std::move(keys)); }

}  // namespace troupe
