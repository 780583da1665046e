#include "protocol/contents_query.hpp"

#include <algorithm>
#include <array>

#include "protocol/json/write.hpp"

namespace troupe {

namespace {

constexpr std::array<std::string_view, 4> form_names = {"json", "text", "xml", "delta"};
constexpr std::size_t head_size = 2;  // the form, and whether a root follows

std::string as_string(std::string_view text) {
  std::string quoted;
  json::append_string(text, quoted);
  return quoted;
}

}  // namespace

byte_buffer contents_query::encode() const {
  const byte_view name = root ? as_bytes(*root) : byte_view{};
  byte_buffer bytes(head_size + name.size());
  bytes[0] = static_cast<std::uint8_t>(form);
  bytes[1] = static_cast<std::uint8_t>(root.has_value());
  std::ranges::copy(name, bytes.begin() + head_size);
  return bytes;
}

result<contents_query> contents_query::decode(byte_view bytes) {
  if (bytes.size() < head_size) return fail(errc::truncated, "question for contents");
  if (bytes[0] >= form_names.size()) return fail(errc::unknown_message, "form of contents");
  contents_query read{static_cast<contents_form>(bytes[0]), {}};
  if (bytes[1] != 0) read.root = as_text(bytes.subspan(head_size));
  return read;
}

std::string_view to_string(contents_form form) noexcept {
  return form_names[static_cast<std::size_t>(form)];
}

std::optional<contents_form> find_contents_form(std::string_view name) noexcept {
  for (std::size_t i = 0; i < form_names.size(); ++i)
    if (form_names[i] == name) return static_cast<contents_form>(i);
  return {};
}

std::string read_contents(const crdt::doc& of, const contents_query& what) {
  if (!what.root) return of.json();
  switch (what.form) {
    case contents_form::json: return of.json(*what.root);
    case contents_form::text: return as_string(of.text(*what.root));
    case contents_form::xml: return as_string(of.xml_string(*what.root));
    case contents_form::delta: return of.delta_json(*what.root);
  }
  return "null";
}

}  // namespace troupe
