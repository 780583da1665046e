#include "protocol/crdt/edit/restore_plan.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include "base/utf8.hpp"
#include "protocol/crdt/wire/content_slice.hpp"

namespace troupe::crdt {

namespace {

class planner {
 public:
  planner(const struct_store& now, const struct_store& then) : now_(now), then_(then) {
    for (const client_id id : then.clients().ids()) to_now_.push_back(now.clients().find(id));
  }

  restore_plan make() {
    for (const type_handle root : then_.roots()) {
      const std::string_view name = then_.string_at(then_.type_at(root).name);
      pairs_.push_back({now_.find_root(name), root, name});
    }
    for (const type_handle root : now_.roots())
      if (then_.find_root(now_.string_at(now_.type_at(root).name)) == none) plan_emptying(root);
    // Grows while it is walked: types that both have.
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const pair both = pairs_[i];
      find_pieces(both);
      find_rest(both.now);
      plan_sequence(both);
      plan_keys(both);
    }
    measure();
    return std::move(plan_);
  }

 private:
  /// A type as it is now (none: a root that is not there), as it was then, and the root's name.
  struct pair {
    type_handle now = none;
    type_handle then = none;
    std::string_view root;
  };
  /// A part of an item of then, and the item that has its first unit now, or none.
  struct piece {
    restored_part part;
    item_handle now = none;
    unit_id first;  ///< As it is known now.
    bool stays = false;
  };
  /// A visible part of an item now that is no unit of then, and behind how many that stay.
  struct rest {
    restored_part part;
    std::size_t gap = 0;
  };

  unit_id now_id(unit_id id) const {
    const client_index client = to_now_[id.client];
    return client == no_client ? unit_id::none : unit_id{client, id.clock};
  }

  /// The item of a sequence or key of `in` that has the unit; none if it has lost its place.
  item_handle find_now(unit_id id, type_handle in) const {
    if (id.is_none() || in == none || !now_.knows(id)) return none;
    const item_handle handle = now_.find(id);
    if (handle == none || now_.at(handle).is_gc()) return none;
    return now_.chain_at(now_.at(handle).chain).type == in ? handle : none;
  }

  /// Whether the item now shows the part of then that begins with `first`.
  bool is_same(const piece& both) {
    const item& is = now_.at(both.now);
    const restored_part& was = both.part;
    const item& of = then_.at(was.from);
    if (is.is_deleted != 0 || is.kind() != of.kind()) return false;
    if (of.kind() != content_kind::string || (of.is_ascii != 0 && is.is_ascii != 0)) return true;
    // A pair that was cut has lost both halves.
    parent_view parent;
    const struct_view now =
        now_.view_of(both.now, both.first.clock - is.clock, was.length, parent, scratch_);
    const struct_view then =
        then_.view_of(was.from, was.offset, was.length, parent, other_scratch_);
    return std::ranges::equal(now.content_bytes(), then.content_bytes());
  }

  static bool cuts_pair(const struct_store& in, const item& of, clock_type offset) {
    return of.kind() == content_kind::string && of.is_ascii == 0 && offset > 0 &&
           offset < of.length && find_text_cut(in.content_of(of), offset).splits_pair;
  }

  /// The sequence of then, in parts of which each is as a whole in one item now or in none.
  void find_pieces(const pair& both) {
    pieces_.clear();
    const chain_handle sequence = then_.type_at(both.then).sequence;
    for (item_handle at = then_.chain_at(sequence).head; at != none; at = then_.at(at).right)
      if (then_.at(at).is_deleted == 0) add_pieces(at, both.now);
  }

  void add_pieces(item_handle handle, type_handle in) {
    const item& of = then_.at(handle);
    for (clock_type offset = 0; offset < of.length;) {
      piece next = piece_at(handle, offset, in);
      if (next.now != none) {
        const item& is = now_.at(next.now);
        next.part.length = std::min(of.length - offset, is.end() - next.first.clock);
        next.stays = now_.chain_at(is.chain).key == no_string && is_same(next);
      } else {
        next.part.length = 1;  // what follows may be there again
        while (offset + next.part.length < of.length &&
               piece_at(handle, offset + next.part.length, in).now == none)
          ++next.part.length;
      }
      // A pair cannot come back in halves.
      const bool is_in_pair = cuts_pair(then_, of, offset);
      if (is_in_pair) copy_pair(handle, offset - 1, in);
      offset += next.part.length;
      if (is_in_pair && cut_front(next.part, 1)) continue;
      if (is_in_pair && !next.first.is_none()) ++next.first.clock;
      pieces_.push_back(next);
    }
  }

  /// From so many units into a live item of then on.
  piece piece_at(item_handle handle, clock_type offset, type_handle in) const {
    const item& of = then_.at(handle);
    piece at{{handle, offset, 0}, none, now_id({of.client, of.clock + offset}), false};
    at.now = find_now(at.first, in);
    return at;
  }

  /// Takes the first half of a pair from the last piece, and copies both.
  void copy_pair(item_handle handle, clock_type offset, type_handle in) {
    if (cut_back(pieces_.back().part, 1)) pieces_.pop_back();
    piece both = piece_at(handle, offset, in);
    both.part.length = 2;
    pieces_.push_back(both);
  }

  /// What shows now and is no unit of then.
  void find_rest(type_handle in) {
    rest_.clear();
    if (in == none) return;
    kept_.clear();
    for (const piece& each : pieces_)
      if (each.stays) kept_.push_back({each.first.client, {each.first.clock, each.part.length}});
    const auto last_of = [](const client_range& r) { return unit_id{r.client, r.range.end() - 1}; };
    std::ranges::sort(kept_, {}, last_of);
    std::size_t gap = 0;
    const chain_handle sequence = now_.type_at(in).sequence;
    for (item_handle at = now_.chain_at(sequence).head; at != none; at = now_.at(at).right) {
      const item& of = now_.at(at);
      if (of.is_deleted != 0) continue;
      clock_type clock = of.clock;
      const auto add_until = [&](clock_type end) {
        if (clock < end) rest_.push_back({{at, clock - of.clock, end - clock}, gap});
      };
      for (auto kept = std::ranges::lower_bound(kept_, of.id(), {}, last_of);
           kept != kept_.end() && kept->client == of.client && kept->range.clock < of.end();
           ++kept, ++gap) {
        add_until(kept->range.clock);
        clock = kept->range.end();
      }
      add_until(of.end());
    }
  }

  /// What stays divides both sequences into gaps, in the same order.
  void plan_sequence(const pair& both) {
    unit_id last = unit_id::none;  // the last unit of then that has a place now
    std::size_t gap = 0;
    auto next = rest_.begin();
    for (auto at = pieces_.begin();; ++gap) {
      const auto begin = at;
      while (at != pieces_.end() && !at->stays) ++at;
      const auto next_begin = next;
      while (next != rest_.end() && next->gap == gap) ++next;
      unit_id next_last = last;
      for (auto each = begin; each != at; ++each)
        if (each->now != none) next_last = {each->first.client, last_clock_now(*each)};
      plan_gap(both, {begin, at}, {next_begin, next}, last);
      last = next_last;
      if (at == pieces_.end()) return;
      last = {at->first.client, last_clock_now(*at)};
      if (then_.at(at->part.from).kind() == content_kind::type)
        pairs_.push_back({now_.at(at->now).content, then_.at(at->part.from).content, {}});
      ++at;
    }
  }

  /// The last unit of a piece that is in the item that has its first unit now.
  clock_type last_clock_now(const piece& of) const {
    return std::min(of.first.clock + of.part.length, now_.at(of.now).end()) - 1;
  }

  /// What was there and is not, `was`, and what is there and was not, `is`. Where both begin or end
  /// with the same contents, as after an earlier restore, these stay.
  void plan_gap(const pair& both, std::span<piece> was, std::span<rest> is, unit_id last) {
    unit_id behind;
    while (!was.empty() && !is.empty()) {
      const clock_type count = common_front(is.front().part, was.front().part);
      if (count == 0) break;
      behind = unit_of(is.front().part, count - 1);
      if (cut_front(is.front().part, count)) is = is.subspan(1);
      if (cut_front(was.front().part, count)) was = was.subspan(1);
    }
    unit_id before;
    while (!was.empty() && !is.empty()) {
      const clock_type count = common_back(is.back().part, was.back().part);
      if (count == 0) break;
      before = unit_of(is.back().part, is.back().part.length - count);
      if (cut_back(is.back().part, count)) is = is.first(is.size() - 1);
      if (cut_back(was.back().part, count)) was = was.first(was.size() - 1);
    }
    for (const rest& each : is) remove(each.part);
    if (was.empty()) return;
    if (behind.is_none() && before.is_none()) {
      const auto known = std::ranges::find_if(was, [](const piece& p) { return p.now != none; });
      if (known != was.end()) before = known->first;
      behind = last;
    } else if (!behind.is_none()) {
      before = unit_id::none;
    }
    plan_.insertions.push_back(
        {both.now, both.root, before, behind, plan_.copies.size(), was.size()});
    for (const piece& each : was) plan_.copies.push_back(each.part);
  }

  unit_id unit_of(const restored_part& part, clock_type at) const {
    const item& of = now_.at(part.from);
    return {of.client, of.clock + part.offset + at};
  }
  static bool cut_front(restored_part& part, clock_type count) {
    part.offset += count;
    return (part.length -= count) == 0;
  }
  static bool cut_back(restored_part& part, clock_type count) {
    return (part.length -= count) == 0;
  }

  // --- the same contents, whoever wrote them ---

  /// With how many equal units a part of now and one of then begin. Types that may hold the same
  /// are equal: what is in them is planned as well.
  clock_type common_front(const restored_part& is, const restored_part& was) {
    const clock_type most = std::min(is.length, was.length);
    const restored_part now{is.from, is.offset, most};
    const restored_part then{was.from, was.offset, most};
    if (const auto whole = compare(now, then)) return *whole ? most : 0;
    const content_kind kind = now_.at(is.from).kind();
    clock_type count = 0;
    if (kind == content_kind::string) {
      std::size_t at = static_cast<std::size_t>(std::ranges::mismatch(now_bytes_, then_bytes_).in1 -
                                                now_bytes_.begin());
      while (at > 0 && at < now_bytes_.size() && is_continuation(now_bytes_[at])) --at;
      count = units_of(now_bytes_.first(at));
    } else {
      byte_view a = now_bytes_, b = then_bytes_;
      while (count < most) {
        const std::size_t size = size_of_values(kind, a, 1);
        if (size_of_values(kind, b, 1) != size || !std::ranges::equal(a.first(size), b.first(size)))
          break;
        a = a.subspan(size);
        b = b.subspan(size);
        ++count;
      }
    }
    return count > 0 && cuts_a_pair(is.from, is.offset + count, was.from, was.offset + count)
               ? count - 1
               : count;
  }

  /// With how many they end.
  clock_type common_back(const restored_part& is, const restored_part& was) {
    const clock_type most = std::min(is.length, was.length);
    const restored_part now{is.from, is.offset + is.length - most, most};
    const restored_part then{was.from, was.offset + was.length - most, most};
    if (const auto whole = compare(now, then)) return *whole ? most : 0;
    const content_kind kind = now_.at(is.from).kind();
    clock_type count = 0;
    if (kind == content_kind::string) {
      std::size_t size = 0;
      const std::size_t size_max = std::min(now_bytes_.size(), then_bytes_.size());
      while (size < size_max &&
             now_bytes_[now_bytes_.size() - 1 - size] == then_bytes_[then_bytes_.size() - 1 - size])
        ++size;
      while (size > 0 && is_continuation(now_bytes_[now_bytes_.size() - size])) --size;
      count = units_of(now_bytes_.last(size));
    } else {
      const auto a = values_of(kind, now_bytes_, most);
      const auto b = values_of(kind, then_bytes_, most);
      while (count < most && std::ranges::equal(a[most - 1 - count], b[most - 1 - count])) ++count;
    }
    return count > 0 && cuts_a_pair(is.from, is.offset + is.length - count, was.from,
                                    was.offset + was.length - count)
               ? count - 1
               : count;
  }

  /// Whether two parts of one length are equal; types become a pair then. Nothing: they may be in
  /// part, and now_bytes_ and then_bytes_ are their contents.
  std::optional<bool> compare(const restored_part& is, const restored_part& was) {
    const item& now = now_.at(is.from);
    const item& then = then_.at(was.from);
    const content_kind kind = now.kind();
    if (kind != then.kind()) return false;
    if (kind == content_kind::type) return pair_up(now.content, then.content);
    parent_view parent;
    const struct_view a = now_.view_of(is.from, is.offset, is.length, parent, scratch_);
    const struct_view b = then_.view_of(was.from, was.offset, was.length, parent, other_scratch_);
    now_bytes_ = a.content_bytes();
    then_bytes_ = b.content_bytes();
    const bool is_divisible =
        kind == content_kind::string || kind == content_kind::any || kind == content_kind::json;
    const bool is_equal =
        a.value_is_any == b.value_is_any && std::ranges::equal(now_bytes_, then_bytes_);
    if (!is_divisible) return is_equal;
    if (is_equal && !cuts_a_pair(is.from, is.offset, was.from, was.offset) &&
        !cuts_a_pair(is.from, is.offset + is.length, was.from, was.offset + was.length))
      return true;
    return std::nullopt;
  }

  bool pair_up(type_handle now, type_handle then) {
    const type_record& a = now_.type_at(now);
    const type_record& b = then_.type_at(then);
    const auto name_of = [](const struct_store& in, const type_record& type) {
      return type.name == no_string ? std::string_view{} : in.string_at(type.name);
    };
    if (a.kind != b.kind || name_of(now_, a) != name_of(then_, b)) return false;
    pairs_.push_back({now, then, {}});
    return true;
  }

  bool cuts_a_pair(item_handle now, clock_type now_offset, item_handle then,
                   clock_type then_offset) const {
    return cuts_pair(now_, now_.at(now), now_offset) ||
           cuts_pair(then_, then_.at(then), then_offset);
  }

  static bool is_continuation(std::uint8_t byte) noexcept { return (byte & 0xC0) == 0x80; }
  static clock_type units_of(byte_view text) {
    return static_cast<clock_type>(utf16_length_if_valid(text).value_or(0));
  }
  static std::vector<byte_view> values_of(content_kind kind, byte_view bytes, std::size_t count) {
    std::vector<byte_view> values;
    while (values.size() < count) {
      const std::size_t size = size_of_values(kind, bytes, 1);
      values.push_back(bytes.first(size));
      bytes = bytes.subspan(size);
    }
    return values;
  }

  // --- keys ---

  void plan_keys(const pair& both) {
    for (chain_handle keyed = then_.type_at(both.then).keyed; keyed != none;
         keyed = then_.chain_at(keyed).next) {
      const item_handle was = visible_value(then_, keyed);
      if (was == none) continue;
      const std::string_view key = then_.string_at(then_.chain_at(keyed).key);
      const item_handle is = visible_value(now_, find_key(now_, both.now, key));
      const restored_part value{was, then_.at(was).length - 1, 1};
      if (is == none || !is_same_value(is, value))
        plan_.entries.push_back({both.now, both.root, key, value});
    }
    if (both.now == none) return;
    for (chain_handle keyed = now_.type_at(both.now).keyed; keyed != none;
         keyed = now_.chain_at(keyed).next) {
      const std::string_view key = now_.string_at(now_.chain_at(keyed).key);
      if (visible_value(then_, find_key(then_, both.then, key)) == none) remove_value(keyed);
    }
  }

  static chain_handle find_key(const struct_store& in, type_handle type, std::string_view key) {
    const string_handle name = in.find_string(key);
    return type == none || name == no_string ? none : in.find_keyed_chain(type, name);
  }
  static item_handle visible_value(const struct_store& in, chain_handle keyed) {
    const item_handle tail = keyed == none ? none : in.chain_at(keyed).tail;
    return tail != none && in.at(tail).is_visible() ? tail : none;
  }

  bool is_same_value(item_handle is, const restored_part& was) {
    const item& now = now_.at(is);
    const item& then = then_.at(was.from);
    if (now.last_id() == now_id(then.last_id()) && now.kind() == then.kind()) {
      if (now.kind() == content_kind::type) pairs_.push_back({now.content, then.content, {}});
      return true;
    }
    return compare({is, now.length - 1, 1}, was).value_or(false);
  }

  // --- what goes ---

  void plan_emptying(type_handle of) {
    const type_record& type = now_.type_at(of);
    for (item_handle at = now_.chain_at(type.sequence).head; at != none; at = now_.at(at).right)
      if (now_.at(at).is_deleted == 0) remove({at, 0, now_.at(at).length});
    for (chain_handle keyed = type.keyed; keyed != none; keyed = now_.chain_at(keyed).next)
      remove_value(keyed);
  }

  void remove_value(chain_handle keyed) {
    const item_handle tail = now_.chain_at(keyed).tail;
    if (tail != none && now_.at(tail).is_deleted == 0) remove({tail, 0, now_.at(tail).length});
  }

  void remove(const restored_part& part) {
    const unit_id first = unit_of(part, 0);
    std::vector<client_range>& all = plan_.removals;
    if (!all.empty() && all.back().client == first.client && all.back().range.end() == first.clock)
      all.back().range.length += part.length;
    else
      all.push_back({first.client, {first.clock, part.length}});
  }

  // --- what it takes ---

  void measure() {
    std::vector<type_handle> types;
    const auto add = [&](const restored_part& part) {
      const item& of = then_.at(part.from);
      ++plan_.structs;
      plan_.units += part.length;
      // A part of a text has up to three bytes a unit.
      plan_.bytes += of.kind() == content_kind::string
                         ? std::min<std::uint64_t>(of.content_size, std::uint64_t{part.length} * 3)
                         : of.content_size;
      if (of.kind() == content_kind::type) types.push_back(of.content);
    };
    for (const restored_part& each : plan_.copies) add(each);
    for (const restore_plan::entry& each : plan_.entries) {
      add(each.value);
      plan_.bytes += each.key.size();
    }
    while (!types.empty()) {
      const type_record& type = then_.type_at(types.back());
      types.pop_back();
      if (type.name != no_string) plan_.bytes += then_.string_at(type.name).size();
      for (item_handle at = then_.chain_at(type.sequence).head; at != none; at = then_.at(at).right)
        if (then_.at(at).is_deleted == 0) add({at, 0, then_.at(at).length});
      for (chain_handle keyed = type.keyed; keyed != none; keyed = then_.chain_at(keyed).next) {
        const item_handle value = then_.chain_at(keyed).tail;
        if (value == none || !then_.at(value).is_visible()) continue;
        plan_.bytes += then_.string_at(then_.chain_at(keyed).key).size();
        add({value, then_.at(value).length - 1, 1});
      }
    }
  }

  const struct_store& now_;
  const struct_store& then_;
  std::vector<client_index> to_now_;  // clients of then as they are known now
  std::vector<pair> pairs_;
  std::vector<client_range> kept_;  // work lists, kept for their memory
  std::vector<piece> pieces_;
  std::vector<rest> rest_;
  byte_buffer scratch_;
  byte_buffer other_scratch_;
  byte_view now_bytes_;  // of the last comparison
  byte_view then_bytes_;
  restore_plan plan_;
};

}  // namespace

restore_plan plan_restore(const struct_store& now, const struct_store& then) {
  return planner{now, then}.make();
}

}  // namespace troupe::crdt
