#include "protocol/crdt/wire/update_tools.hpp"

#include <algorithm>
#include <numeric>

#include "protocol/crdt/wire/content_slice.hpp"
#include "protocol/crdt/wire/range_set.hpp"
#include "protocol/crdt/wire/update_writer.hpp"

namespace troupe::crdt {

namespace {

enum class merging : std::uint8_t { off, on };

/// A part of a struct that is to be written.
struct part {
  const struct_view* from = nullptr;
  clock_range range;

  clock_type offset() const noexcept { return range.clock - from->clock; }
};

/// The structs of a decoded update by client, in clock order, each clock once.
class ordered_parts {
 public:
  ordered_parts(const decoded_update& update, const state_vector& known)
      : by_client_(update.clients.size()) {
    for (const client_block& block : update.blocks)
      for (std::uint32_t i = 0; i < block.count; ++i) {
        const struct_view& view = update.structs[block.first + i];
        by_client_[block.client].push_back({&view, {view.clock, view.length}});
      }
    clients_.resize(by_client_.size());
    std::iota(clients_.begin(), clients_.end(), 0u);
    for (const client_index client : clients_)
      drop_repeated(by_client_[client], known.clock_of(update.clients.id(client)));
    std::erase_if(clients_, [&](client_index client) { return by_client_[client].empty(); });
    std::ranges::sort(clients_, std::greater{},
                      [&](client_index i) { return update.clients.id(i); });
  }

  /// Those that have parts, highest id first.
  const std::vector<client_index>& clients() const noexcept { return clients_; }
  const std::vector<part>& of(client_index client) const noexcept { return by_client_[client]; }

 private:
  /// Keeps of each clock the part that came first.
  static void drop_repeated(std::vector<part>& parts, clock_type known) {
    std::ranges::stable_sort(parts, {}, [](const part& p) { return p.range.clock; });
    std::size_t kept = 0;
    clock_type done = known;
    for (const part& p : parts) {
      if (p.range.end() <= done) continue;
      const clock_type from = std::max(p.range.clock, done);
      parts[kept++] = {p.from, {from, p.range.end() - from}};
      done = p.range.end();
    }
    parts.resize(kept);
  }

  std::vector<std::vector<part>> by_client_;
  std::vector<client_index> clients_;
};

/// Whether `next` continues `before`, so that they mean the same as one struct. Two values
/// of a key do not: the second one, as a struct of its own, deletes the first.
bool continues(client_index client, const part& before, const part& next) noexcept {
  const struct_view& a = *before.from;
  const struct_view& b = *next.from;
  if (a.kind != b.kind || before.range.end() != next.range.clock) return false;
  if (a.kind == content_kind::gc) return true;
  const bool replaces = (a.has_key || b.has_key) && a.kind != content_kind::deleted;
  const bool follows =
      next.offset() > 0 || (!replaces && b.origin == unit_id{client, next.range.clock - 1});
  return is_mergeable(a.kind) && follows && a.right_origin == b.right_origin;
}

template <class Writer>
class parts_writer {
 public:
  parts_writer(const client_lookup& ids, merging merge, Writer& out)
      : ids_(ids), merge_(merge), out_(out) {}

  void write_client(client_index client, const std::vector<part>& parts) {
    groups_.clear();
    std::size_t gaps = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0 && parts[i - 1].range.end() != parts[i].range.clock) ++gaps;
      if (i > 0 && merge_ == merging::on && continues(client, parts[i - 1], parts[i])) continue;
      groups_.push_back(i);
    }
    out_.rest().write_var_uint(groups_.size() + gaps);
    out_.write_client(ids_.id(client));
    out_.rest().write_var_uint(parts[0].range.clock);
    groups_.push_back(parts.size());
    for (std::size_t g = 0; g + 1 < groups_.size(); ++g) {
      const std::size_t first = groups_[g];
      if (first > 0 && parts[first - 1].range.end() != parts[first].range.clock)
        write_skip(parts[first].range.clock - parts[first - 1].range.end(), out_);
      write_group(client, std::span{parts}.subspan(first, groups_[g + 1] - first));
    }
  }

 private:
  void write_group(client_index client, std::span<const part> group) {
    struct_view view = *group[0].from;
    const clock_type offset = group[0].offset();
    byte_view content = slice_content(view, offset, group[0].range.length, scratch_);
    if (group.size() > 1) {
      merged_.assign(content.begin(), content.end());
      for (const part& p : group.subspan(1)) {
        const byte_view more = slice_content(*p.from, p.offset(), p.range.length, scratch_);
        merged_.insert(merged_.end(), more.begin(), more.end());
      }
      content = merged_;
    }
    view.content = content.data();
    view.content_size = static_cast<std::uint32_t>(content.size());
    view.clock = group[0].range.clock;
    view.length = group.back().range.end() - view.clock;
    if (offset > 0 && view.kind != content_kind::gc) view.origin = {client, view.clock - 1};
    write_struct(view, ids_, out_);
  }

  const client_lookup& ids_;
  merging merge_;
  Writer& out_;
  std::vector<std::size_t> groups_;  // index of the first part of each struct to be written
  byte_buffer scratch_;
  byte_buffer merged_;
};

template <class Writer>
void write_deletes(const decoded_update& update, Writer& out) {
  std::vector<range_set> by_client(update.clients.size());
  for (const client_range& deleted : update.deletes) by_client[deleted.client].add(deleted.range);
  std::vector<client_index> clients;
  for (client_index i = 0; i < by_client.size(); ++i)
    if (!by_client[i].empty()) clients.push_back(i);
  std::ranges::sort(clients, std::greater{}, [&](client_index i) { return update.clients.id(i); });
  out.rest().write_var_uint(clients.size());
  for (const client_index client : clients) {
    out.begin_delete_client();
    out.rest().write_var_uint(update.clients.id(client));
    out.rest().write_var_uint(by_client[client].size());
    by_client[client].for_each([&](clock_range range) { out.write_delete_range(range); });
  }
}

template <class Writer>
void write_all(const decoded_update& update, const ordered_parts& parts, merging merge,
               Writer out_writer) {
  out_writer.rest().write_var_uint(parts.clients().size());
  parts_writer<Writer> structs{update.clients, merge, out_writer};
  for (const client_index client : parts.clients()) structs.write_client(client, parts.of(client));
  write_deletes(update, out_writer);
  out_writer.finish();
}

byte_buffer encode(const decoded_update& update, const state_vector& known, merging merge,
                   update_format format) {
  lib0::encoder out{256};
  const ordered_parts parts{update, known};
  if (format == update_format::v2)
    write_all(update, parts, merge, writer_v2{out});
  else
    write_all(update, parts, merge, writer_v1{out});
  return out.take();
}

}  // namespace

result<byte_buffer> merge_updates(std::span<const byte_view> updates, update_format format,
                                  const limits& limit) {
  decoded_update all;
  for (const byte_view update : updates) TROUPE_TRY(append_update(update, format, limit, all));
  return encode(all, {}, merging::on, format);
}

result<byte_buffer> diff_update(byte_view update, const state_vector& known, update_format format,
                                const limits& limit) {
  decoded_update decoded;
  TROUPE_TRY(decode_update(update, format, limit, decoded));
  return encode(decoded, known, merging::off, format);
}

result<byte_buffer> convert_update(byte_view update, update_format from, update_format to,
                                   const limits& limit) {
  decoded_update decoded;
  TROUPE_TRY(decode_update(update, from, limit, decoded));
  return encode(decoded, {}, merging::off, to);
}

result<state_vector> state_vector_from_update(byte_view update, update_format format,
                                              const limits& limit) {
  decoded_update decoded;
  TROUPE_TRY(decode_update(update, format, limit, decoded));
  const ordered_parts parts{decoded, {}};
  state_vector vector;
  for (const client_index client : parts.clients()) {
    clock_type end = 0;
    for (const part& p : parts.of(client)) {
      if (p.range.clock != end) break;
      end = p.range.end();
    }
    if (end > 0) vector.add(decoded.clients.id(client), end);
  }
  vector.sort();
  return vector;
}

result<std::vector<client_span>> update_meta(byte_view update, update_format format,
                                             const limits& limit) {
  decoded_update decoded;
  TROUPE_TRY(decode_update(update, format, limit, decoded));
  const ordered_parts parts{decoded, {}};
  std::vector<client_span> spans;
  for (const client_index client : parts.clients()) {
    const auto& of = parts.of(client);
    spans.push_back({decoded.clients.id(client),
                     {of.front().range.clock, of.back().range.end() - of.front().range.clock}});
  }
  return spans;
}

}  // namespace troupe::crdt
