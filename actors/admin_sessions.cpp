#include "actors/admin_sessions.hpp"

#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "actors/admin_documents.hpp"
#include "actors/admin_json.hpp"
#include "actors/admin_pages.hpp"
#include "protocol/access/permission_words.hpp"

namespace troupe::admin {

namespace {

using nlohmann::json;

constexpr std::size_t subject_size_bytes_max = 512;

read_result<std::string> read_text(const json& body, const char* name) {
  const auto member = body.find(name);
  if (member == body.end() || member->is_null()) return std::string{};
  const auto* const text = member->get_ptr<const std::string*>();
  if (text == nullptr || text->empty() || text->size() > subject_size_bytes_max)
    return refuse(std::string{name} + " must be a string of 1 to " +
                  std::to_string(subject_size_bytes_max) + " bytes");
  return *text;
}

read_result<std::chrono::seconds> read_seconds(const json& body, std::chrono::seconds otherwise) {
  const auto member = body.find("seconds");
  if (member == body.end() || member->is_null()) return otherwise;
  const std::chrono::seconds most = change_lasts_max;
  if (!member->is_number_unsigned() ||
      member->get<std::uint64_t>() > static_cast<std::uint64_t>(most.count()))
    return refuse(
        std::string{"seconds must be a whole number up to "}.append(std::to_string(most.count())));
  return std::chrono::seconds{member->get<std::int64_t>()};
}

read_result<access_change> read_subject(const json& body) {
  access_change what;
  for (const auto& [name, into] :
       std::array{std::pair{"user", &what.user}, std::pair{"tokenId", &what.token_id},
                  std::pair{"document", &what.document}}) {
    TROUPE_ASSIGN(*into, read_text(body, name));
  }
  if (what.user.empty() && what.token_id.empty() && what.document.empty())
    return refuse("one of user, tokenId and document is needed");
  return what;
}

read_result<rights> read_words(const json& body) {
  const auto member = body.find("rights");
  const auto text_of = [](const json& word) -> std::optional<std::string_view> {
    if (!word.is_string()) return std::nullopt;
    return word.get_ref<const std::string&>();
  };
  std::optional<access::permission> allowed;
  if (member != body.end())
    allowed = member->is_array() ? access::permission_of(*member, text_of)
                                 : access::permission_of(std::array{std::cref(*member)}, text_of);
  if (!allowed)
    return refuse(std::string{"rights must be a list of "}.append(access::permission_words));
  return allowed->effective();
}

}  // namespace

namespace {

read_result<access_query> read_close(const json& body) {
  access_query query;
  TROUPE_ASSIGN(query.what, read_subject(body));
  const std::chrono::seconds otherwise =
      query.what.token_id.empty() ? std::chrono::seconds{0} : change_lasts_default;
  TROUPE_ASSIGN(query.lasts, read_seconds(body, otherwise));
  query.what.why =
      query.lasts.count() > 0 ? close_reason::access_revoked : close_reason::closed_by_operator;
  return query;
}

read_result<access_query> read_rights(const json& body) {
  access_query query;
  TROUPE_ASSIGN(query.what, read_subject(body));
  TROUPE_ASSIGN(query.what.may, read_words(body));
  TROUPE_ASSIGN(query.lasts, read_seconds(body, change_lasts_default));
  return query;
}

}  // namespace

read_result<access_query> read_close(const http_request& request) {
  const auto body = read_object(request.body);
  if (!body) return refuse(body.error());
  return read_close(*body);
}

read_result<access_query> read_rights(const http_request& request) {
  const auto body = read_object(request.body);
  if (!body) return refuse(body.error());
  return read_rights(*body);
}

std::string to_text(const access_query& query) {
  json text{{"seconds", query.lasts.count()}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text[name] = value;
  };
  add("user", query.what.user);
  add("tokenId", query.what.token_id);
  add("document", query.what.document);
  if (query.what.may) {
    const rights may = *query.what.may;
    text["rights"] = json::array();
    for (const auto& [each, word] :
         {std::pair{right::read, "read"}, std::pair{right::write, "write"},
          std::pair{right::presence, "presence"}, std::pair{right::admin, "admin"}})
      if (may.contains(each)) text["rights"].push_back(word);
    if (!may.contains(right::presence)) text["rights"].push_back("no_presence");
  }
  return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

read_result<access_query> from_text(std::string_view text) {
  const auto body = read_object(std::string{text});
  if (!body) return refuse(body.error());
  return body->contains("rights") ? read_rights(*body) : read_close(*body);
}

std::string describe(const access_query& query) {
  std::string text = query.what.may
                         ? "an operator sets the rights '" + to_string(*query.what.may) + "'"
                         : std::string{"an operator closes the sessions"};
  const auto add = [&](std::string_view word, const std::string& value) {
    if (!value.empty()) text.append(word).append(" '").append(value).append("'");
  };
  add(" of user", query.what.user);
  add(" of token", query.what.token_id);
  add(" in document", query.what.document);
  return text.append(", for ").append(std::to_string(query.lasts.count())).append(" s");
}

http_answer show_changed(const access_query& query, const changed_access& changed) {
  json shown{{"sessions", changed.sessions}, {"seconds", query.lasts.count()}};
  if (query.what.may) shown["rights"] = to_string(*query.what.may);
  return answer_json(200, shown);
}

}  // namespace troupe::admin
