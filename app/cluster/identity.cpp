#include "app/cluster/identity.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <vector>

#include "app/cluster/durable_file.hpp"
#include "base/crc32c.hpp"
#include "base/printable.hpp"

namespace troupe::cluster {

namespace {

constexpr std::size_t file_size_bytes_max = 128 * 1024;
constexpr std::string_view node_head = "troupe node ";
constexpr std::string_view members_head = "troupe members ";
constexpr std::string_view format_version = "1";

constexpr std::string_view damaged_advice =
    "it is damaged; if it cannot be brought back, move it and the file beside it away: the node "
    "gets a new uuid, and the old one has to be removed from the cluster (troupe cluster remove)";

std::string path_in(const std::string& directory, std::string_view name) {
  return (std::filesystem::path{directory} / name).string();
}

tl::unexpected<failure> refuse(errc code, const std::string& path, std::string_view why) {
  return fail(code, in_single_quotes(path) + ": " + std::string{why});
}

std::string checksum_line(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::uint32_t sum = crc32c(as_bytes(text));
  std::string shown(8, '0');
  for (std::size_t i = shown.size(); i-- > 0; sum >>= 4) shown[i] = digits[sum & 15];
  return "checksum " + shown + "\n";
}

using words = std::vector<std::string_view>;

words words_of(std::string_view line) {
  words found;
  while (!line.empty()) {
    const auto space = line.find(' ');
    found.push_back(line.substr(0, space));
    line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
  }
  return found;
}

result<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [read_to, why] = std::from_chars(text.data(), end, number);
  if (why != std::errc{} || read_to != end) return fail(errc::corrupt_store, "no number");
  return number;
}

/// The text of a file between its head and its checksum, line by line.
using take_line = std::function<result<void>(const words&)>;

result<void> read_lines(std::string_view text, std::string_view head, const take_line& take) {
  if (!text.starts_with(head)) return fail(errc::corrupt_store, damaged_advice);
  const auto last = text.rfind("checksum ");
  if (last == std::string_view::npos || text.substr(last) != checksum_line(text.substr(0, last)))
    return fail(errc::corrupt_store, damaged_advice);
  text = text.substr(0, last);
  const auto version = text.substr(head.size(), text.find('\n') - head.size());
  if (version != format_version)
    return fail(errc::newer_format, "a newer version of the server has written it");
  text.remove_prefix(text.find('\n') + 1);
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (!take(words_of(text.substr(0, end)))) return fail(errc::corrupt_store, damaged_advice);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return {};
}

result<void> read_file(const std::string& path, std::string_view text, std::string_view head,
                       const take_line& take) {
  auto done = read_lines(text, head, take);
  if (!done) return refuse(done.error().code, path, done.error().detail);
  return {};
}

result<void> write_file(const std::string& path, std::string text) {
  text += checksum_line(text);
  return replace_file(path, text);
}

std::string first_line(std::string_view head) {
  return std::string{head}.append(format_version).append("\n");
}

result<stored_node> parse_node(const std::string& path, std::string_view text) {
  stored_node node;
  TROUPE_TRY(read_file(path, text, node_head, [&](const words& line) -> result<void> {
    if (line.size() != 2) return fail(errc::corrupt_store);
    if (line[0] == "uuid") {
      TROUPE_ASSIGN(node.id, parse_node_uuid(line[1]));
    } else if (line[0] == "incarnation") {
      TROUPE_ASSIGN(node.incarnation, parse_number(line[1]));
    } else {
      return fail(errc::corrupt_store);
    }
    return {};
  }));
  if (node.id.is_nil() || node.incarnation == 0)
    return refuse(errc::corrupt_store, path, damaged_advice);
  return node;
}

/// The parts of a member list while they are read.
struct list_parts {
  std::uint64_t number = 0;
  std::uint64_t least_size = 0;
  std::vector<member> members;
  std::vector<former_member> former;
  moved_lists moved;

  result<void> take(const words& line) {
    if (line.size() == 2 && line[0] == "number") {
      TROUPE_ASSIGN(number, parse_number(line[1]));
      return {};
    }
    if (line.size() == 2 && line[0] == "least-size") {
      TROUPE_ASSIGN(least_size, parse_number(line[1]));
      return {};
    }
    if (line.size() < 3) return fail(errc::corrupt_store);
    TROUPE_ASSIGN(const node_uuid id, parse_node_uuid(line[1]));
    if (line.size() == 3 && line[0] == "moved") {
      TROUPE_ASSIGN(moved[id], parse_number(line[2]));
      return {};
    }
    if (line.size() != 4) return fail(errc::corrupt_store);
    member each{id, std::string{line[2]}, std::string{line[3]}};
    if (line[0] == "member")
      members.push_back(std::move(each));
    else if (line[0] == "leaving" || line[0] == "gone")
      former.push_back({std::move(each), line[0] == "gone"});
    else
      return fail(errc::corrupt_store);
    return {};
  }
};

std::string member_line(std::string_view word, const member& each) {
  return std::string{word} + " " + to_string(each.id) + " " + each.name + " " + each.address + "\n";
}

result<void> fill_with_random(void* to, std::size_t size) {
  if (::getentropy(to, size) == 0) return {};
  return fail(errc::storage_failed, "the system has no random bytes");
}

}  // namespace

result<node_uuid> make_node_uuid() {
  node_uuid id;
  while (id.is_nil()) TROUPE_TRY(fill_with_random(&id, sizeof id));
  return id;
}

result<std::uint64_t> make_random_number() {
  std::uint64_t number = 0;
  TROUPE_TRY(fill_with_random(&number, sizeof number));
  return number;
}

result<stored_node> begin_run(const std::string& directory) {
  stored_node node;
  const std::string path = path_in(directory, node_file_name);
  if (!directory.empty()) {
    TROUPE_ASSIGN(const auto text, read_small_file(path, file_size_bytes_max));
    TROUPE_ASSIGN(const auto members,
                  read_small_file(path_in(directory, members_file_name), file_size_bytes_max));
    if (!text && members)
      return refuse(errc::corrupt_store, path,
                    "it is missing, and the file members is there: bring it back, or move that "
                    "away too, and the node gets a new uuid");
    if (text) {
      TROUPE_ASSIGN(node, parse_node(path, *text));
    }
  }
  if (node.id.is_nil()) {
    TROUPE_ASSIGN(node.id, make_node_uuid());
  }
  ++node.incarnation;
  if (directory.empty()) return node;
  TROUPE_TRY(write_file(path, first_line(node_head) + "uuid " + to_string(node.id) +
                                  "\nincarnation " + std::to_string(node.incarnation) + "\n"));
  return node;
}

result<stored_members> read_members(const std::string& directory) {
  if (directory.empty()) return stored_members{};
  const std::string path = path_in(directory, members_file_name);
  TROUPE_ASSIGN(const auto text, read_small_file(path, file_size_bytes_max));
  if (!text) return stored_members{};
  list_parts parts;
  TROUPE_TRY(
      read_file(path, *text, members_head, [&](const words& line) { return parts.take(line); }));
  auto list = member_list::make(parts.number, std::move(parts.members), std::move(parts.former),
                                parts.least_size);
  if (!list) return refuse(errc::corrupt_store, path, damaged_advice);
  return stored_members{*std::move(list), std::move(parts.moved)};
}

result<void> write_members(const std::string& directory, const stored_members& members) {
  if (directory.empty()) return {};
  const member_list& list = members.list;
  std::string text = first_line(members_head);
  text += "number " + std::to_string(list.number()) + "\nleast-size " +
          std::to_string(list.least_size()) + "\n";
  for (const member& each : list.members()) text += member_line("member", each);
  for (const former_member& each : list.former())
    text += member_line(each.is_gone ? "gone" : "leaving", each.who);
  for (const auto& [id, number] : members.moved)
    text += "moved " + to_string(id) + " " + std::to_string(number) + "\n";
  return write_file(path_in(directory, members_file_name), std::move(text));
}

}  // namespace troupe::cluster
