#include "app/doc/input.hpp"

namespace troupe {

namespace {

tl::unexpected<std::string> wrong(const doc_input& input, std::string_view what) {
  return tl::unexpected(input.name + ": " + std::string{what});
}

/// The escape that a code point needs in front of a terminal; none if it is harmless.
bool needs_escape(std::uint32_t code) noexcept {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) ||  // controls
         code == 0x200e || code == 0x200f || code == 0x61c ||
         (code >= 0x2028 && code <= 0x202e) ||  // line separators and direction marks
         (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

void append_escape(std::uint32_t code, std::string& out) {
  static constexpr char digits[] = "0123456789abcdef";
  switch (code) {
    case '\n': out.append("\\n"); return;
    case '\r': out.append("\\r"); return;
    case '\t': out.append("\\t"); return;
    default: break;
  }
  out.append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(digits[code >> shift & 15]);
}

/// The code point at the start of valid UTF-8, and how many bytes it takes.
std::pair<std::uint32_t, std::size_t> first_code_point(std::string_view text) noexcept {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  std::uint32_t code = size == 1 ? lead : lead & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) code = code << 6 | (static_cast<unsigned>(text[i]) & 0x3f);
  return {code, size};
}

/// See one_line and quoted; `quote` goes around it and is escaped within, if there is one.
std::string shown(std::string_view text, std::size_t size_max, std::string_view quote) {
  std::string out{quote};
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto [code, size] = first_code_point(rest);
    if (text.size() > size_max && text.size() - rest.size() + size > size_max) break;
    if (!quote.empty() && (code == '"' || code == '\\')) out.push_back('\\');
    if (needs_escape(code))
      append_escape(code, out);
    else
      out.append(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  out.append(quote);
  if (!rest.empty()) out.append("... (").append(std::to_string(text.size())).append(" bytes)");
  return out;
}

}  // namespace

std::string_view to_string(crdt::update_container container) noexcept {
  switch (container) {
    case crdt::update_container::v1: return "v1";
    case crdt::update_container::v2: return "v2";
    case crdt::update_container::stream: return "stream of v1";
  }
  return "unknown";
}

doc_result<doc_source> read_source(const doc_input& input,
                                   std::optional<crdt::update_container> format) {
  if (input.bytes.empty()) return wrong(input, "empty; the smallest update is 2 bytes, 00 00");
  const crdt::update_container container =
      format ? *format : crdt::detect_container(input.bytes, reading_limits());
  auto list = crdt::read_updates(input.bytes, container, reading_limits());
  if (!list) {
    std::string line{"not an update: "};
    line.append(to_string(list.error()));
    line.append(" of ").append(std::to_string(input.bytes.size()));
    line.append(", read as ").append(to_string(container));
    if (!format) line.append(" (--format reads it as another)");
    return wrong(input, line);
  }
  doc_source source{&input, std::move(*list), {}};
  crdt::decoded_update update;
  for (const byte_view bytes : source.list.updates)
    if (crdt::decode_update(bytes, source.list.format(), reading_limits(), update))
      source.repaired.insert(source.repaired.end(), update.repaired.begin(), update.repaired.end());
  return source;
}

std::string id_text(const crdt::repaired_struct& of) {
  return std::to_string(of.client) + ":" + std::to_string(of.clock);
}

crdt::limits reading_limits() noexcept { return crdt::limits_of_stored({}); }

doc_result<std::unique_ptr<crdt::doc>> load_sources(std::span<const doc_source> sources) {
  auto doc = std::make_unique<crdt::doc>(
      crdt::doc_settings{// What was deleted tells what an empty root was.
                         .gc = crdt::garbage_collection::off,
                         .limit = reading_limits()});
  for (const doc_source& source : sources)
    for (std::size_t i = 0; i < source.list.updates.size(); ++i) {
      const auto applied = doc->apply_update(source.list.updates[i], source.list.format());
      if (applied) continue;
      return wrong(*source.input, "update " + std::to_string(i + 1) +
                                      " cannot be applied: " + to_string(applied.error()));
    }
  return doc;
}

std::vector<std::string_view> root_names(const crdt::doc& of) {
  const crdt::struct_store& in = of.contents();
  std::vector<std::string_view> names;
  for (const crdt::type_handle root : in.roots())
    names.push_back(in.string_at(in.type_at(root).name));
  return names;
}

std::string one_line(std::string_view text, std::size_t size_max) {
  return shown(text, size_max, {});
}

std::string quoted_text(std::string_view text, std::size_t size_max) {
  return shown(text, size_max, "\"");
}

}  // namespace troupe
