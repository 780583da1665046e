#include "storage/announcement_record.hpp"

#include <algorithm>
#include <limits>

#include "storage/sealed_value.hpp"

namespace troupe::storage {
namespace {

constexpr std::size_t key_size = 8;
constexpr std::size_t times_at = prologue_size;
constexpr std::size_t id_at_byte = times_at + 8 + 8;
constexpr std::size_t topic_size_at = id_at_byte + std::tuple_size_v<announcement_id>;
constexpr std::size_t document_size_at = topic_size_at + 1;
constexpr std::size_t texts_at = document_size_at + 2;
constexpr std::uint8_t flag_dead = 1;

std::string name_of(announcement_number number) {
  return std::string{"announcement "}.append(std::to_string(number));
}

}  // namespace

std::string announcement_key(announcement_number number) {
  std::string key;
  append(key, number, key_size);
  return key;
}

result<announcement_number> read_announcement_key(std::string_view key) {
  if (key.size() != key_size)
    return fail(errc::corrupt_store, "a key of an announcement has " + std::to_string(key.size()) +
                                         " bytes and not " + std::to_string(key_size));
  return number_at(key, 0, key_size);
}

result<void> check_announcement(const announcement& what) {
  if (what.topic.size() > announcement_topic_size_max)
    return fail(errc::name_too_long, "the topic of an announcement");
  if (what.document.size() > std::numeric_limits<std::uint16_t>::max())
    return fail(errc::name_too_long, "the document of an announcement");
  return {};
}

std::string encode_announcement(std::string_view key, const announcement& what) {
  std::string value(prologue_size, '\0');
  value.reserve(texts_at + what.topic.size() + what.document.size() + what.details.size());
  append(value, what.created_at, 8);
  append(value, what.since, 8);
  value.append(reinterpret_cast<const char*>(what.id.data()), what.id.size());
  append(value, what.topic.size(), 1);
  append(value, what.document.size(), 2);
  value.append(what.topic).append(what.document).append(what.details);
  seal(key, value.data(), value.size(), what.is_dead ? flag_dead : std::uint8_t{0});
  return value;
}

result<announcement> decode_announcement(std::string_view key, std::string_view value) {
  TROUPE_ASSIGN(const announcement_number number, read_announcement_key(key));
  const std::string name = name_of(number);
  TROUPE_ASSIGN(const std::uint8_t flags, unseal(name, key, value, texts_at, flag_dead));
  const std::size_t topic_size = number_at(value, topic_size_at, 1);
  const std::size_t document_size = number_at(value, document_size_at, 2);
  if (topic_size > announcement_topic_size_max)
    return fail(errc::corrupt_document, name + ": its topic is too long", topic_size_at);
  if (value.size() - texts_at < topic_size + document_size)
    return fail(errc::corrupt_document, name + ": it ends too early", value.size());
  announcement what;
  what.number = number;
  what.is_dead = (flags & flag_dead) != 0;
  what.created_at = number_at(value, times_at, 8);
  what.since = number_at(value, times_at + 8, 8);
  std::copy_n(reinterpret_cast<const std::uint8_t*>(value.data()) + id_at_byte, what.id.size(),
              what.id.begin());
  what.topic = value.substr(texts_at, topic_size);
  what.document = value.substr(texts_at + topic_size, document_size);
  what.details = value.substr(texts_at + topic_size + document_size);
  return what;
}

}  // namespace troupe::storage
