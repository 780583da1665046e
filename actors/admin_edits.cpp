#include "actors/admin_edits.hpp"

#include <optional>

#include "actors/admin_json.hpp"
#include "actors/admin_pages.hpp"
#include "base/document_name.hpp"
#include "base/trim.hpp"
#include "base/utf8.hpp"
#include "protocol/hosted_document.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/json/text.hpp"
#include "protocol/json/validate.hpp"

namespace troupe::admin {

namespace {

using nlohmann::json;
using raw_value = std::string_view;

/// A batch holds documents, each of which holds edits.
constexpr std::size_t body_depth_max = edits::value_depth_max + 5;

/// The members of an object, as they stand in the text.
struct raw_members {
  raw_value name, edits, text, origin, if_match, documents;

  static read_result<raw_members> read(raw_value object, std::initializer_list<raw_value> known) {
    raw_members read;
    if (!object.starts_with('{')) return refuse("the body is not a JSON object");
    const std::pair<std::string_view, raw_value*> places[] = {
        {"name", &read.name},     {"edits", &read.edits},      {"text", &read.text},
        {"origin", &read.origin}, {"ifMatch", &read.if_match}, {"documents", &read.documents}};
    troupe::json::member_reader members{object};
    std::string scratch;
    while (const auto each = members.next()) {
      const std::string_view called = troupe::json::string_of(each->name, scratch).value_or("");
      const auto place =
          std::ranges::find(places, called, &std::pair<std::string_view, raw_value*>::first);
      if (place == std::end(places) || std::ranges::find(known, called) == known.end())
        return refuse("there is no member '" + std::string{called} + "' here");
      *place->second = each->value;
    }
    return read;
  }
};

/// The body as one JSON value that every parser reads alike.
read_result<raw_value> read_json(const std::string& body) {
  if (!is_valid_utf8(as_bytes(body))) return refuse("the body is not UTF-8");
  if (const auto good = troupe::json::check_json(body, body_depth_max); !good)
    return refuse("the body is not JSON: " + to_string(good.error()));
  if (const auto good = troupe::json::check_interchange(body); !good)
    return refuse("the body has " + good.error().detail + " at byte " +
                  std::to_string(good.error().offset));
  return trimmed(body);
}

read_result<std::string> read_string(std::string_view name, raw_value value) {
  std::string scratch;
  const auto text = troupe::json::string_of(value, scratch);
  if (!text) return refuse(std::string{name} + " must be a string");
  return std::string{*text};
}

read_result<std::string> check_origin(std::string origin) {
  if (is_origin_name(origin)) return origin;
  return refuse("origin must have at most " +
                std::to_string(hosted_document::origin_name_bytes_max) +
                " bytes and no control characters");
}

read_result<std::string> read_origin(raw_value value) {
  if (value.empty()) return std::string{};
  TROUPE_ASSIGN(std::string origin, read_string("origin", value));
  return check_origin(std::move(origin));
}

/// What is wrong with an edit, for people and for programs.
http_answer answer_edit_error(unsigned status, const std::string& text, errc code,
                              std::optional<std::size_t> index) {
  json shown{{"error", text}, {"code", to_string(code)}};
  if (index) shown["edit"] = *index;
  return answer_json(status, shown);
}

edit_order to_order(const std::string& document, raw_value edits, raw_value origin,
                    version_condition condition) {
  if (edits.empty()) return refuse("edits is missing");
  auto parsed = edits::batch::parse(edits);
  if (!parsed) {
    const edits::edit_error& why = parsed.error();
    const bool has_index = why.index != edits::edit_error::no_index;
    return tl::unexpected(answer_edit_error(400, edits::to_string(why), why.why.code,
                                            has_index ? std::optional{why.index} : std::nullopt));
  }
  TROUPE_ASSIGN(std::string name, read_origin(origin));
  import_update order{document, {}};
  order.edits = std::make_shared<const edits::batch>(*std::move(parsed));
  order.origin_name = std::move(name);
  order.condition = std::move(condition);
  order.wants_version = true;
  return order;
}

bool is_bytes(const http_request& request) {
  return request.content_type.starts_with("application/octet-stream");
}

/// The tags of a list such as `"a", "b"`; nothing for `*`. A weak one is equal to no other.
read_result<std::optional<std::vector<std::string>>> read_tags(std::string_view name,
                                                               std::string_view list) {
  std::vector<std::string> tags;
  constexpr std::size_t tags_max = 100;
  for (list = trimmed(list); !list.empty();) {
    if (tags.empty() && list == "*") return std::nullopt;
    const bool is_weak = list.starts_with("W/");
    if (is_weak) list.remove_prefix(2);
    const std::size_t end = list.starts_with('"') ? list.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos || tags.size() == tags_max)
      return refuse(std::string{name} + " must be * or a list of entity tags in double quotes");
    tags.push_back(is_weak ? "" : std::string{list.substr(1, end - 1)});
    list = trimmed(list.substr(end + 1));
    if (list.starts_with(',')) list = trimmed(list.substr(1));
  }
  return tags;
}

read_result<version_condition> read_if_match(std::string_view text) {
  version_condition wanted;
  if (text.empty()) return wanted;
  TROUPE_ASSIGN(auto tags, read_tags("If-Match", text));
  wanted.must_exist = true;
  if (tags) wanted.one_of = *std::move(tags);
  return wanted;
}

edit_order read_batch_entry(raw_value text) {
  TROUPE_ASSIGN(const auto of, raw_members::read(text, {"name", "edits", "origin", "ifMatch"}));
  TROUPE_ASSIGN(const std::string name, read_string("name", of.name));
  if (const auto good = check_document_name(name); !good)
    return refuse("name: " + good.error().detail);
  std::string if_match;
  if (!of.if_match.empty()) {
    TROUPE_ASSIGN(if_match, read_string("ifMatch", of.if_match));
    if (trimmed(if_match).empty()) return refuse("ifMatch is empty; leave it out, or send a tag");
  }
  TROUPE_ASSIGN(auto condition, read_if_match(if_match));
  return to_order(name, of.edits, of.origin, std::move(condition));
}

}  // namespace

bool is_origin_name(std::string_view text) {
  return text.size() <= hosted_document::origin_name_bytes_max && is_valid_utf8(as_bytes(text)) &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// --- requests ---

read_result<version_condition> read_condition(const http_request& request) {
  TROUPE_ASSIGN(auto wanted, read_if_match(request.if_match));
  if (request.if_none_match.empty()) return wanted;
  if (trimmed(request.if_none_match) != "*") return refuse("If-None-Match must be *");
  wanted.must_be_new = true;
  return wanted;
}

edit_order read_edits(const http_request& request, const std::string& document) {
  TROUPE_ASSIGN(auto condition, read_condition(request));
  TROUPE_ASSIGN(const raw_value body, read_json(request.body));
  TROUPE_ASSIGN(const auto of, raw_members::read(body, {"edits", "origin"}));
  return to_order(document, of.edits, of.origin, std::move(condition));
}

edit_order read_text(const http_request& request, const std::string& document,
                     const std::string& root) {
  import_update order{document, {}};
  TROUPE_ASSIGN(order.condition, read_condition(request));
  std::string text;
  if (is_bytes(request)) {
    if (!is_valid_utf8(as_bytes(request.body))) return refuse("the text is not UTF-8");
    text = request.body;
    TROUPE_ASSIGN(const auto origin, read_parameter(request, "origin"));
    TROUPE_ASSIGN(order.origin_name, check_origin(origin.value_or(std::string{})));
  } else {
    TROUPE_ASSIGN(const raw_value body, read_json(request.body));
    TROUPE_ASSIGN(const auto of, raw_members::read(body, {"text", "origin"}));
    TROUPE_ASSIGN(text, read_string("text", of.text));
    TROUPE_ASSIGN(order.origin_name, read_origin(of.origin));
  }
  order.edits = std::make_shared<const edits::batch>(edits::batch::of_text(root, std::move(text)));
  order.wants_version = true;
  return order;
}

edit_order read_update(const http_request& request, const std::string& document,
                       std::size_t bytes_max) {
  TROUPE_ASSIGN(auto body, read_import(request, bytes_max));
  import_update order{document, std::move(body.update)};
  TROUPE_ASSIGN(order.condition, read_condition(request));
  TROUPE_ASSIGN(const auto origin, read_parameter(request, "origin"));
  TROUPE_ASSIGN(order.origin_name, check_origin(origin.value_or(std::string{})));
  order.wants_version = true;
  return order;
}

edit_order read_new_document(const http_request& request, const std::string& document,
                             std::size_t bytes_max) {
  const auto read = [&]() -> edit_order {
    if (is_bytes(request)) return read_update(request, document, bytes_max);
    if (!trimmed(request.body).empty() && trimmed(request.body) != "{}")
      return read_edits(request, document);
    import_update empty{document, {}};
    empty.wants_version = true;
    return empty;
  };
  edit_order order = read();
  if (order) order->how = import_update::policy::create;
  return order;
}

read_result<std::vector<edit_order>> read_batch(const http_request& request) {
  TROUPE_ASSIGN(const raw_value body, read_json(request.body));
  TROUPE_ASSIGN(const auto of, raw_members::read(body, {"documents"}));
  if (!of.documents.starts_with('[')) return refuse("documents must be an array");
  std::vector<edit_order> orders;
  troupe::json::element_reader elements{of.documents};
  while (const auto each = elements.next()) {
    if (orders.size() == batch_documents_max)
      return refuse("a batch has at most " + std::to_string(batch_documents_max) + " documents");
    orders.push_back(read_batch_entry(*each));
  }
  return orders;
}

std::vector<std::string> names_in_batch(const http_request& request) {
  std::vector<std::string> names;
  const auto body = read_json(request.body);
  if (!body) return names;
  const auto of = raw_members::read(*body, {"documents"});
  if (!of || !of->documents.starts_with('[')) return names;
  troupe::json::element_reader elements{of->documents};
  while (const auto each = elements.next()) {
    if (names.size() == batch_documents_max) break;
    const auto entry = raw_members::read(*each, {"name", "edits", "origin", "ifMatch"});
    if (!entry) continue;
    if (auto name = read_string("name", entry->name)) names.push_back(*std::move(name));
  }
  return names;
}

bool wants_contents(const http_request& request) {
  const auto as = read_parameter(request, "as");
  return as && as->has_value();
}

// --- answers ---

http_answer show_edited(const std::string& name, const imported_update& outcome, unsigned status) {
  using what = imported_update::outcome;
  switch (outcome.what) {
    case what::exists: return answer_error(409, "there is a document '" + name + "' already");
    case what::unmatched: {
      http_answer answer = answer_error(412, "the document '" + name + "' has another version");
      if (!outcome.version.empty()) answer.etag = etag_of(outcome.version);
      return answer;
    }
    case what::refused: {
      const errc code = outcome.refusal.code;
      if (close_reason_for(code) == close_reason::storage_unavailable)
        return show_refusal("the edit is refused", outcome.refusal);
      return answer_edit_error(code == errc::edit_conflict ? 409 : 422, outcome.refusal.detail,
                               code, outcome.edit_index);
    }
    case what::unconfirmed: return answer_unavailable("the edit is made and not confirmed yet");
    case what::changed:
    case what::known: break;
  }
  json shown{
      {"name", name}, {"changed", outcome.what == what::changed}, {"version", outcome.version}};
  if (outcome.has_gap) shown["waitsForMissing"] = true;
  http_answer answer = answer_json(status, shown);
  answer.etag = etag_of(outcome.version);
  return answer;
}

http_answer show_batch(const std::vector<http_answer>& answers) {
  std::string body = "{\"results\":[";
  for (const http_answer& each : answers) {
    if (&each != &answers.front()) body += ',';
    body.append("\n{\"status\":").append(std::to_string(each.status)).append(",\"body\":");
    body.append(trimmed(each.body)).append("}");
  }
  return answer_json_text(200, body + "]}\n");
}

}  // namespace troupe::admin
