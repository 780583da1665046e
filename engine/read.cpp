#include "engine/document.hpp"
#include "protocol/crdt/read/element.hpp"
#include "protocol/crdt/read/export_json.hpp"
#include "protocol/edits/place.hpp"

using namespace troupe;
using namespace troupe::engine;

namespace {

/// What cannot be found by a reader is not there; only for an editor is it a wrong edit.
tl::unexpected<refusal> not_found(const failure& why) {
  return refuse(TROUPE_NOT_FOUND, why.detail);
}

outcome<crdt::type_ref> find_type(const troupe_doc& doc, const char* path) {
  TROUPE_ASSIGN(const edits::path at, read_path(path));
  auto type = edits::place_finder{doc.engine.contents()}.find_any(at);
  if (!type) return not_found(type.error());
  return *std::move(type);
}

/// The type in the store; none for a root that nothing was ever written to.
outcome<crdt::type_handle> find_handle(const troupe_doc& doc, const char* path) {
  TROUPE_ASSIGN(const crdt::type_ref type, find_type(doc, path));
  return crdt::find_type(doc.engine.contents(), type);
}

outcome<std::string> json_of(const troupe_doc& doc, crdt::unit_place unit) {
  std::string json;
  crdt::append_unit_json(doc.engine.contents(), unit, json);
  return json;
}

}  // namespace

extern "C" {

troupe_status troupe_doc_read(const troupe_doc* doc, const char* path, troupe_buffer* json) {
  return read_into(doc, json, [&]() -> outcome<std::string> {
    if (path == nullptr) return doc->engine.json();
    TROUPE_ASSIGN(const edits::path at, read_path(path));
    auto found = edits::place_finder{doc->engine.contents()}.read(at);
    if (!found) return not_found(found.error());
    if (!*found)
      return refuse(TROUPE_NOT_FOUND, std::string{"there is nothing at "}.append(to_string(at)));
    return **std::move(found);
  });
}

troupe_status troupe_text_read(const troupe_doc* doc, const char* path, troupe_buffer* text) {
  return read_into(doc, text, [&]() -> outcome<std::string> {
    TROUPE_ASSIGN(const crdt::type_ref type, find_type(*doc, path));
    return doc->engine.text(type);
  });
}

troupe_status troupe_text_read_delta(const troupe_doc* doc, const char* path, troupe_buffer* json) {
  return read_into(doc, json, [&]() -> outcome<std::string> {
    TROUPE_ASSIGN(const crdt::type_ref type, find_type(*doc, path));
    return doc->engine.delta_json(type);
  });
}

troupe_status troupe_xml_read(const troupe_doc* doc, const char* path, troupe_buffer* xml) {
  return read_into(doc, xml, [&]() -> outcome<std::string> {
    TROUPE_ASSIGN(const crdt::type_ref type, find_type(*doc, path));
    return doc->engine.xml_string(type);
  });
}

troupe_status troupe_length(const troupe_doc* doc, const char* path, uint32_t* length) {
  return call([&]() -> outcome<void> {
    TROUPE_TRY(need(length, "the place for the length"));
    *length = 0;
    TROUPE_TRY(check_readable(doc));
    TROUPE_ASSIGN(const crdt::type_handle type, find_handle(*doc, path));
    if (type != crdt::none)
      *length = static_cast<std::uint32_t>(doc->engine.contents().type_at(type).length);
    return {};
  });
}

troupe_status troupe_map_get(const troupe_doc* doc, const char* path, const char* key,
                             troupe_buffer* json) {
  return read_into(doc, json, [&]() -> outcome<std::string> {
    TROUPE_ASSIGN(const std::string_view name, read_text(key, "the key", TROUPE_PATH_SIZE_MAX));
    TROUPE_ASSIGN(const crdt::type_handle type, find_handle(*doc, path));
    const crdt::struct_store& store = doc->engine.contents();
    const crdt::unit_place unit =
        type == crdt::none ? crdt::unit_place{} : crdt::find_entry(store, type, name);
    if (unit.handle == crdt::none) return refuse(TROUPE_NOT_FOUND, "the key has no value");
    return json_of(*doc, unit);
  });
}

troupe_status troupe_array_get(const troupe_doc* doc, const char* path, uint32_t index,
                               troupe_buffer* json) {
  return read_into(doc, json, [&]() -> outcome<std::string> {
    TROUPE_ASSIGN(const crdt::type_handle type, find_handle(*doc, path));
    std::uint64_t steps = 0;
    const crdt::struct_store& store = doc->engine.contents();
    const crdt::unit_place unit =
        type == crdt::none ? crdt::unit_place{} : crdt::find_element(store, type, index, steps);
    if (unit.handle == crdt::none)
      return refuse(TROUPE_OUT_OF_RANGE,
                    std::string{"there is no element "}.append(std::to_string(index)));
    return json_of(*doc, unit);
  });
}

}  // extern "C"
