#include "actors/admin_sessions.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "actors/admin_documents.hpp"
#include "actors/admin_json.hpp"
#include "actors/admin_pages.hpp"
#include "net/request_target.hpp"
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

constexpr std::array subject_members{std::string_view{"user"}, std::string_view{"tokenId"},
                                     std::string_view{"document"}};
constexpr std::array close_members{std::string_view{"user"}, std::string_view{"tokenId"},
                                   std::string_view{"document"}, std::string_view{"seconds"}};
constexpr std::array rights_members{std::string_view{"user"},     std::string_view{"tokenId"},
                                    std::string_view{"document"}, std::string_view{"seconds"},
                                    std::string_view{"rights"},   std::string_view{"grant"}};

/// A member that is not known may be meant to narrow what is asked for.
template <class Members>
read_result<json> read_members(const http_request& request, const Members& known) {
  auto body = read_object(request.body);
  if (!body) return refuse(body.error());
  for (const auto& [name, value] : body->items())
    if (std::ranges::find(known, name) == known.end())
      return refuse("'" + name + "' is no member of such a request");
  return *std::move(body);
}

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

/// A grant is for somebody in one document, and has an end: it can give everything to nobody else.
read_result<bool> read_grant(const json& body, const access_query& query) {
  const auto member = body.find("grant");
  if (member == body.end() || member->is_null()) return false;
  if (!member->is_boolean()) return refuse("grant must be true or false");
  if (!member->get<bool>()) return false;
  if ((query.what.user.empty() && query.what.token_id.empty()) || query.what.document.empty())
    return refuse("a grant needs a document, and user or tokenId");
  if (query.lasts.count() == 0) return refuse("a grant needs seconds above 0");
  return true;
}

read_result<access_query> read_rights(const json& body) {
  access_query query;
  TROUPE_ASSIGN(query.what, read_subject(body));
  TROUPE_ASSIGN(query.what.may, read_words(body));
  TROUPE_ASSIGN(query.lasts, read_seconds(body, change_lasts_default));
  TROUPE_ASSIGN(query.what.is_grant, read_grant(body, query));
  query.what.is_passing = query.lasts.count() == 0;
  return query;
}

void add_subject(json& to, const access_change& of) {
  if (!of.user.empty()) to["user"] = of.user;
  if (!of.token_id.empty()) to["tokenId"] = of.token_id;
  if (!of.document.empty()) to["document"] = of.document;
}

json words_of(rights may) {
  json words = json::array();
  for (const auto& [each, word] :
       {std::pair{right::read, "read"}, std::pair{right::write, "write"},
        std::pair{right::presence, "presence"}, std::pair{right::admin, "admin"}})
    if (may.contains(each)) words.push_back(word);
  if (!may.contains(right::presence)) words.push_back("no_presence");
  return words;
}

std::string name_of_subject(const access_change& of) {
  std::string text;
  const auto add = [&](std::string_view word, const std::string& value) {
    if (!value.empty()) text.append(word).append(" '").append(value).append("'");
  };
  add(" of user", of.user);
  add(" of token", of.token_id);
  add(" in document", of.document);
  return text;
}

std::uint64_t number_in(const json& body, const char* name) {
  const auto at = body.find(name);
  return at != body.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
}

json to_json(const access_changes::counting& one) {
  json shown{{"id", one.number}};
  add_subject(shown, one.what);
  if (one.what.may)
    shown["rights"] = words_of(*one.what.may);
  else
    shown["closed"] = true;
  if (one.what.is_grant) shown["grant"] = true;
  shown["seconds"] = one.lasts.count();
  return shown;
}

}  // namespace

read_result<access_query> read_close(const http_request& request) {
  TROUPE_ASSIGN(const json body, read_members(request, close_members));
  return read_close(body);
}

read_result<access_query> read_rights(const http_request& request) {
  TROUPE_ASSIGN(const json body, read_members(request, rights_members));
  return read_rights(body);
}

read_result<access_query> read_lift(const http_request& request) {
  std::string_view rest = query_of_target(request.target);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    const std::string_view name = one.substr(0, one.find('='));
    if (!one.empty() && std::ranges::find(subject_members, name) == subject_members.end())
      return refuse("'" + std::string{name} + "' is no parameter of such a request");
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
  }
  json subject = json::object();
  for (const std::string_view name : subject_members) {
    TROUPE_ASSIGN(auto value, read_parameter(request, name));
    if (value && !value->empty()) subject[std::string{name}] = *std::move(value);
  }
  access_query query;
  TROUPE_ASSIGN(query.what, read_subject(subject));
  query.is_lift = true;
  return query;
}

read_result<changes_query> read_changes_page(const http_request& request) {
  auto page = read_page_query(request.target);
  if (!page) return refuse(page.error());
  const auto after =
      page->after.empty() ? std::optional<std::uint64_t>{0} : read_number(page->after);
  if (!after) return refuse("after must be the id of a change");
  return changes_query{*after, page->limit};
}

/// A lift has its subject a level below, where nodes of earlier versions do not find it: they would
/// take it for a closure.
std::string to_text(const access_query& query) {
  json text{{"seconds", query.lasts.count()}};
  json subject = json::object();
  add_subject(query.is_lift ? subject : text, query.what);
  if (query.is_lift) text["lift"] = std::move(subject);
  if (query.what.may) text["rights"] = words_of(*query.what.may);
  if (query.what.is_grant) text["grant"] = true;
  if (query.what.made_at != 0) text["at"] = query.what.made_at;
  if (query.wants_answer) text["wantsAnswer"] = true;
  return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

read_result<access_query> from_text(std::string_view text) {
  const auto body = read_object(std::string{text});
  if (!body) return refuse(body.error());
  access_query query;
  if (const auto lifted = body->find("lift"); lifted != body->end()) {
    if (!lifted->is_object()) return refuse("lift must be an object");
    TROUPE_ASSIGN(query.what, read_subject(*lifted));
    TROUPE_ASSIGN(query.lasts, read_seconds(*body, change_lasts_default));
    query.is_lift = true;
  } else {
    TROUPE_ASSIGN(query, body->contains("rights") ? read_rights(*body) : read_close(*body));
  }
  query.what.made_at = number_in(*body, "at");
  query.wants_answer = body->value("wantsAnswer", json(false)) == true;
  return query;
}

/// Nodes of earlier versions ask for none, and would take it for a change of nobody.
std::string to_text(const done_access& done) {
  json text{{"done", done.number}, {"sessions", done.sessions}, {"unfinished", done.unfinished}};
  if (done.has_failed) text["failed"] = true;
  return text.dump();
}

std::optional<done_access> done_in(std::string_view text) {
  const auto body = read_object(std::string{text});
  if (!body || !body->contains("done")) return std::nullopt;
  return done_access{number_in(*body, "done"), number_in(*body, "sessions"),
                     number_in(*body, "unfinished"), body->contains("failed")};
}

std::string describe(const access_query& query) {
  std::string text = "an operator closes the sessions";
  if (query.is_lift)
    text = "an operator lifts the change";
  else if (query.what.may)
    text = std::string{query.what.is_grant ? "an operator grants the rights '"
                                           : "an operator leaves only the rights '"}
               .append(to_string(*query.what.may))
               .append("'");
  text.append(name_of_subject(query.what));
  if (query.is_lift) return text;
  return text.append(", for ").append(std::to_string(query.lasts.count())).append(" s");
}

http_answer show_changes(const std::vector<access_changes::counting>& all,
                         const changes_query& page) {
  std::vector<access_changes::counting> behind;
  std::size_t count = 0;
  bool has_more = false;
  for (const access_changes::counting& each : all) {
    if (each.is_lifted) continue;
    ++count;
    if (each.number <= page.after) continue;
    has_more = behind.size() >= page.limit;
    if (!has_more) behind.push_back(each);
  }
  return answer_list(
      "changes", behind, json{{"count", count}}, has_more,
      [](const access_changes::counting& each) { return to_json(each); },
      [](const access_changes::counting& each) { return json(each.number); });
}

http_answer show_lifted(std::optional<std::chrono::seconds> lasts) {
  if (!lasts)
    return answer_error(404, "no change is kept for exactly this user, token and document");
  return answer_json(200, {{"lifted", true}, {"seconds", lasts->count()}});
}

/// It counts in any case; what was not waited for is named, for whoever relies on it.
http_answer show_changed(const access_query& query, const applied_access& applied) {
  json shown{{"sessions", applied.sessions}, {"seconds", query.lasts.count()}};
  if (applied.unfinished > 0 || !applied.silent.empty())
    shown["unfinished"] = {{"requests", applied.unfinished}, {"nodes", applied.silent}};
  if (query.what.may) shown["rights"] = to_string(*query.what.may);
  if (query.what.is_grant) shown["grant"] = true;
  return answer_json(200, shown);
}

}  // namespace troupe::admin
