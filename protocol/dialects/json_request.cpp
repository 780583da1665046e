#include "protocol/dialects/json_request.hpp"

#include "base/base64.hpp"
#include "base/document_name.hpp"
#include "base/trim.hpp"
#include "base/utf8.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/json/text.hpp"
#include "protocol/json/validate.hpp"

namespace troupe::json {

namespace {

/// What is wrong, or nothing.
using complaint = std::optional<std::string>;

/// The value of one member as it stands in the text; empty if there is none.
using raw_value = std::string_view;

/// Finds the last of the members called `name` for each of several names, in one walk.
template <std::size_t Count>
void find_members(std::string_view object,
                  const std::pair<std::string_view, raw_value*> (&wanted)[Count]) {
  std::string scratch;
  member_reader members{object};
  while (const auto member = members.next()) {
    const auto name = string_of(member->name, scratch);
    if (!name) continue;
    for (const auto& [wanted_name, value] : wanted)
      if (*name == wanted_name) *value = member->value;
  }
}

bool is_object(raw_value value) noexcept { return value.starts_with('{'); }

/// "of what: why at byte n", with the parts that there are.
std::string describe_failure(std::string_view what, const failure& why) {
  std::string text{what};
  if (!why.detail.empty()) text.append(": ").append(why.detail);
  if (why.offset != failure::no_offset) text.append(" at byte ").append(std::to_string(why.offset));
  return text;
}

complaint read_string(std::string_view field, raw_value value, std::string& out) {
  if (!value.starts_with('"')) return std::string{field} + " must be a string";
  std::string scratch;
  const auto text = string_of(value, scratch);
  if (!text) return std::string{field} + " has half of a surrogate pair";
  out = *text;
  return {};
}

complaint read_base64(std::string_view field, raw_value value, byte_buffer& out) {
  if (!value.starts_with('"')) return std::string{field} + " must be a string of base64";
  std::string scratch;
  const auto text = string_of(value, scratch);
  auto bytes = decode_base64(text.value_or("?"));
  if (!bytes) return describe_failure(std::string{field} + " is not base64", bytes.error());
  out = std::move(*bytes);
  return {};
}

/// The members of one message, and how each becomes a part of a request.
class request_reader {
 public:
  /// Requires: `object` is a valid JSON object.
  explicit request_reader(std::string_view object) {
    find_members(object, {{"type", &type_},
                          {"docName", &document_},
                          {"messageId", &message_id_},
                          {"payload", &payload_}});
  }

  tl::expected<request, bad_request> read() {
    // All three are read, whichever is wrong: an answer names what it answers.
    const complaint of_type = read_type();
    const complaint of_document = read_document();
    const complaint of_message_id = read_message_id();
    for (const complaint* each : {&of_type, &of_document, &of_message_id})
      if (*each) return refuse(**each);
    if (auto of_payload = read_payload()) return refuse(std::move(*of_payload));
    return std::move(request_);
  }

 private:
  tl::unexpected<bad_request> refuse(std::string why) {
    return tl::unexpected<bad_request>(
        {std::move(why), std::move(request_.message_id), std::move(request_.document)});
  }

  complaint read_type() {
    if (type_.empty()) return "type is missing";
    std::string type;
    if (auto wrong = read_string("type", type_, type)) return wrong;
    if (type == "ack" || type == "error") return "type " + type + " is for the server to send";
    if (type == "sync")
      request_.kind = request_kind::sync;
    else if (type == "update")
      request_.kind = request_kind::update;
    else if (type == "presence")
      request_.kind = request_kind::presence;
    else if (type == "leave")
      request_.kind = request_kind::leave;
    else
      return "type must be sync, update, presence or leave";
    return {};
  }

  complaint read_document() {
    if (document_.empty()) return {};
    std::string name;
    if (auto wrong = read_string("docName", document_, name)) return wrong;
    if (const auto checked = check_document_name(name); !checked)
      return describe_failure("docName", checked.error());
    request_.document = std::move(name);
    return {};
  }

  complaint read_message_id() {
    if (message_id_.empty()) return {};
    std::string id;
    if (auto wrong = read_string("messageId", message_id_, id)) return wrong;
    if (id.empty() || id.size() > message_id_size_bytes_max)
      return "messageId must have 1 to " + std::to_string(message_id_size_bytes_max) + " bytes";
    request_.message_id = std::move(id);
    return {};
  }

  complaint read_payload() {
    if (request_.kind == request_kind::sync) return read_sync_payload();
    if (request_.kind == request_kind::leave) return {};
    if (payload_.empty()) return "payload is missing";
    if (request_.kind == request_kind::update && is_object(payload_)) {
      raw_value update, edit;
      find_members(payload_, {{"update", &update}, {"edit", &edit}});
      if (!update.empty()) return read_base64("payload.update", update, request_.update);
      if (edit.starts_with('[')) return read_edit(edit);
    }
    if (request_.kind == request_kind::update) request_.kind = request_kind::event;
    if (const auto checked = check_interchange(payload_); !checked)
      return describe_failure("payload", checked.error());
    request_.payload = payload_;
    return {};
  }

  complaint read_sync_payload() {
    if (payload_.empty() || payload_ == "null") return {};
    if (!is_object(payload_)) return "payload must be an object";
    raw_value vector, as, root;
    find_members(payload_, {{"stateVector", &vector}, {"as", &as}, {"root", &root}});
    if (!as.empty()) return read_contents_query(as, root);
    if (vector.empty()) return {};
    return read_base64("payload.stateVector", vector, request_.state_vector.emplace());
  }

  /// Its operations are read by the document, which says which of them is wrong.
  complaint read_edit(raw_value operations) {
    request_.kind = request_kind::edit;
    request_.payload = operations;
    return {};
  }

  complaint read_contents_query(raw_value as, raw_value root) {
    request_.kind = request_kind::contents;
    std::string form;
    if (auto wrong = read_string("payload.as", as, form)) return wrong;
    const auto known = find_contents_form(form);
    if (!known) return "payload.as must be json, text, xml or delta";
    request_.contents.form = *known;
    if (root.empty()) {
      if (*known == contents_form::json) return {};
      return "payload.root is missing: only as json shows all roots";
    }
    return read_string("payload.root", root, request_.contents.root.emplace());
  }

  raw_value type_;
  raw_value document_;
  raw_value message_id_;
  raw_value payload_;
  request request_;
};

tl::unexpected<bad_request> refuse_whole(std::string why) {
  return tl::unexpected<bad_request>({std::move(why), std::nullopt, std::nullopt});
}

}  // namespace

tl::expected<request, bad_request> decode_request(std::string_view text) {
  if (!is_valid_utf8(as_bytes(text))) return refuse_whole("the message is not UTF-8");
  // The message itself is a level above its payload.
  if (const auto checked = check_json(text, payload_depth_max + 1); !checked) {
    if (checked.error().code != errc::too_deep)
      return refuse_whole(describe_failure("the message is not JSON", checked.error()));
    const std::string limit = std::to_string(payload_depth_max);
    return refuse_whole(
        describe_failure("a value is nested more than " + limit + " deep", checked.error()));
  }
  const std::string_view value = trimmed(text);
  if (!is_object(value)) return refuse_whole("the message must be an object");
  return request_reader{value}.read();
}

std::string whole_members(std::string_view head) {
  std::size_t end = 0;  // behind the last whole member
  std::size_t depth = 0;
  bool is_in_string = false;
  for (std::size_t i = 0; i < head.size(); ++i) {
    const char c = head[i];
    if (is_in_string) {
      if (c == '\\')
        ++i;
      else
        is_in_string = c != '"';
    } else if (c == '"') {
      is_in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth-- <= 1) break;
    } else if (c == ',' && depth == 1) {
      end = i;
    }
  }
  return std::string{head.substr(0, end)} + '}';
}

}  // namespace troupe::json
