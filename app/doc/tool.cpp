#include "app/doc/tool.hpp"

#include <algorithm>
#include <charconv>

#include "app/doc/dump.hpp"
#include "app/doc/info.hpp"
#include "base/base64.hpp"
#include "protocol/crdt/wire/update_tools.hpp"

namespace troupe {

namespace {

using output = doc_result<std::string>;
using sources_view = std::span<const doc_source>;

// --- reading contents ---

/// Fails with a line that names the roots there are.
tl::unexpected<std::string> no_such_root(const crdt::doc& doc, std::string_view problem) {
  constexpr std::size_t shown_max = 20;
  const std::vector<std::string_view> names = root_names(doc);
  std::string line{problem};
  line.append(names.empty() ? "; it has no roots" : "; its roots: ");
  for (std::size_t i = 0; i < std::min(names.size(), shown_max); ++i)
    line.append(i > 0 ? ", " : "").append(quoted_text(names[i]));
  if (names.size() > shown_max)
    line.append(" and ").append(std::to_string(names.size() - shown_max)).append(" more");
  return tl::unexpected(line);
}

bool has_root(const crdt::doc& doc, std::string_view name) {
  return doc.contents().find_root(name) != crdt::none;
}

output json_text(const crdt::doc& doc, const std::optional<std::string>& root) {
  if (root) {
    if (!has_root(doc, *root))
      return no_such_root(doc, "the document has no root " + quoted_text(*root));
    return doc.json(*root) + "\n";
  }
  return doc.json() + "\n";
}

output plain_text(const crdt::doc& doc, const std::optional<std::string>& root) {
  const std::vector<std::string_view> names = root_names(doc);
  if (root && !has_root(doc, *root))
    return no_such_root(doc, "the document has no root " + quoted_text(*root));
  if (!root && names.size() != 1)
    return no_such_root(doc, "--root is needed: the document has not one root");
  return doc.text(root ? *root : names[0]) + "\n";
}

// --- changing the form ---

output to_output(result<byte_buffer> bytes, std::string_view name) {
  if (!bytes) return tl::unexpected(std::string{name} + ": " + to_string(bytes.error()));
  return std::string{as_text(*bytes)};
}

/// What is written must not break the clients that load it.
doc_result<void> check_usable(sources_view sources) {
  for (const doc_source& source : sources) {
    if (source.repaired.empty()) continue;
    const crdt::repaired_struct& first = source.repaired.front();
    return tl::unexpected(source.input->name + ": has contents that Yjs clients cannot use, " +
                          std::to_string(source.repaired.size()) + " in all; with --repair, in " +
                          id_text(first) + " " + to_string(first.how));
  }
  return {};
}

/// All updates of the sources as one, in `format`. A single update is only converted, struct by
/// struct.
output join_sources(sources_view sources, crdt::update_format format) {
  std::vector<byte_buffer> converted;
  for (const doc_source& source : sources)
    for (const byte_view update : source.list.updates) {
      auto bytes = crdt::convert_update(update, source.list.format(), format, reading_limits());
      if (!bytes) return to_output(std::move(bytes), source.input->name);
      converted.push_back(std::move(*bytes));
    }
  if (converted.size() == 1) return to_output(std::move(converted[0]), {});
  const std::vector<byte_view> views{converted.begin(), converted.end()};
  return to_output(crdt::merge_updates(views, format, reading_limits()), "merged");
}

doc_result<crdt::state_vector> known_state(const doc_request& request, const doc_input* since) {
  if (since == nullptr) return parse_state_vector(request.state_vector.value_or(""));
  TROUPE_ASSIGN(const doc_source source, read_source(*since, request.format));
  TROUPE_ASSIGN(const auto doc, load_sources({&source, 1}));
  return doc->state_vector();
}

output difference(const doc_request& request, sources_view sources, const doc_input* since) {
  TROUPE_ASSIGN(const crdt::state_vector known, known_state(request, since));
  const crdt::update_format format = request.to.value_or(sources[0].list.format());
  TROUPE_ASSIGN(const std::string whole, join_sources(sources, format));
  return to_output(crdt::diff_update(as_bytes(whole), known, format, reading_limits()),
                   sources[0].input->name);
}

/// Two digits a byte, in either case; nothing if there are others.
std::optional<byte_buffer> parse_hexadecimal(std::string_view text) {
  if (text.size() % 2 != 0) return {};
  byte_buffer bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* const digits = text.data() + 2 * i;
    const auto read = std::from_chars(digits, digits + 2, bytes[i], 16);
    if (read.ec != std::errc{} || read.ptr != digits + 2) return {};
  }
  return bytes;
}

/// Base64 of either alphabet, padding optional.
std::optional<byte_buffer> parse_base64(std::string_view text) {
  std::string standard{text};
  while (standard.ends_with('=')) standard.pop_back();
  standard.resize((standard.size() + 3) / 4 * 4, '=');
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  auto bytes = decode_base64(standard);
  return bytes ? std::optional{*std::move(bytes)} : std::nullopt;
}

}  // namespace

tl::expected<crdt::state_vector, std::string> parse_state_vector(std::string_view text) {
  const auto hex = parse_hexadecimal(text);
  const auto base64 = parse_base64(text);
  std::string problem = "neither hexadecimal nor base64";
  for (const auto* const bytes : {&hex, &base64}) {
    if (!*bytes) continue;
    auto vector = crdt::state_vector::decode(**bytes);
    if (vector) return *vector;
    if (bytes == &hex || !hex) problem = to_string(vector.error());
  }
  return tl::unexpected("--state-vector: " + problem);
}

tl::expected<std::string, std::string> run_doc_tool(const doc_request& request,
                                                    std::span<const doc_input> inputs,
                                                    const doc_input* since) {
  std::vector<doc_source> sources;
  for (const doc_input& input : inputs) {
    TROUPE_ASSIGN(doc_source source, read_source(input, request.format));
    sources.push_back(std::move(source));
  }
  if (sources.empty()) return tl::unexpected<std::string>("no file is named");
  if (is_binary(request.action) && !request.repair) TROUPE_TRY(check_usable(sources));
  const crdt::update_format first_format = sources[0].list.format();
  switch (request.action) {
    case doc_action::info:
      return info_text(sources, request.as_json ? info_style::json : info_style::table);
    case doc_action::dump: {
      std::string out;
      for (const doc_source& source : sources) out.append(dump_text(source));
      return out;
    }
    case doc_action::convert:
    case doc_action::merge: return join_sources(sources, request.to.value_or(first_format));
    case doc_action::diff: return difference(request, sources, since);
    case doc_action::json:
    case doc_action::text: break;
  }
  TROUPE_ASSIGN(const auto doc, load_sources(sources));
  return request.action == doc_action::json ? json_text(*doc, request.root)
                                            : plain_text(*doc, request.root);
}

}  // namespace troupe
