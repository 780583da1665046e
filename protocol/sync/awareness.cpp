#include "protocol/sync/awareness.hpp"

#include "base/trim.hpp"
#include "protocol/json/validate.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::sync {

namespace {

constexpr std::string_view null_state = "null";

/// A clock that jumps further would leave its client, which counts on from it, no numbers.
constexpr std::uint64_t clock_step_max = std::uint64_t{1} << 32;

/// The state may have blanks around it.
awareness_entry read_entry(lib0::decoder& in) {
  awareness_entry entry;
  entry.client = in.read_var_uint();
  entry.clock = in.read_var_uint();
  entry.state = in.read_var_string("awareness state");
  return entry;
}

void write_entry(const awareness_entry& entry, lib0::encoder& out) {
  out.write_var_uint(entry.client);
  out.write_var_uint(entry.clock);
  out.write_var_string(entry.state);
}

}  // namespace

void for_each_entry(byte_view update, const std::function<void(const awareness_entry&)>& visit) {
  lib0::decoder in{update};
  for (std::uint64_t rest = in.read_var_uint(); rest > 0 && in.ok(); --rest) {
    const awareness_entry entry = read_entry(in);
    if (in.ok()) visit(entry);
  }
}

std::optional<awareness_entry> awareness::only_client_of(byte_view update) {
  lib0::decoder in{update};
  const std::uint64_t count = in.read_var_uint();
  awareness_entry only = read_entry(in);
  only.state = trimmed(only.state);
  const bool shows_one = in.ok() && in.at_end() && count == 1 && only.state != null_state;
  return shows_one ? std::optional{only} : std::nullopt;
}

result<void> awareness::decode(byte_view update) {
  lib0::decoder in{update};
  decoded_.clear();
  const std::uint64_t count = in.read_count(3, "awareness client count");
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    awareness_entry incoming = read_entry(in);
    incoming.state = trimmed(incoming.state);
    // What says nothing new, such as the echo of a client, is not looked at any closer.
    if (in.ok() && accepts(incoming) && !json::is_valid_json(incoming.state, state_depth_max))
      in.fail(errc::invalid_json, "awareness state");
    decoded_.push_back(incoming);
  }
  if (in.ok() && !in.at_end()) in.fail(errc::trailing_bytes, "behind the awareness update");
  if (!in.ok()) return in.error();
  return {};
}

/// Newer than what is known, or the end of a state of the same clock. An unknown client counts as
/// clock 0.
bool awareness::accepts(const awareness_entry& incoming) const {
  const auto found = entries_.find(incoming.client);
  const std::uint64_t known = found == entries_.end() ? 0 : found->second.clock;
  if (incoming.clock > known) return true;
  return incoming.clock == known && incoming.state == null_state && found != entries_.end() &&
         !found->second.state.empty();
}

result<std::vector<awareness::client_id>> awareness::apply(byte_view update, session_id from,
                                                           time_point now) {
  TROUPE_TRY(decode(update));
  if (entries_.size() + decoded_.size() > clients_max) {
    std::size_t added = 0;
    for (const awareness_entry& incoming : decoded_) added += !entries_.contains(incoming.client);
    if (entries_.size() + added > clients_max) return fail(errc::too_many_clients, "awareness");
  }
  std::size_t added_bytes = 0;
  for (const awareness_entry& incoming : decoded_) added_bytes += incoming.state.size();
  if (state_bytes_ + added_bytes > state_bytes_max)
    return fail(errc::state_too_large, "awareness states of the document");
  std::vector<client_id> changed;
  for (const awareness_entry& incoming : decoded_) {
    if (!accepts(incoming)) continue;
    const auto found = entries_.find(incoming.client);
    const bool is_shown = found != entries_.end() && !found->second.state.empty();
    // Somebody's timer, or another tab, says that a client is gone whose own session is here.
    if (incoming.state == null_state && is_shown && found->second.owner != from) continue;
    const std::uint64_t last = found == entries_.end() ? 0 : found->second.clock;
    if (incoming.clock - last > clock_step_max) continue;
    changed.push_back(incoming.client);
    entry& known = found == entries_.end() ? entries_[incoming.client] : found->second;
    known.clock = incoming.clock;
    known.updated = now;
    known.owner = from;
    known.is_own = false;
    if (incoming.state == null_state) {
      remove(known, now);
    } else {
      set_state(known, incoming.state);
    }
  }
  return changed;
}

void awareness::set_state(entry& of, std::string_view state) {
  state_count_ += of.state.empty();
  state_bytes_ += state.size();
  state_bytes_ -= of.state.size();
  of.state = state;
}

void awareness::remove(entry& of, time_point now) {
  state_count_ -= !of.state.empty();
  state_bytes_ -= of.state.size();
  of.state = {};
  of.owner = no_session;
  of.updated = now;
}

result<bool> awareness::set_own(client_id client, std::string_view state, session_id owner,
                                time_point now) {
  const auto found = entries_.find(client);
  const bool had_state = found != entries_.end() && !found->second.state.empty();
  if (trimmed(state) == null_state) {
    if (!had_state) return false;
    ++found->second.clock;
    remove(found->second, now);
    found->second.owner = owner;  // which may show a state again, under the next clock
    return true;
  }
  if (found == entries_.end() && entries_.size() >= clients_max)
    return fail(errc::too_many_clients, "awareness");
  if (state_bytes_ + state.size() > state_bytes_max)
    return fail(errc::state_too_large, "awareness states of the document");
  entry& own = entries_[client];
  ++own.clock;
  set_state(own, trimmed(state));
  own.owner = owner;
  own.updated = now;
  own.is_own = true;
  return true;
}

std::vector<awareness::client_id> awareness::remove_session(session_id session, time_point now) {
  std::vector<client_id> removed;
  for (auto& [client, known] : entries_) {
    if (known.owner != session) continue;
    if (!known.state.empty()) removed.push_back(client);
    remove(known, now);
  }
  return removed;
}

std::vector<awareness::client_id> awareness::expire(time_point now) {
  std::vector<client_id> changed;
  for (auto at = entries_.begin(); at != entries_.end();) {
    entry& known = at->second;
    const auto age = now - known.updated;
    if (known.is_own && !known.state.empty()) {
      if (age >= own_renewal) {
        ++known.clock;
        known.updated = now;
        changed.push_back(at->first);
      }
    } else if (!known.state.empty() && age >= state_age_max) {
      remove(known, now);
      changed.push_back(at->first);
    } else if (known.state.empty() && known.owner == no_session && age >= clock_age_max) {
      at = entries_.erase(at);
      continue;
    }
    ++at;
  }
  return changed;
}

byte_buffer awareness::encode(const std::vector<client_id>& clients) const {
  lib0::encoder out;
  out.write_var_uint(clients.size());
  for (const client_id client : clients) {
    const entry& known = entries_.at(client);
    write_entry(
        {client, known.clock, known.state.empty() ? null_state : std::string_view{known.state}},
        out);
  }
  return out.take();
}

byte_buffer awareness::encode_gone(client_id client, std::uint64_t clock) {
  lib0::encoder out;
  out.write_var_uint(1);
  write_entry({client, clock, null_state}, out);
  return out.take();
}

std::string_view awareness::state_of(client_id client) const {
  const auto found = entries_.find(client);
  const bool has_state = found != entries_.end() && !found->second.state.empty();
  return has_state ? std::string_view{found->second.state} : null_state;
}

bool awareness::is_owned_by(client_id client, session_id session) const {
  const auto found = entries_.find(client);
  return found != entries_.end() && found->second.owner == session;
}

std::vector<std::pair<session_id, std::string_view>> awareness::states_by_owner() const {
  std::vector<std::pair<session_id, std::string_view>> all;
  for (const auto& [client, known] : entries_)
    if (!known.state.empty()) all.emplace_back(known.owner, known.state);
  return all;
}

byte_buffer awareness::encode_known() const {
  std::vector<client_id> clients;
  clients.reserve(entries_.size());
  for (const auto& [client, one] : entries_) clients.push_back(client);
  return encode(clients);
}

byte_buffer awareness::encode_all() const {
  std::vector<client_id> clients;
  clients.reserve(state_count_);
  for (const auto& [client, known] : entries_)
    if (!known.state.empty()) clients.push_back(client);
  return encode(clients);
}

}  // namespace troupe::sync
