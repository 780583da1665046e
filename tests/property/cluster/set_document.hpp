// A document of the simulation: a set of items, each by a client under its next clock, and those
// that were deleted. It behaves like a Yjs document where replicas are concerned: updates may come
// twice and in any order, but for those of one client, of which an earlier one must be there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "protocol/cluster/replica.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"
#include "protocol/siphash.hpp"

namespace troupe::simulation {

struct item {
  std::uint64_t client = 0;
  std::uint64_t clock = 0;

  auto operator<=>(const item&) const = default;
};

class set_document final : public cluster::replica_state {
 public:
  enum class outcome : std::uint8_t { changed, nothing_new, gap };

  static byte_buffer insertion(item what) {
    lib0::encoder out;
    out.write_var_uint(1);
    write_range(out, what.client, what.clock, what.clock + 1);
    out.write_var_uint(0);
    return out.take();
  }
  static byte_buffer deletion(item what) {
    lib0::encoder out;
    out.write_var_uint(0);
    out.write_var_uint(1);
    out.write_var_uint(what.client);
    out.write_var_uint(what.clock);
    return out.take();
  }

  /// All or nothing.
  outcome apply(byte_view update) {
    lib0::decoder in{update};
    std::map<std::uint64_t, std::uint64_t> next;
    std::vector<item> deleted;
    const auto end_of = [&](std::uint64_t client) {
      const auto newer = next.find(client);
      return newer == next.end() ? clock_of(client) : newer->second;
    };
    for (std::uint64_t left = in.read_var_uint(); left > 0; --left) {
      const std::uint64_t client = in.read_var_uint();
      const std::uint64_t first = in.read_var_uint();
      const std::uint64_t end = in.read_var_uint();
      if (end_of(client) < first) return outcome::gap;
      if (end > end_of(client)) next[client] = end;
    }
    for (std::uint64_t left = in.read_var_uint(); left > 0; --left) {
      const std::uint64_t client = in.read_var_uint();
      const item what{client, in.read_var_uint()};
      if (end_of(client) <= what.clock) return outcome::gap;
      if (!deleted_.contains(what)) deleted.push_back(what);
    }
    if (next.empty() && deleted.empty()) return outcome::nothing_new;
    for (const auto& [client, end] : next) clocks_[client] = end;
    deleted_.insert(deleted.begin(), deleted.end());
    digest_.reset();
    return outcome::changed;
  }

  hash128 digest() const override {
    if (!digest_) digest_ = siphash128(whole_difference({}));
    return *digest_;
  }
  byte_buffer state_vector() const override {
    lib0::encoder out;
    out.write_var_uint(clocks_.size());
    for (const auto& [client, end] : clocks_) {
      out.write_var_uint(client);
      out.write_var_uint(end);
    }
    return out.take();
  }
  /// In parts of at most so many items, the deletions with the last; 0: whole.
  void cut_differences(std::uint64_t part) { part_ = part; }

  result<std::vector<byte_buffer>> difference(byte_view vector) const override {
    std::vector<byte_buffer> parts;
    if (part_ == 0) {
      parts.push_back(whole_difference(vector));
      return parts;
    }
    const auto known = clocks_in(vector);
    for (const auto& [client, end] : clocks_) {
      const auto at = known.find(client);
      for (std::uint64_t first = at == known.end() ? 0 : at->second; first < end; first += part_) {
        lib0::encoder out;
        out.write_var_uint(1);
        write_range(out, client, first, std::min(first + part_, end));
        out.write_var_uint(0);
        parts.push_back(out.take());
      }
    }
    lib0::encoder last;
    last.write_var_uint(0);
    write_deletions(last);
    parts.push_back(last.take());
    return parts;
  }
  byte_buffer whole_difference(byte_view vector) const {
    const auto known = clocks_in(vector);
    lib0::encoder ranges;
    std::uint64_t count = 0;
    for (const auto& [client, end] : clocks_) {
      const auto at = known.find(client);
      const std::uint64_t first = at == known.end() ? 0 : at->second;
      if (first >= end) continue;
      ++count;
      write_range(ranges, client, first, end);
    }
    lib0::encoder out;
    out.write_var_uint(count);
    out.write_bytes(ranges.take());
    write_deletions(out);
    return out.take();
  }

  /// For a trace.
  std::string text() const {
    std::string all;
    for (const auto& [client, end] : clocks_)
      all += std::to_string(client) + ":" + std::to_string(end) + " ";
    return all + "-" + std::to_string(deleted_.size());
  }
  bool has(item what) const { return clock_of(what.client) > what.clock; }
  bool has_deleted(item what) const { return deleted_.contains(what); }
  std::uint64_t clock_of(std::uint64_t client) const {
    const auto at = clocks_.find(client);
    return at == clocks_.end() ? 0 : at->second;
  }
  const std::map<std::uint64_t, std::uint64_t>& clocks() const { return clocks_; }
  const std::set<item>& deleted() const { return deleted_; }

 private:
  static std::map<std::uint64_t, std::uint64_t> clocks_in(byte_view vector) {
    std::map<std::uint64_t, std::uint64_t> known;
    lib0::decoder in{vector};
    if (!vector.empty())
      for (std::uint64_t left = in.read_var_uint(); left > 0 && in.ok(); --left) {
        const std::uint64_t client = in.read_var_uint();
        known[client] = in.read_var_uint();
      }
    return known;
  }
  void write_deletions(lib0::encoder& out) const {
    out.write_var_uint(deleted_.size());
    for (const item& each : deleted_) {
      out.write_var_uint(each.client);
      out.write_var_uint(each.clock);
    }
  }
  static void write_range(lib0::encoder& out, std::uint64_t client, std::uint64_t first,
                          std::uint64_t end) {
    out.write_var_uint(client);
    out.write_var_uint(first);
    out.write_var_uint(end);
  }

  std::map<std::uint64_t, std::uint64_t> clocks_;
  std::set<item> deleted_;
  mutable std::optional<hash128> digest_;
  std::uint64_t part_ = 0;
};

}  // namespace troupe::simulation
