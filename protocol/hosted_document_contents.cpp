// Contents for sessions that have no Yjs library. Such a session gets what it asked for with its
// sync, and from then on each root that has changed, whole: a program takes it as the new value and
// needs to know nothing of what was before. Several changes of a turn are sent once. A root of more
// than sent_contents_bytes_max is only named, since typing in it would send it many times a second;
// a program asks for it when it needs it. Where nobody reads contents, nothing of this happens.
#include <map>

#include "protocol/crdt/store/type_ref.hpp"
#include "protocol/dialects/dialects.hpp"
#include "protocol/hosted_document.hpp"
#include "protocol/json/write.hpp"

namespace troupe {

namespace {

/// The root that a type is in.
std::string_view root_of(const crdt::struct_store& in, const crdt::type_ref& type) {
  if (!type.item) return type.name;
  crdt::type_handle at = crdt::find_type(in, type);
  while (at != crdt::none && in.type_at(at).owner != crdt::none)
    at = in.chain_at(in.at(in.type_at(at).owner).chain).type;
  return at == crdt::none ? std::string_view{} : in.string_at(in.type_at(at).name);
}

/// The beginning of a payload: what it is an answer to.
std::string payload_for(const contents_query& what) {
  std::string text = R"({"as":")";
  text.append(to_string(what.form)).append("\"");
  if (what.root) json::append_string(*what.root, text.append(R"(,"root":)"));
  return text;
}

}  // namespace

// --- questions ---

/// A session that speaks of updates may ask, too, and still receives updates.
void hosted_document::on_contents(const asked& by, document_effects& out) {
  auto what = contents_query::decode(by.what.body);
  if (!what) return refuse(by, request_part::message, what.error(), out);
  std::string payload = payload_for(*what);
  payload.append(R"(,"contents":)").append(read_contents(state_.decoded(), *what));
  payload.append(R"(,"version":")").append(state_.version()).append("\"}");
  const byte_view bytes = as_bytes(payload);
  reply(by, notice_kind::contents, byte_buffer{bytes.begin(), bytes.end()}, out);
  if (codec_of(by.what.in).traits().reads_in == by.what.in) {
    if (!by.by.more().reads) ++readers_;
    by.by.more().reads = *std::move(what);
  }
  if (presence_.has_states()) show_presence(presence_.shown(), by.from, by.what.in, out);
  acknowledge(by, out);
}

void hosted_document::stop_reading(subscriber& of) {
  if (!of.details || !of.details->reads) return;
  of.details->reads.reset();
  if (--readers_ == 0) changed_roots_.clear();
}

// --- changes ---

/// What the update has changed that was applied last.
void hosted_document::note_changed_roots() {
  if (readers_ == 0) return;
  const crdt::doc& state = state_.decoded();
  for (const crdt::type_change& each : state.last_changes())
    changed_roots_.emplace(root_of(state.contents(), each.type));
}

/// Sessions that read the same share one message.
void hosted_document::send_contents(document_effects& out) {
  std::map<contents_query, std::vector<session_id>> readers;
  for (const auto& [session, each] : subscribers_)
    if (each.details && each.details->reads) readers[*each.details->reads].push_back(session);
  for (auto& [what, sessions] : readers) {
    const auto payload = changed_contents(what);
    if (!payload) continue;
    const byte_view bytes = as_bytes(*payload);
    notice told{.kind = notice_kind::new_contents,
                .body = byte_buffer{bytes.begin(), bytes.end()},
                .extra = {}};
    out.deliveries.push_back(
        {audience::one, no_session, dialect::json_contents, std::move(told), std::move(sessions)});
  }
  changed_roots_.clear();
}

/// The payload for those that read this; nothing if nothing of it has changed.
std::optional<std::string> hosted_document::changed_contents(const contents_query& what) {
  std::string payload = payload_for(what);
  if (what.root) {
    if (!changed_roots_.contains(*what.root)) return {};
    if (const auto value = small_contents(what)) payload.append(R"(,"contents":)").append(*value);
    return payload.append("}");
  }
  std::string small, large;
  std::size_t count = 0;
  for (const std::string& root : changed_roots_) {
    const auto value =
        count++ < sent_roots_max ? small_contents({what.form, root}) : std::optional<std::string>{};
    std::string& into = value ? small : large;
    if (!into.empty()) into += ',';
    json::append_string(root, into);
    if (value) into.append(":").append(*value);
  }
  payload.append(R"(,"contents":{)").append(small).append("}");
  if (!large.empty()) payload.append(R"(,"large":[)").append(large).append("]");
  return payload.append("}");
}

/// A root that is not too large. How large it is shows when it has been read.
std::optional<std::string> hosted_document::small_contents(const contents_query& what) {
  const crdt::struct_store& in = state_.decoded().contents();
  const crdt::type_handle root = crdt::find_type(in, *what.root);
  if (large_roots_.contains(*what.root) ||
      (root != crdt::none && in.type_at(root).length > sent_contents_bytes_max))
    return {};
  std::string value = read_contents(state_.decoded(), what);
  if (value.size() <= sent_contents_bytes_max) return value;
  large_roots_.insert(*what.root);
  return {};
}

}  // namespace troupe
