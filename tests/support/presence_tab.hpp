// What one tab of a browser knows of presence, and what it sends: the awareness of y-protocols with
// the provider of y-websocket, which sends back whatever is new to it. Time does not pass, so it
// renews nothing and drops nobody. It knows nothing of a server: updates in, updates out.
// Source: y-protocols 1.0 awareness.js, y-websocket 3 y-websocket.js.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "protocol/lib0/encoder.hpp"
#include "protocol/sync/awareness.hpp"

namespace troupe::test {

struct presence_entry {
  std::uint64_t client = 0;
  std::uint64_t clock = 0;
  std::string state;  ///< "null": it is gone.
};

inline byte_buffer encode_presence(const std::vector<presence_entry>& entries) {
  lib0::encoder out;
  out.write_var_uint(entries.size());
  for (const presence_entry& one : entries) {
    out.write_var_uint(one.client);
    out.write_var_uint(one.clock);
    out.write_var_string(one.state);
  }
  return out.take();
}

class presence_tab {
 public:
  using client_id = sync::awareness::client_id;

  /// Its clock is 0 until it shows a state.
  explicit presence_tab(client_id own) : own_(own) {}

  client_id own() const { return own_; }
  std::uint64_t clock() const { return clock_of(own_); }
  /// The last that it knows of a client; 0: none.
  std::uint64_t clock_of(client_id client) const {
    const auto found = clocks_.find(client);
    return found == clocks_.end() ? 0 : found->second;
  }
  bool is_shown() const { return states_.contains(own_); }

  void show(std::string state) {
    states_[own_] = std::move(state);
    ++clocks_[own_];
  }
  void hide() {
    states_.erase(own_);
    ++clocks_[own_];
  }

  presence_entry entry_of(client_id client) const {
    const auto found = states_.find(client);
    return {client, clock_of(client), found == states_.end() ? "null" : found->second};
  }

  /// The clients that it sees, itself too, each with its state.
  const std::map<client_id, std::string>& states() const { return states_; }

  /// Takes what it hears; returns what its provider sends back of that.
  std::vector<presence_entry> hear(byte_view update) {
    std::set<client_id> changed;
    sync::for_each_entry(update, [&](const sync::awareness_entry& each) {
      if (take(each)) changed.insert(each.client);
    });
    std::vector<presence_entry> echo;
    for (const client_id client : changed) echo.push_back(entry_of(client));
    return echo;
  }

  /// Its connection has ended: it drops the others, and keeps their clocks.
  void forget_others() {
    std::erase_if(states_, [this](const auto& each) { return each.first != own_; });
  }

 private:
  /// Returns whether that is an event for its provider.
  bool take(const sync::awareness_entry& heard) {
    const bool was_known = clocks_.contains(heard.client);
    const bool is_null = heard.state == "null";
    const std::uint64_t known = clock_of(heard.client);
    const bool is_end = is_null && heard.clock == known && states_.contains(heard.client);
    if (heard.clock <= known && !is_end) return false;
    std::uint64_t clock = heard.clock;
    if (!is_null)
      states_[heard.client] = heard.state;
    else if (heard.client == own_ && is_shown())
      ++clock;  // nobody else removes what it shows
    else
      states_.erase(heard.client);
    clocks_[heard.client] = clock;
    return was_known || !is_null;
  }

  client_id own_;
  std::map<client_id, std::uint64_t> clocks_;
  std::map<client_id, std::string> states_;
};

}  // namespace troupe::test
