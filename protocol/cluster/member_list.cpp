#include "protocol/cluster/member_list.hpp"

#include <algorithm>
#include <utility>

#include "base/printable.hpp"
#include "protocol/cluster/node_address.hpp"
#include "protocol/cluster/uuid_bytes.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::cluster {

namespace {

constexpr std::uint8_t format_version = 1;
/// Uuid, name and address, the shortest there are.
constexpr std::size_t member_size_bytes_min = uuid_size_bytes + 2 + 4;

tl::unexpected<failure> refuse(std::string why) {
  return fail(errc::invalid_config, std::move(why));
}

result<void> check_member(const member& each) {
  if (each.id.is_nil()) return refuse("a member has no uuid");
  if (const auto name = check_node_name(each.name); !name)
    return refuse("the name of a member, " + in_single_quotes(each.name) + ", " +
                  name.error().detail);
  if (const auto address = parse_node_address(each.address); !address)
    return refuse("the address of member '" + each.name + "', " + in_single_quotes(each.address) +
                  ", " + address.error().detail);
  return {};
}

/// That no two of them share what must be one's own.
template <class Part>
result<void> check_unique(const std::vector<member>& members, Part member::*part,
                          const char* what) {
  std::vector<const Part*> parts;
  for (const member& each : members) parts.push_back(&(each.*part));
  const auto less = [](const Part* left, const Part* right) { return *left < *right; };
  std::ranges::sort(parts, less);
  const auto equal = [](const Part* left, const Part* right) { return *left == *right; };
  if (std::ranges::adjacent_find(parts, equal) == parts.end()) return {};
  return refuse(std::string{"two members have one "}.append(what));
}

member read_member(lib0::decoder& in) {
  const node_uuid id = read_uuid(in);
  const std::string_view name = in.read_var_string("name of a member");
  const std::string_view address = in.read_var_string("address of a member");
  return {id, std::string{name}, std::string{address}};
}

void write_member(lib0::encoder& out, const member& each) {
  write_uuid(out, each.id);
  out.write_var_string(each.name);
  out.write_var_string(each.address);
}

std::uint64_t read_members_count(lib0::decoder& in) {
  const std::uint64_t count = in.read_count(member_size_bytes_min, "members");
  if (count <= members_max) return count;
  in.fail(errc::number_too_large, "members");
  return 0;
}

}  // namespace

result<member_list> member_list::make(std::uint64_t number, std::vector<member> members) {
  return make(number, std::move(members), {}, 1);
}

result<member_list> member_list::make(std::uint64_t number, std::vector<member> members,
                                      std::vector<former_member> former, std::size_t least_size) {
  if (number == 0 || number > lib0::max_safe_integer)
    return refuse("a list cannot have this number");
  if (members.empty()) return refuse("a list needs a member");
  if (members.size() > members_max || former.size() > members_max)
    return refuse("a list has at most " + std::to_string(members_max) + " members");
  if (least_size == 0 || least_size > members.size())
    return refuse("a list of " + std::to_string(members.size()) +
                  " cannot have this least size: " + std::to_string(least_size));
  for (const member& each : members) TROUPE_TRY(check_member(each));
  TROUPE_TRY(check_unique(members, &member::name, "name"));
  TROUPE_TRY(check_unique(members, &member::address, "address"));
  std::vector<member> all = members;
  for (const former_member& each : former) {
    TROUPE_TRY(check_member(each.who));
    all.push_back(each.who);
  }
  TROUPE_TRY(check_unique(all, &member::id, "uuid"));
  member_list made;
  made.number_ = number;
  made.least_size_ = least_size;
  made.members_ = std::move(members);
  made.former_ = std::move(former);
  std::ranges::sort(made.members_, {}, &member::id);
  std::ranges::sort(made.former_, {}, [](const former_member& each) { return each.who.id; });
  return made;
}

result<member_list> member_list::decode(byte_view bytes) {
  if (bytes.size() > member_list_size_bytes_max) return fail(errc::number_too_large, "member list");
  lib0::decoder in{bytes};
  const std::uint8_t version = in.read_uint8();
  if (in.ok() && version != format_version)
    return fail(errc::newer_format, "the version of a member list");
  const std::uint64_t number = in.read_var_uint();
  const std::uint64_t least_size = in.read_var_uint(members_max, "least size");
  std::vector<member> members;
  for (std::uint64_t left = read_members_count(in); left > 0 && in.ok(); --left)
    members.push_back(read_member(in));
  std::vector<former_member> former;
  for (std::uint64_t left = read_members_count(in); left > 0 && in.ok(); --left) {
    former_member each{read_member(in), false};
    each.is_gone = in.read_var_uint(1, "former member") == 1;
    former.push_back(std::move(each));
  }
  if (!in.ok()) return in.error();
  if (!in.at_end()) return fail(errc::trailing_bytes, "member list", in.offset());
  return make(number, std::move(members), std::move(former), least_size);
}

byte_buffer member_list::encode() const {
  lib0::encoder out;
  out.write_uint8(format_version);
  out.write_var_uint(number_);
  out.write_var_uint(least_size_);
  out.write_var_uint(members_.size());
  for (const member& each : members_) write_member(out, each);
  out.write_var_uint(former_.size());
  for (const former_member& each : former_) {
    write_member(out, each.who);
    out.write_uint8(each.is_gone ? 1 : 0);
  }
  return out.take();
}

const member* member_list::find(const node_uuid& id) const noexcept {
  const auto at = std::ranges::lower_bound(members_, id, {}, &member::id);
  return at != members_.end() && at->id == id ? &*at : nullptr;
}

const member* member_list::find_name(std::string_view name) const noexcept {
  const auto at = std::ranges::find(members_, name, &member::name);
  return at == members_.end() ? nullptr : &*at;
}

const former_member* member_list::find_former(const node_uuid& id) const noexcept {
  const auto is_it = [&](const former_member& each) { return each.who.id == id; };
  const auto at = std::ranges::find_if(former_, is_it);
  return at == former_.end() ? nullptr : &*at;
}

bool member_list::is_linked(const node_uuid& id) const noexcept {
  const former_member* const former = find_former(id);
  return contains(id) || (former != nullptr && !former->is_gone);
}

std::vector<former_member> member_list::former_after(moves state) const {
  return state == moves::done ? std::vector<former_member>{} : former_;
}

result<member_list> member_list::next(std::vector<member> members,
                                      std::vector<former_member> former, moves state) const {
  const std::size_t least_before = state == moves::done ? size() : least_size_;
  const std::size_t least = std::min(least_before, members.size());
  return make(number_ + 1, std::move(members), std::move(former), least);
}

result<member_list> member_list::with(member joining, moves state) const {
  std::vector<member> members = members_;
  std::vector<former_member> former = former_after(state);
  std::erase_if(former, [&](const former_member& each) { return each.who.id == joining.id; });
  members.push_back(std::move(joining));
  return next(std::move(members), std::move(former), state);
}

result<member_list> member_list::without(const node_uuid& leaving, moves state) const {
  const member* const who = find(leaving);
  if (who == nullptr) return refuse("there is no member " + to_string(leaving));
  std::vector<former_member> former = former_after(state);
  former.push_back({*who, false});
  std::vector<member> members = members_;
  std::erase(members, *who);
  return next(std::move(members), std::move(former), state);
}

result<member_list> member_list::without_lost(const node_uuid& gone, moves state) const {
  const member* const who = find(gone);
  std::vector<former_member> former = former_after(state);
  std::vector<member> members = members_;
  const auto left =
      std::ranges::find_if(former, [&](const former_member& each) { return each.who.id == gone; });
  if (who != nullptr) {
    former.push_back({*who, true});
    std::erase(members, *who);
  } else if (left != former.end() && !left->is_gone) {
    left->is_gone = true;
  } else {
    return refuse("there is no member " + to_string(gone));
  }
  return next(std::move(members), std::move(former), state);
}

result<member_list> member_list::replace(member by, moves state) const {
  std::vector<member> members = members_;
  const auto at = std::ranges::find(members, by.id, &member::id);
  if (at == members.end()) return refuse("there is no member " + to_string(by.id));
  *at = std::move(by);
  return next(std::move(members), former_after(state), state);
}

hash128 member_list::digest() const { return siphash128(encode()); }

}  // namespace troupe::cluster
