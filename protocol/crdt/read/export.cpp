#include "protocol/crdt/read/export.hpp"

#include <algorithm>

#include "protocol/crdt/read/export_text.hpp"
#include "protocol/crdt/read/export_xml.hpp"
#include "protocol/json/write.hpp"

namespace troupe::crdt {

doc_sizes sizes_of(const struct_store& state) {
  doc_sizes sizes;
  sizes.clients = state.clients().size();
  sizes.memory = state.memory();
  for (client_index i = 0; i < state.clients().size(); ++i) {
    const auto& structs = state.state_of(i).structs;
    if (structs.empty()) continue;
    for (auto at = structs.first(); !structs.is_end(at); at = structs.next(at)) {
      const item& stored = state.at(structs[at]);
      const clock_type length = stored.entry_end() - stored.clock;
      (stored.is_deleted != 0 ? sizes.tombstones : sizes.items) += stored.is_strand() ? length : 1;
      sizes.clocks += length;
      sizes.content_bytes += state.content_of(stored).size();
    }
  }
  return sizes;
}

std::vector<root_info> doc_view::roots() const {
  std::vector<root_info> roots;
  for (const type_handle root : store_.roots())
    roots.push_back(
        {store_.string_at(store_.type_at(root).name),
         with_visibility([&](const auto& visible) { return contents_of(store_, visible, root); })});
  std::ranges::sort(roots, {}, &root_info::name);
  return roots;
}

std::optional<type_contents> doc_view::contents(const type_ref& type) const {
  const type_handle found = find_type(store_, type);
  if (found == none) return {};
  return with_visibility([&](const auto& visible) { return contents_of(store_, visible, found); });
}

std::string doc_view::text(const type_ref& type) const {
  const type_handle found = find_type(store_, type);
  std::string out;
  if (found == none) return out;
  with_visibility([&](const auto& visible) { append_text(store_, visible, found, out); });
  return out;
}

std::string doc_view::json_as(const type_ref& type, json_form form,
                              std::string_view if_absent) const {
  const type_handle found = find_type(store_, type);
  if (found == none) return std::string{if_absent};
  std::string out;
  with_visibility([&](const auto& visible) { append_json(store_, visible, found, form, out); });
  return out;
}

std::string doc_view::array_json(const type_ref& type) const {
  return json_as(type, json_form::array, "[]");
}

std::string doc_view::map_json(const type_ref& type) const {
  return json_as(type, json_form::map, "{}");
}

std::string doc_view::delta_json(const type_ref& type) const {
  return json_as(type, json_form::delta, "[]");
}

std::string doc_view::json(const type_ref& type) const {
  return json_as(type, json_form::by_kind, "null");
}

std::string doc_view::json() const {
  std::vector<std::pair<std::string_view, type_handle>> roots;
  for (const type_handle root : store_.roots())
    roots.emplace_back(store_.string_at(store_.type_at(root).name), root);
  std::ranges::sort(roots);
  std::string out = "{";
  for (const auto& [name, root] : roots) {
    if (out.size() > 1) out.push_back(',');
    json::append_string(name, out);
    out.push_back(':');
    with_visibility([&, type = root](const auto& visible) {
      append_json(store_, visible, type, json_form::by_kind, out);
    });
  }
  out.push_back('}');
  return out;
}

std::string doc_view::xml_string(const type_ref& type, type_kind kind) const {
  const type_handle found = find_type(store_, type);
  std::string out;
  if (found == none) return out;
  const type_kind own = store_.type_at(found).kind;
  with_visibility([&](const auto& visible) {
    append_xml(store_, visible, found, is_xml(own) ? own : kind, out);
  });
  return out;
}

}  // namespace troupe::crdt
