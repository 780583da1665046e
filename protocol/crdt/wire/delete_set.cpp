#include "protocol/crdt/wire/delete_set.hpp"

#include <algorithm>

namespace troupe::crdt {

namespace {

/// Sorts ranges and merges those that overlap or touch.
void merge_ranges(std::vector<clock_range>& ranges) {
  std::ranges::sort(ranges, {}, &clock_range::clock);
  std::size_t kept = 0;
  for (const clock_range& range : ranges) {
    if (range.length == 0) continue;
    if (kept > 0 && ranges[kept - 1].end() >= range.clock)
      ranges[kept - 1].length =
          std::max(ranges[kept - 1].end(), range.end()) - ranges[kept - 1].clock;
    else
      ranges[kept++] = range;
  }
  ranges.resize(kept);
}

std::vector<clock_range> read_ranges(lib0::decoder& in, update_format format) {
  const bool is_v2 = format == update_format::v2;
  std::vector<clock_range> ranges;
  const std::uint64_t count = in.read_count(2, "delete range count");
  ranges.reserve(count);
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t clock = in.read_var_uint() + (is_v2 ? before : 0);
    const std::uint64_t length = in.read_var_uint() + (is_v2 ? 1 : 0);
    before = clock + length;
    if (before > clock_max) in.fail(errc::number_too_large, "delete range length");
    if (in.ok())
      ranges.push_back({static_cast<clock_type>(clock), static_cast<clock_type>(length)});
  }
  return ranges;
}

}  // namespace

delete_set delete_set::read(lib0::decoder& in, update_format format) {
  delete_set read;
  const std::uint64_t count = in.read_count(2, "delete set client count");
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const client_id client = in.read_var_uint(lib0::max_safe_integer, "delete set client");
    read.add(client, read_ranges(in, format));
  }
  read.normalise();
  return read;
}

void delete_set::write(lib0::encoder& out, update_format format) const {
  out.write_var_uint(clients_.size());
  for (const client_entry& entry : clients_) {
    out.write_var_uint(entry.client);
    out.write_var_uint(entry.ranges.size());
    clock_type before = 0;
    for (const clock_range& range : entry.ranges) {
      const bool is_v2 = format == update_format::v2;
      out.write_var_uint(is_v2 ? range.clock - before : range.clock);
      out.write_var_uint(is_v2 ? range.length - 1 : range.length);
      before = range.end();
    }
  }
}

void delete_set::normalise() {
  std::ranges::stable_sort(clients_, std::ranges::greater{}, &client_entry::client);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (kept > 0 && clients_[kept - 1].client == clients_[i].client) {
      auto& into = clients_[kept - 1].ranges;
      into.insert(into.end(), clients_[i].ranges.begin(), clients_[i].ranges.end());
    } else {
      if (kept != i) clients_[kept] = std::move(clients_[i]);
      ++kept;
    }
  }
  clients_.resize(kept);
  for (client_entry& entry : clients_) merge_ranges(entry.ranges);
  std::erase_if(clients_, [](const client_entry& entry) { return entry.ranges.empty(); });
}

const std::vector<clock_range>& delete_set::of(client_id client) const noexcept {
  static const std::vector<clock_range> nothing;
  const auto found =
      std::ranges::lower_bound(clients_, client, std::ranges::greater{}, &client_entry::client);
  return found != clients_.end() && found->client == client ? found->ranges : nothing;
}

bool delete_set::covers(client_id client, clock_range range) const noexcept {
  const auto& ranges = of(client);
  const auto found = first_ending_above(ranges, range.clock);
  return found != ranges.end() && found->clock <= range.clock && range.end() <= found->end();
}

std::vector<clock_range>::const_iterator first_ending_above(const std::vector<clock_range>& ranges,
                                                            clock_type clock) noexcept {
  return std::ranges::upper_bound(ranges, clock, {},
                                  [](const clock_range& range) { return range.end(); });
}

}  // namespace troupe::crdt
