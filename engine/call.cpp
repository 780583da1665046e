#include "engine/call.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace troupe::engine {

namespace {

constexpr std::size_t message_size_max = 511;
thread_local std::array<char, message_size_max + 1> message{};

constexpr std::array<const char*, 11> status_texts = {
    "done",      "invalid argument", "invalid input",  "out of range",
    "not found", "invalid edit",     "conflict",       "limit reached",
    "busy",      "out of memory",    "broken document"};

bool continues_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

}  // namespace

refusal::refusal(const failure& what) : status(status_for(what.code)), why(to_string(what)) {}

troupe_status status_for(errc cause) noexcept {
  switch (cause) {
    case errc::out_of_range: return TROUPE_OUT_OF_RANGE;
    case errc::type_gone: return TROUPE_NOT_FOUND;
    case errc::invalid_edit: return TROUPE_INVALID_EDIT;
    case errc::edit_conflict: return TROUPE_CONFLICT;
    case errc::update_too_large:
    case errc::name_too_long:
    case errc::pending_limit:
    case errc::document_full:
    case errc::too_complex:
    case errc::too_deep:
    case errc::too_many_clients: return TROUPE_LIMIT;
    default: return TROUPE_INVALID_INPUT;
  }
}

void keep_message(std::string_view text) noexcept {
  std::size_t size = std::min(text.size(), message_size_max);
  if (size < text.size())
    while (size > 0 && continues_character(text[size])) --size;
  std::copy_n(text.begin(), size, message.begin());
  message[size] = '\0';
}

troupe_status report_exception() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    keep_message("out of memory");
    return TROUPE_NO_MEMORY;
  } catch (const std::exception& what) {
    keep_message(what.what());
  } catch (...) {
    keep_message("unknown exception");
  }
  return TROUPE_BROKEN;
}

outcome<void> need(const void* pointer, std::string_view name) {
  if (pointer == nullptr)
    return refuse(TROUPE_INVALID_ARGUMENT, std::string{name}.append(" is null"));
  return {};
}

outcome<std::string_view> read_text(const char* text, std::string_view name, std::size_t size_max) {
  TROUPE_TRY(need(text, name));
  const std::size_t size = strnlen(text, size_max + 1);
  if (size > size_max)
    return refuse_more_than(size_max, std::string{name}.append(" has"), " bytes");
  return std::string_view{text, size};
}

outcome<std::string_view> read_text(const char* text, std::size_t size, std::string_view name) {
  if (size == TROUPE_NUL_TERMINATED) return read_text(text, name, TROUPE_TEXT_SIZE_MAX);
  if (size == 0) return std::string_view{};
  TROUPE_TRY(need(text, name));
  if (size > TROUPE_TEXT_SIZE_MAX)
    return refuse_more_than(TROUPE_TEXT_SIZE_MAX, std::string{name}.append(" has"), " bytes");
  return std::string_view{text, size};
}

outcome<byte_view> read_bytes(const std::uint8_t* bytes, std::size_t size, std::string_view name) {
  if (size == 0) return byte_view{};
  TROUPE_TRY(need(bytes, name));
  if (size > TROUPE_UPDATE_SIZE_MAX)
    return refuse_more_than(TROUPE_UPDATE_SIZE_MAX, std::string{name}.append(" has"), " bytes");
  return byte_view{bytes, size};
}

void fill(troupe_buffer& into, byte_view bytes) {
  auto* const data = new std::uint8_t[bytes.size() + 1];
  std::ranges::copy(bytes, data);
  data[bytes.size()] = 0;
  into = {data, bytes.size()};
}

outcome<void> clear(troupe_buffer* buffer) {
  TROUPE_TRY(need(buffer, "the buffer for the result"));
  *buffer = {nullptr, 0};
  return {};
}

}  // namespace troupe::engine

extern "C" {

uint32_t troupe_abi_version(void) { return TROUPE_ABI_VERSION; }

const char* troupe_version(void) { return TROUPE_VERSION; }

const char* troupe_status_text(troupe_status status) {
  const auto& texts = troupe::engine::status_texts;
  const auto index = static_cast<std::size_t>(status);
  return status >= 0 && index < texts.size() ? texts[index] : "unknown status";
}

const char* troupe_error_message(void) { return troupe::engine::message.data(); }

void troupe_buffer_free(troupe_buffer* buffer) {
  if (buffer == nullptr) return;
  delete[] buffer->data;
  *buffer = {nullptr, 0};
}

}  // extern "C"
