#include "protocol/crdt/edit/edit.hpp"
#include "base/trim.hpp"
#include "base/utf8.hpp"
#include "engine/document.hpp"
#include "engine/format.hpp"
#include "protocol/edits/apply.hpp"
#include "protocol/edits/new_content.hpp"
#include "protocol/edits/place.hpp"
#include "protocol/json/validate.hpp"
#include "protocol/json/write.hpp"

using namespace troupe;
using namespace troupe::engine;

namespace {

/// One transaction with one operation on the type at a path.
template <class Operation>
troupe_status edit_type(troupe_doc* doc, const char* path, edits::family wanted,
                        Operation operation) noexcept {
  return change(doc, author::own, nullptr, [&]() -> outcome<crdt::applied_update> {
    TROUPE_ASSIGN(const edits::path at, read_path(path));
    TROUPE_ASSIGN(const crdt::type_ref type,
                  edits::place_finder{doc->engine.contents()}.find_type(at, wanted));
    TROUPE_ASSIGN(crdt::doc_edit edit, doc->engine.edit(doc->own));
    const outcome<void> done = operation(edit, type);
    if (!done) return tl::unexpected(done.error());
    return edit.commit();
  });
}

/// JSON with one value.
outcome<std::string_view> read_json(const char* json, std::string_view name) {
  TROUPE_ASSIGN(const std::string_view text, read_text(json, name, TROUPE_TEXT_SIZE_MAX));
  if (!is_valid_utf8(as_bytes(text)))
    return refuse(TROUPE_INVALID_INPUT, std::string{name}.append(" is not valid UTF-8"));
  if (const auto good = json::check_json(text, nesting_max); !good)
    return refuse(status_for(good.error().code),
                  std::string{name}.append(" is no JSON that can be used: ") +
                      to_string(good.error()));
  return trimmed(text);
}

/// Yjs clients cannot show plain values in XML.
outcome<void> check_takes_values(const crdt::doc_edit& edit, const crdt::type_ref& into) {
  const crdt::type_handle type = crdt::find_type(edit.contents(), into);
  if (type == crdt::none || edit.contents().type_at(type).kind != crdt::type_kind::xml_element)
    return {};
  return refuse(TROUPE_INVALID_EDIT, "values in an XML element: troupe_doc_edit() inserts XML");
}

outcome<crdt::applied_update> apply_batch(troupe_doc& doc, std::string_view json) {
  const auto refused = [](const edits::edit_error& error) {
    return refuse(status_for(error.why.code), edits::to_string(error));
  };
  const auto batch = edits::batch::parse(json);
  if (!batch) return refused(batch.error());
  const auto applied = edits::apply(*batch, doc.engine, doc.own);
  if (!applied) return refused(applied.error());
  crdt::applied_update done;
  done.changed = applied->changed;
  return done;
}

/// The path as a value in JSON.
std::string path_as_json(std::string_view path) {
  if (path.starts_with('[')) return std::string{path};
  std::string quoted;
  json::append_string(path, quoted);
  return quoted;
}

}  // namespace

extern "C" {

troupe_status troupe_text_insert(troupe_doc* doc, const char* path, uint32_t index,
                                 const char* text, size_t size, const char* attributes) {
  return edit_type(
      doc, path, edits::family::text,
      [&](crdt::doc_edit& edit, const crdt::type_ref& into) -> outcome<void> {
        TROUPE_ASSIGN(const std::string_view utf8, read_text(text, size, "the text"));
        if (attributes == nullptr) {
          TROUPE_TRY(edit.insert_text(into, index, utf8));
          return {};
        }
        TROUPE_ASSIGN(const std::string_view json, read_json(attributes, "the attributes"));
        TROUPE_ASSIGN(const crdt::attributes formats, edits::read_attributes(edit, json));
        TROUPE_TRY(edit.insert_text(into, index, utf8, formats));
        return {};
      });
}

troupe_status troupe_text_delete(troupe_doc* doc, const char* path, uint32_t index,
                                 uint32_t length) {
  return edit_type(doc, path, edits::family::text,
                   [&](crdt::doc_edit& edit, const crdt::type_ref& from) -> outcome<void> {
                     TROUPE_TRY(edit.remove_text(from, index, length));
                     return {};
                   });
}

troupe_status troupe_text_format(troupe_doc* doc, const char* path, uint32_t index, uint32_t length,
                                 const char* attributes) {
  return edit_type(
      doc, path, edits::family::text,
      [&](crdt::doc_edit& edit, const crdt::type_ref& in) -> outcome<void> {
        TROUPE_ASSIGN(const std::string_view json, read_json(attributes, "the attributes"));
        TROUPE_ASSIGN(const crdt::attributes formats, edits::read_attributes(edit, json));
        TROUPE_TRY(edit.format_text(in, index, length, formats));
        return {};
      });
}

troupe_status troupe_text_set(troupe_doc* doc, const char* path, const char* text, size_t size) {
  return change(doc, author::own, nullptr, [&]() -> outcome<crdt::applied_update> {
    TROUPE_TRY(read_path(path));
    TROUPE_ASSIGN(const std::string_view utf8, read_text(text, size, "the text"));
    if (!is_valid_utf8(as_bytes(utf8)))
      return refuse(TROUPE_INVALID_INPUT, "the text is not valid UTF-8");
    json::writer list;
    list.open('[').open('{').name("op").value(std::string_view{"setText"});
    list.name("path").raw(path_as_json(path)).name("text").value(utf8).close('}').close(']');
    return apply_batch(*doc, list.take());
  });
}

troupe_status troupe_map_set(troupe_doc* doc, const char* path, const char* key, const char* json) {
  return edit_type(doc, path, edits::family::keyed,
                   [&](crdt::doc_edit& edit, const crdt::type_ref& in) -> outcome<void> {
                     TROUPE_ASSIGN(const std::string_view name,
                                   read_text(key, "the key", TROUPE_PATH_SIZE_MAX));
                     TROUPE_ASSIGN(const std::string_view text, read_json(json, "the value"));
                     TROUPE_ASSIGN(const crdt::value held, crdt::value::json(text, edit.limits()));
                     TROUPE_TRY(edit.set(in, name, held));
                     return {};
                   });
}

troupe_status troupe_map_delete(troupe_doc* doc, const char* path, const char* key) {
  return edit_type(doc, path, edits::family::keyed,
                   [&](crdt::doc_edit& edit, const crdt::type_ref& from) -> outcome<void> {
                     TROUPE_ASSIGN(const std::string_view name,
                                   read_text(key, "the key", TROUPE_PATH_SIZE_MAX));
                     TROUPE_TRY(edit.remove_key(from, name));
                     return {};
                   });
}

troupe_status troupe_array_insert(troupe_doc* doc, const char* path, uint32_t index,
                                  const char* json_array) {
  return edit_type(doc, path, edits::family::sequence,
                   [&](crdt::doc_edit& edit, const crdt::type_ref& into) -> outcome<void> {
                     TROUPE_ASSIGN(const std::string_view json, read_json(json_array, "the list"));
                     if (!json.starts_with('['))
                       return refuse(TROUPE_INVALID_INPUT, "the list is not a JSON array");
                     TROUPE_TRY(check_takes_values(edit, into));
                     TROUPE_TRY(edits::insert_values(edit, into, index, json));
                     return {};
                   });
}

troupe_status troupe_array_delete(troupe_doc* doc, const char* path, uint32_t index,
                                  uint32_t length) {
  return edit_type(doc, path, edits::family::sequence,
                   [&](crdt::doc_edit& edit, const crdt::type_ref& from) -> outcome<void> {
                     TROUPE_TRY(edit.remove(from, index, length));
                     return {};
                   });
}

troupe_status troupe_doc_edit(troupe_doc* doc, const char* json, troupe_effects* effects) {
  return change(doc, author::own, effects, [&]() -> outcome<crdt::applied_update> {
    TROUPE_ASSIGN(const std::string_view text,
                  read_text(json, "the list of edits", TROUPE_TEXT_SIZE_MAX));
    return apply_batch(*doc, text);
  });
}

}  // extern "C"
