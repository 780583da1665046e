#include "actors/access_control.hpp"

#include <algorithm>
#include <utility>

#include "net/request_target.hpp"
#include "protocol/route.hpp"

namespace troupe {

namespace {

bool is_same_subject(const access_change& one, const access_change& other) {
  return one.user == other.user && one.token_id == other.token_id && one.document == other.document;
}

}  // namespace

std::chrono::steady_clock::time_point steady(std::chrono::system_clock::time_point when) {
  using steady_clock = std::chrono::steady_clock;
  const auto left = when - std::chrono::system_clock::now();
  constexpr std::chrono::hours far{24 * 365 * 10};
  return steady_clock::now() +
         std::chrono::duration_cast<steady_clock::duration>(std::min<decltype(left)>(left, far));
}

access_control::access_control(access_settings settings)
    : settings_(std::move(settings)),
      verifier_(settings_.policy, settings_.tokens, settings_.keys) {}

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
    return found;
  }
  const std::string& address = address_of(claimed);
  if (mode() == access::mode::token && *token) return identify_token((*token)->token, address);
  // Without a token there is nobody to be named: what a client says of itself proves nothing.
  identity who{.user = {}, .address = address};
  if (*token) who.token = std::move((*token)->token);
  if (!who.address.empty() || !who.token.empty())
    found.who = std::make_shared<const identity>(std::move(who));
  if (mode() == access::mode::token && settings_.policy->everybody == access::anonymous::none)
    found.refused = close_reason::unauthenticated;
  return found;
}

identified_client access_control::identify_token(const std::string& token,
                                                 const std::string& address) {
  const auto granted = [&] {
    const std::lock_guard lock{verifier_mutex_};
    return verifier_.grant_for(token, std::chrono::system_clock::now());
  }();
  identified_client found;
  if (granted) {
    found.who = identity_of(*granted, address,
                            settings_.stamps_presence
                                ? access::presence_of(*(*granted)->who, settings_.presence_claims)
                                : std::string{});
    // As long as it would be taken again.
    found.expires = steady((*granted)->who->expires + settings_.tokens.clock_skew);
  } else {
    found.refused = reason_for(granted.error());
    found.fault = granted.error();
  }
  return found;
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
  switch (mode()) {
    case access::mode::open: return rights::all();
    case access::mode::webhook: return std::nullopt;
    case access::mode::token: break;
  }
  return who && who->grant ? access::rights_for(*who->grant, document)
                           : access::rights_of_anybody(*settings_.policy);
}

std::optional<rights> access_control::rights_of_token(const std::string& token,
                                                      std::string_view document, time_point now) {
  if (mode() != access::mode::token) return std::nullopt;
  const identified_client found = identify_token(token, {});
  if (found.refused) return std::nullopt;
  return changed(found.who, document, access::rights_for(*found.who->grant, document), now);
}

rights access_control::changed(const identity_ptr& who, std::string_view document, rights may,
                               time_point now) const {
  if (!has_changes_.load(std::memory_order_acquire)) return may;
  const std::lock_guard lock{changes_mutex_};
  // Of several the last counts.
  const auto last = std::find_if(changes_.rbegin(), changes_.rend(), [&](const kept_change& each) {
    return each.until > now && each.what.concerns(who, document);
  });
  return last == changes_.rend() ? may : last->what.may.value_or(rights{});
}

bool access_control::add(const access_change& change, time_point now, time_point until) {
  const std::lock_guard lock{changes_mutex_};
  std::erase_if(changes_, [&](const kept_change& each) {
    return each.until <= now || is_same_subject(each.what, change);
  });
  if (changes_.size() >= changes_max) return false;
  changes_.push_back({change, until});
  has_changes_.store(true, std::memory_order_release);
  return true;
}

void access_control::use(access::key_set_ptr keys) {
  const std::lock_guard lock{verifier_mutex_};
  verifier_.use(std::move(keys));
}

}  // namespace troupe
