#include <algorithm>

#include "engine/document.hpp"
#include "protocol/json/write.hpp"

namespace troupe::engine {

namespace {

void write_path(const std::vector<crdt::path_step>& path, json::writer& to) {
  to.open('[');
  for (const crdt::path_step& step : path) {
    if (step.is_key)
      to.value(std::string_view{step.key});
    else
      to.value(std::uint64_t{step.index});
  }
  to.close(']');
}

/// The JSON of an event, as troupe.h describes it.
std::string changes_of(const troupe_doc& doc, author by) {
  json::writer text;
  text.open('{').name("local").raw(by == author::own ? "true" : "false");
  text.name("changes").open('[');
  for (const crdt::type_change& each : doc.engine.last_changes()) {
    const auto path = doc.engine.path_of(each.type);
    if (!path) continue;  // gone with the type around it, which is listed
    text.open('{').name("path");
    write_path(*path, text);
    text.name("sequence").raw(each.sequence_changed ? "true" : "false").name("keys").open('[');
    for (const std::string& key : each.keys) text.value(std::string_view{key});
    text.close(']').close('}');
  }
  text.close(']').close('}');
  return text.take();
}

/// Marks a document while observers are called.
class telling {
 public:
  explicit telling(troupe_doc& doc) : doc_(doc) { doc_.is_telling = true; }
  ~telling() { doc_.is_telling = false; }
  telling(const telling&) = delete;
  telling& operator=(const telling&) = delete;

 private:
  troupe_doc& doc_;
};

bool is_registered(const troupe_doc& doc, std::uint64_t id) {
  return std::ranges::find(doc.observers, id, &troupe_doc::registered::id) != doc.observers.end();
}

}  // namespace

void tell_observers(troupe_doc& doc, author by) {
  if (doc.observers.empty()) return;
  const std::string changes = changes_of(doc, by);
  const byte_buffer update = doc.engine.encode_last_change();
  const troupe_event event{sizeof(troupe_event), changes.c_str(), changes.size(),
                           update.data(),        update.size(),   by == author::own ? 1 : 0};
  const std::vector<troupe_doc::registered> all = doc.observers;  // they may come and go meanwhile
  const telling now{doc};
  for (const troupe_doc::registered& each : all)
    if (!doc.is_freed && is_registered(doc, each.id)) each.call(&event, each.context);
}

}  // namespace troupe::engine

using namespace troupe::engine;

extern "C" {

troupe_status troupe_doc_observe(troupe_doc* doc, troupe_observer observer, void* context,
                                 uint64_t* id) {
  return call([&]() -> outcome<void> {
    TROUPE_TRY(check_readable(doc));
    if (observer == nullptr) return refuse(TROUPE_INVALID_ARGUMENT, "the observer is null");
    if (doc->observers.size() >= TROUPE_OBSERVERS_MAX)
      return refuse_more_than(TROUPE_OBSERVERS_MAX, "the document has no", " observers");
    doc->observers.push_back({doc->next_observer, observer, context});
    if (id != nullptr) *id = doc->next_observer;
    ++doc->next_observer;
    return {};
  });
}

troupe_status troupe_doc_unobserve(troupe_doc* doc, uint64_t id) {
  return call([&]() -> outcome<void> {
    TROUPE_TRY(check_readable(doc));
    if (std::erase_if(doc->observers, [id](const auto& each) { return each.id == id; }) == 0)
      return refuse(TROUPE_NOT_FOUND, "there is no such observer");
    return {};
  });
}

}  // extern "C"
