#include "app/doc/info.hpp"

#include "app/doc/dump.hpp"
#include "app/doc/figures.hpp"
#include "protocol/json/write.hpp"

namespace troupe {

namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

/// "1 range", "2 ranges"
std::string counted(std::uint64_t count, std::string_view what) {
  return number(count) + " " + std::string{what} + (count == 1 ? "" : "s");
}

/// "clocks 3 to 7"; the last one is included.
std::string clocks_text(crdt::clock_type first, crdt::clock_type end) {
  return "clocks " + number(first) + " to " + number(end - 1);
}

// --- the table ---

/// "  name       value", the name padded to a column.
void add_row(std::string_view indent, std::string_view name, std::string_view value,
             std::string& out) {
  constexpr std::size_t column = 16;
  const std::size_t used = indent.size() + name.size();
  out.append(indent).append(name).append(used < column ? column - used : 1, ' ');
  out.append(value).append("\n");
}

std::string kinds_text(const source_figures& figures) {
  std::string text = number(figures.structs);
  const char* separator = ": ";
  for (std::size_t kind = 0; kind < figures.structs_by_kind.size(); ++kind) {
    if (figures.structs_by_kind[kind] == 0) continue;
    text.append(std::exchange(separator, ", "))
        .append(to_string(static_cast<crdt::content_kind>(kind)))
        .append(" ")
        .append(number(figures.structs_by_kind[kind]));
  }
  return text;
}

std::string client_text(const client_figures& client) {
  std::string text = client.end == 0 ? "no structs"
                                     : clocks_text(client.first, client.end) + " in " +
                                           counted(client.structs, "struct");
  std::uint64_t deleted = 0;
  client.deleted.for_each([&](crdt::clock_range range) { deleted += range.length; });
  if (deleted > 0) text.append(", deletes ").append(counted(deleted, "clock"));
  return text;
}

/// What is wrong for Yjs clients; repairing ends that.
std::string_view repair_text(crdt::content_repair how) {
  return how == crdt::content_repair::options_replaced ? "options of a subdocument"
                                                       : "member __proto__ that is bytes";
}

void add_source_table(const doc_source& source, std::string& out) {
  const source_figures figures = figures_of(source);
  out.append(source.input->name).append("\n");
  add_row("  ", "format", to_string(source.list.container), out);
  add_row("  ", "size", counted(source.input->bytes.size(), "byte"), out);
  add_row("  ", "updates", number(source.list.updates.size()), out);
  add_row("  ", "structs", kinds_text(figures), out);
  add_row("  ", "deletes",
          counted(figures.deleted_clocks, "clock") + " in " +
              counted(figures.deleted_ranges, "range"),
          out);
  if (!source.repaired.empty())
    add_row("  ", "unusable", counted(source.repaired.size(), "content") + " (see --repair)", out);
  for (const crdt::repaired_struct& each : source.repaired)
    add_row("    ", id_text(each), repair_text(each.how), out);
  add_row("  ", "clients", number(figures.clients.size()), out);
  for (const auto& [id, client] : figures.clients)
    add_row("    ", number(id), client_text(client), out);
}

void add_document_table(const document_figures& figures, std::string& out) {
  out.append("document\n");
  add_row("  ", "items", number(figures.items), out);
  add_row("  ", "roots", number(figures.roots.size()), out);
  for (const root_figures& root : figures.roots)
    add_row("    ", quoted_text(root.name),
            "length " + number(root.length) + ", " + counted(root.keys, "key"), out);
  add_row("  ", "state", counted(figures.state.entries().size(), "client"), out);
  for (const auto& [client, clock] : figures.state.entries())
    add_row("    ", number(client), "clock " + number(clock), out);
  add_row("  ", "holes", number(figures.holes.size()), out);
  for (const hole_figures& hole : figures.holes)
    add_row("    ", number(hole.client), clocks_text(hole.range.clock, hole.range.end()), out);
  add_row("  ", "waiting",
          figures.waiting_bytes == 0
              ? "nothing"
              : counted(figures.waiting_bytes, "byte") + " of memory, for what is missing",
          out);
}

// --- JSON ---

void write_range(crdt::clock_range range, json::writer& out) {
  out.open('[').value(range.clock).value(range.end()).close(']');
}

void write_source(const doc_source& source, json::writer& out) {
  const source_figures figures = figures_of(source);
  out.open('{').name("file").value(source.input->name);
  out.name("format").value(to_string(source.list.container));
  out.name("size_bytes").value(source.input->bytes.size());
  out.name("updates").value(source.list.updates.size());
  out.name("structs").value(figures.structs).name("structs_by_kind").open('{');
  for (std::size_t kind = 0; kind < figures.structs_by_kind.size(); ++kind)
    if (figures.structs_by_kind[kind] > 0)
      out.name(to_string(static_cast<crdt::content_kind>(kind)))
          .value(figures.structs_by_kind[kind]);
  out.close('}').name("unusable").open('[');
  for (const crdt::repaired_struct& each : source.repaired)
    out.open('{')
        .name("client")
        .value(each.client)
        .name("clock")
        .value(each.clock)
        .name("what")
        .value(repair_text(each.how))
        .close('}');
  out.close(']').name("clients").open('[');
  for (const auto& [id, client] : figures.clients) {
    out.open('{').name("client").value(id).name("structs").value(client.structs);
    out.name("clocks");
    write_range({client.first, client.end - client.first}, out);
    out.name("deletes").open('[');
    client.deleted.for_each([&](crdt::clock_range range) { write_range(range, out); });
    out.close(']').close('}');
  }
  out.close(']').close('}');
}

void write_document(const document_figures& figures, json::writer& out) {
  out.open('{').name("items").value(figures.items).name("roots").open('[');
  for (const root_figures& root : figures.roots)
    out.open('{')
        .name("name")
        .value(root.name)
        .name("length")
        .value(root.length)
        .name("keys")
        .value(root.keys)
        .close('}');
  out.close(']').name("state_vector").open('{');
  for (const auto& [client, clock] : figures.state.entries()) out.name(number(client)).value(clock);
  out.close('}').name("holes").open('[');
  for (const hole_figures& hole : figures.holes) {
    out.open('{').name("client").value(hole.client).name("clocks");
    write_range(hole.range, out);
    out.close('}');
  }
  out.close(']').name("waiting_bytes").value(figures.waiting_bytes).close('}');
}

}  // namespace

doc_result<std::string> info_text(std::span<const doc_source> sources, info_style style) {
  TROUPE_ASSIGN(const auto doc, load_sources(sources));
  if (style == info_style::table) {
    std::string out;
    for (const doc_source& source : sources) add_source_table(source, out);
    add_document_table(figures_of(*doc), out);
    return out;
  }
  json::writer out;
  out.open('{').name("files").open('[');
  for (const doc_source& source : sources) write_source(source, out);
  out.close(']').name("document");
  write_document(figures_of(*doc), out);
  out.close('}');
  return out.take() + "\n";
}

}  // namespace troupe
