#include "protocol/cluster/peer_codec.hpp"

#include <array>
#include <utility>

#include "base/check.hpp"
#include "base/document_name.hpp"
#include "base/shared_bytes_builder.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe::cluster {

namespace {

/// What a message begins with.
enum class message_tag : std::uint8_t {
  document_block = 1,
  members = 2,
  moved = 3,
  access_change = 4,
  bye = 5,
};

/// What each message of a block begins with.
enum class block_tag : std::uint8_t {
  compare = 1,
  stored = 2,
  ask = 3,
  fill = 4,
  update = 5,
  load = 6,
  loaded = 7,
  opened = 8,
  closed = 9,
  presence = 10,
  event = 11,
  generation = 12,
  authors = 13,
  generation_stored = 14,
  part = 15,
  more = 16,
};

// --- writing ---

/// Writes the fields of a message into a sink, which counts bytes or takes them: the same code
/// measures a message and then writes it.
template <class Sink>
class field_writer {
 public:
  explicit field_writer(Sink& sink) noexcept : sink_(sink) {}

  template <class Tag>
  void tag(Tag tag) {
    sink_.append(static_cast<std::uint8_t>(tag));
  }
  void flag(bool value) { sink_.append(static_cast<std::uint8_t>(value ? 1 : 0)); }

  void number(std::uint64_t value) {
    TROUPE_CHECK(value <= lib0::max_safe_integer);
    std::array<std::uint8_t, 8> groups;
    std::size_t size = 0;
    for (; value >= 0x80; value >>= 7) groups[size++] = static_cast<std::uint8_t>(value | 0x80);
    groups[size++] = static_cast<std::uint8_t>(value);
    sink_.append(byte_view{groups.data(), size});
  }

  /// Eight bytes, the highest first: for numbers that are random in all their bits.
  void wide(std::uint64_t value) {
    std::array<std::uint8_t, 8> digits;
    for (std::size_t i = 0; i < 8; ++i)
      digits[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
    sink_.append(byte_view{digits});
  }
  void digest(const hash128& value) {
    wide(value.first);
    wide(value.second);
  }

  void bytes(byte_view value, std::size_t size_max) {
    TROUPE_CHECK(value.size() <= size_max);
    number(value.size());
    sink_.append(value);
  }

 private:
  Sink& sink_;
};

struct byte_counter {
  void append(std::uint8_t) noexcept { ++size; }
  void append(byte_view part) noexcept { size += part.size(); }

  std::size_t size = 0;
};

template <class Out>
struct message_writer {
  Out out;

  void operator()(const peer_compare& m) {
    out.tag(block_tag::compare);
    out.digest(m.digest);
    out.number(m.number);
  }
  void operator()(const peer_stored& m) {
    out.tag(block_tag::stored);
    out.wide(m.life);
    out.number(m.up_to);
    out.number(m.whole);
  }
  void operator()(const peer_ask& m) {
    out.tag(block_tag::ask);
    out.wide(m.life);
    out.bytes(m.state_vector.view(), peer_message_size_bytes_max);
  }
  void operator()(const peer_fill& m) {
    out.tag(block_tag::fill);
    out.wide(m.life);
    out.number(m.number);
    out.bytes(m.update.view(), peer_message_size_bytes_max);
  }
  void operator()(const peer_update& m) {
    out.tag(block_tag::update);
    out.number(m.number);
    out.bytes(m.update.view(), peer_message_size_bytes_max);
  }
  void operator()(const peer_load& m) {
    out.tag(block_tag::load);
    out.digest(m.digest);
    out.number(m.round);
    out.bytes(m.state_vector.view(), peer_message_size_bytes_max);
  }
  void operator()(const peer_loaded& m) {
    out.tag(block_tag::loaded);
    out.wide(m.life);
    out.number(m.round);
    out.flag(m.is_whole);
    out.bytes(m.update.view(), peer_message_size_bytes_max);
  }
  void operator()(const peer_opened&) { out.tag(block_tag::opened); }
  void operator()(const peer_closed&) { out.tag(block_tag::closed); }
  void operator()(const peer_presence& m) {
    out.tag(block_tag::presence);
    out.flag(m.is_all);
    out.bytes(m.update.view(), peer_presence_size_bytes_max);
  }
  void operator()(const peer_event& m) {
    out.tag(block_tag::event);
    out.bytes(as_bytes(m.user), peer_event_user_size_bytes_max);
    out.bytes(as_bytes(m.message_id), peer_event_id_size_bytes_max);
    out.bytes(m.payload.view(), peer_event_size_bytes_max);
  }
  void operator()(const peer_generation& m) {
    out.tag(block_tag::generation);
    out.number(m.generation);
  }

  void operator()(const peer_authors& m) {
    out.tag(block_tag::authors);
    names(m.users);
    names(m.origins);
  }
  void names(const std::vector<std::string>& all) {
    TROUPE_CHECK(all.size() <= peer_authors_count_max);
    out.number(all.size());
    for (const std::string& each : all) out.bytes(as_bytes(each), peer_event_user_size_bytes_max);
  }

  void operator()(const peer_generation_stored& m) {
    out.tag(block_tag::generation_stored);
    out.number(m.generation);
  }

  void operator()(const peer_part& m) {
    out.tag(block_tag::part);
    out.wide(m.life);
    out.flag(m.to == answer_to::load);
    out.bytes(m.update.view(), peer_message_size_bytes_max);
  }
  void operator()(const peer_more& m) {
    out.tag(block_tag::more);
    out.wide(m.life);
    out.flag(m.to == answer_to::load);
  }

  void operator()(const peer_members& m) {
    out.tag(message_tag::members);
    out.bytes(m.list.view(), member_list_size_bytes_max);
  }
  void operator()(const peer_moved& m) {
    out.tag(message_tag::moved);
    out.number(m.list_number);
  }
  void operator()(const peer_access_change& m) {
    out.tag(message_tag::access_change);
    out.bytes(m.change.view(), access_change_size_bytes_max);
  }
  void operator()(const peer_bye&) { out.tag(message_tag::bye); }

  void operator()(const node_message& m) { std::visit(*this, m); }
  void operator()(const document_block& block) {
    out.tag(message_tag::document_block);
    out.bytes(as_bytes(block.document), document_name_size_bytes_max);
    out.wide(block.life);
    out.number(block.list);
    TROUPE_CHECK(block.messages.size() <= block_messages_max);
    for (const document_message& each : block.messages) std::visit(*this, each);
  }
};

template <class Message>
shared_bytes encode_as(const Message& message) {
  byte_counter counter;
  message_writer<field_writer<byte_counter>>{field_writer{counter}}(message);
  TROUPE_CHECK(counter.size <= peer_message_size_bytes_max);
  shared_bytes_builder builder{counter.size};
  message_writer<field_writer<shared_bytes_builder>>{field_writer{builder}}(message);
  return builder.take();
}

// --- reading ---

/// Reads the fields of a message out of bytes of which its slices are parts. Errors are sticky.
class field_reader {
 public:
  explicit field_reader(const shared_slice& of) noexcept : of_(of), in_(of.view()) {}

  lib0::decoder& input() noexcept { return in_; }

  template <class Tag>
  Tag tag() noexcept {
    return static_cast<Tag>(in_.read_uint8());
  }
  bool flag(const char* field) noexcept { return in_.read_var_uint(1, field) != 0; }
  answer_to answered() noexcept {
    return flag("whether a load is answered") ? answer_to::load : answer_to::ask;
  }
  std::uint64_t number() noexcept { return in_.read_var_uint(); }

  std::uint64_t wide() noexcept {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : in_.read_bytes(8)) value = value << 8 | byte;
    return value;
  }
  hash128 digest() noexcept {
    const std::uint64_t first = wide();
    return {first, wide()};
  }

  byte_view bytes(std::size_t size_max, const char* field) noexcept {
    return in_.read_bytes(in_.read_var_uint(size_max, field));
  }
  std::string text(std::size_t size_max, const char* field) {
    return std::string{as_text(bytes(size_max, field))};
  }
  shared_slice slice(std::size_t size_max, const char* field) noexcept {
    const byte_view part = bytes(size_max, field);
    if (part.empty()) return {};
    const auto from = static_cast<std::size_t>(part.data() - of_.view().data());
    return {of_.bytes, of_.offset + from, part.size()};
  }

 private:
  const shared_slice& of_;
  lib0::decoder in_;
};

document_message read_event(field_reader& in) {
  peer_event event;
  event.user = in.text(peer_event_user_size_bytes_max, "user of an event");
  event.message_id = in.text(peer_event_id_size_bytes_max, "id of an event");
  event.payload = in.slice(peer_event_size_bytes_max, "event");
  return event;
}

std::vector<std::string> read_names(field_reader& in) {
  std::vector<std::string> all;
  const std::uint64_t count = in.input().read_var_uint(peer_authors_count_max, "authors");
  for (std::uint64_t i = 0; i < count && in.input().ok(); ++i)
    all.push_back(in.text(peer_event_user_size_bytes_max, "name of an author"));
  return all;
}

// The order in which a braced list is evaluated is that in which it is written.
document_message read_document_message(field_reader& in) {
  constexpr std::size_t any_size = peer_message_size_bytes_max;
  switch (in.tag<block_tag>()) {
    case block_tag::compare: {
      const hash128 digest = in.digest();
      return peer_compare{digest, in.number()};
    }
    case block_tag::stored: {
      const replica_life life = in.wide();
      const state_number up_to = in.number();
      return peer_stored{life, up_to, in.number()};
    }
    case block_tag::ask: return peer_ask{in.wide(), in.slice(any_size, "state vector")};
    case block_tag::fill: {
      const replica_life life = in.wide();
      const state_number number = in.number();
      return peer_fill{life, in.slice(any_size, "update"), number};
    }
    case block_tag::update: {
      const state_number number = in.number();
      return peer_update{in.slice(any_size, "update"), number};
    }
    case block_tag::load: {
      const hash128 digest = in.digest();
      const std::uint64_t round = in.number();
      return peer_load{digest, in.slice(any_size, "state vector"), round};
    }
    case block_tag::loaded: {
      const replica_life life = in.wide();
      const std::uint64_t round = in.number();
      const bool is_whole = in.flag("whether an answer is whole");
      return peer_loaded{life, in.slice(any_size, "update"), is_whole, round};
    }
    case block_tag::opened: return peer_opened{};
    case block_tag::closed: return peer_closed{};
    case block_tag::presence: {
      const bool is_all = in.flag("whether presence is all");
      return peer_presence{in.slice(peer_presence_size_bytes_max, "presence"), is_all};
    }
    case block_tag::event: return read_event(in);
    case block_tag::generation: return peer_generation{in.number()};
    case block_tag::authors: {
      auto users = read_names(in);
      return peer_authors{std::move(users), read_names(in)};
    }
    case block_tag::generation_stored: return peer_generation_stored{in.number()};
    case block_tag::part: {
      const replica_life life = in.wide();
      const answer_to to = in.answered();
      return peer_part{life, to, in.slice(any_size, "update")};
    }
    case block_tag::more: {
      const replica_life life = in.wide();
      return peer_more{life, in.answered()};
    }
  }
  in.input().fail(errc::unknown_message, "message about a document");
  return peer_opened{};
}

result<peer_message> read_block(field_reader& in) {
  document_block block;
  block.document = in.text(document_name_size_bytes_max, "name of a document");
  block.life = in.wide();
  block.list = in.number();
  lib0::decoder& input = in.input();
  if (!input.ok()) return input.error();
  TROUPE_TRY(check_document_name(block.document));
  while (input.ok() && !input.at_end()) {
    if (block.messages.size() == block_messages_max)
      input.fail(errc::number_too_large, "messages of a block");
    else
      block.messages.push_back(read_document_message(in));
  }
  if (!input.ok()) return input.error();
  return peer_message{std::move(block)};
}

}  // namespace

std::size_t encoded_size(const document_message& message) {
  byte_counter counter;
  std::visit(message_writer<field_writer<byte_counter>>{field_writer{counter}}, message);
  return counter.size;
}

shared_bytes encode(const document_block& block) { return encode_as(block); }

shared_bytes encode(const node_message& message) { return encode_as(message); }

shared_bytes encode(const peer_message& message) {
  return std::visit([](const auto& which) { return encode_as(which); }, message);
}

result<peer_message> decode(const shared_slice& bytes) {
  if (bytes.size > peer_message_size_bytes_max) return fail(errc::number_too_large, "message");
  field_reader in{bytes};
  node_message message;
  switch (in.tag<message_tag>()) {
    case message_tag::document_block: return read_block(in);
    case message_tag::members:
      message = peer_members{in.slice(member_list_size_bytes_max, "member list")};
      break;
    case message_tag::moved: message = peer_moved{in.number()}; break;
    case message_tag::access_change:
      message = peer_access_change{in.slice(access_change_size_bytes_max, "change of access")};
      break;
    case message_tag::bye: message = peer_bye{}; break;
    default: in.input().fail(errc::unknown_message, "message of a node");
  }
  lib0::decoder& input = in.input();
  if (!input.ok()) return input.error();
  if (!input.at_end()) return fail(errc::trailing_bytes, "message of a node", input.offset());
  return message;
}

}  // namespace troupe::cluster
