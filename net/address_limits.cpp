#include "net/address_limits.hpp"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace troupe {

namespace {

/// The table size from which addresses without connections are swept.
constexpr std::size_t sweep_above = 4096;

}  // namespace

struct address_limits::table {
  struct entry {
    std::size_t connections = 0;
    double tokens = 0;
    time_point counted_at;
  };

  address_limit_settings settings;
  std::mutex mutex;
  std::unordered_map<std::string, entry> addresses;  // guarded by mutex
  std::size_t sweep_at = sweep_above;                // guarded by mutex

  bool is_full_again(const entry& of, time_point now) const {
    const std::chrono::duration<double> passed = now - of.counted_at;
    return of.tokens + passed.count() * static_cast<double>(settings.accepts_per_second) >=
           static_cast<double>(settings.accept_burst);
  }

  /// Drops addresses without connections whose token bucket is full again: a new entry would be
  /// the same.
  void sweep(time_point now) {
    if (addresses.size() < sweep_at) return;
    std::erase_if(addresses, [&](const auto& one) {
      return one.second.connections == 0 && is_full_again(one.second, now);
    });
    sweep_at = std::max(sweep_above, 2 * addresses.size());
  }

  bool spend_token(entry& of, time_point now) const {
    if (settings.accepts_per_second == 0) return true;
    const std::chrono::duration<double> passed = now - of.counted_at;
    of.counted_at = now;
    of.tokens =
        std::min(static_cast<double>(settings.accept_burst),
                 of.tokens + passed.count() * static_cast<double>(settings.accepts_per_second));
    if (of.tokens < 1) return false;
    of.tokens -= 1;
    return true;
  }
};

address_limits::address_limits(address_limit_settings settings)
    : table_(std::make_shared<table>()) {
  table_->settings = settings;
}

address_limits::~address_limits() = default;

address_limits::decision address_limits::admit(const std::string& address, time_point now) {
  const address_limit_settings& limit = table_->settings;
  const bool is_limited = limit.connections_max > 0 || limit.accepts_per_second > 0;
  if (!is_limited || is_loopback_address(address)) return {};
  const std::lock_guard lock{table_->mutex};
  table_->sweep(now);
  const auto [at, is_new] = table_->addresses.try_emplace(address);
  if (is_new) {
    at->second.tokens = static_cast<double>(limit.accept_burst);
    at->second.counted_at = now;
  }
  if (!table_->spend_token(at->second, now)) return {admission::too_fast, {}};
  if (limit.connections_max > 0 && at->second.connections >= limit.connections_max)
    return {admission::too_many, {}};
  ++at->second.connections;
  return {admission::admitted, address_place{table_.get(), [shared = table_, address](void*) {
                                               const std::lock_guard guard{shared->mutex};
                                               const auto found = shared->addresses.find(address);
                                               if (found != shared->addresses.end())
                                                 --found->second.connections;
                                             }}};
}

std::size_t address_limits::address_count() const {
  const std::lock_guard lock{table_->mutex};
  return table_->addresses.size();
}

bool is_loopback_address(const std::string& address) noexcept {
  std::string_view text{address};
  constexpr std::string_view mapped = "::ffff:";
  if (text.starts_with(mapped)) text.remove_prefix(mapped.size());
  return text == "::1" || text.starts_with("127.");
}

}  // namespace troupe
