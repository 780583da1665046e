#include "protocol/webhook/event.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "protocol/json/write.hpp"

namespace troupe::webhook {

namespace {

constexpr std::array<std::string_view, event_kind_count> names{
    "document.changed", "document.opened", "document.closed",
    "document.deleted", "session.joined",  "session.left"};

void add_new(std::span<const std::string> more, std::vector<std::string>& to) {
  for (const std::string& each : more) {
    if (to.size() >= authors::count_max) return;
    if (!each.empty() && std::ranges::find(to, each) == to.end()) to.push_back(each);
  }
}

void write_list(std::string_view name, const std::vector<std::string>& list, json::writer& to) {
  to.name(name).open('[');
  for (const std::string& each : list) to.value(each);
  to.close(']');
}

/// The members of an event that only some kinds have.
void write_details(const event& of, json::writer& to) {
  if (of.what == event_kind::document_changed) {
    write_list("authors", of.by.users, to);
    write_list("origins", of.by.origins, to);
  }
  if (of.what != event_kind::session_joined && of.what != event_kind::session_left) return;
  to.name("session").value(of.session);
  to.name("user");
  of.user.empty() ? to.raw("null") : to.value(of.user);
}

void write_facts(const document_facts* facts, json::writer& to) {
  if (facts == nullptr) {
    to.name("stateVector").raw("null").name("bytes").raw("null");
    return;
  }
  std::string vector;
  json::append_base64_string(facts->state_vector, vector);
  to.name("stateVector").raw(vector).name("bytes").value(facts->size);
  if (!facts->contents.empty()) to.name("contents").raw(facts->contents);
}

std::vector<std::string> read_list(const nlohmann::json& from, const char* name) {
  std::vector<std::string> list;
  const auto found = from.find(name);
  if (found == from.end() || !found->is_array()) return list;
  for (const auto& each : *found)
    if (each.is_string()) list.push_back(each.get<std::string>());
  return list;
}

}  // namespace

std::string_view name_of(event_kind kind) noexcept { return names[static_cast<std::size_t>(kind)]; }

std::optional<event_kind> find_event(std::string_view name) noexcept {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<event_kind>(found - names.begin());
}

void authors::add(std::span<const std::string> more_users,
                  std::span<const std::string> more_origins) {
  add_new(more_users, users);
  add_new(more_origins, origins);
}

std::string text_of(const delivery_id& id) {
  std::string digits;
  for (const std::uint8_t byte : id) {
    digits.push_back("0123456789abcdef"[byte >> 4]);
    digits.push_back("0123456789abcdef"[byte & 15]);
  }
  return digits;
}

std::string details_of(const event& of) {
  const bool is_change = of.what == event_kind::document_changed;
  if (is_change && of.by == authors{}) return {};
  json::writer text;
  text.open('{');
  write_details(of, text);
  text.close('}');
  std::string written = text.take();
  return written == "{}" ? std::string{} : written;
}

void read_details(std::string_view details, event& to) {
  const auto parsed = nlohmann::json::parse(details, nullptr, false);
  if (!parsed.is_object()) return;
  to.by.add(read_list(parsed, "authors"), read_list(parsed, "origins"));
  if (const auto session = parsed.find("session");
      session != parsed.end() && session->is_number_unsigned())
    to.session = session->get<session_id>();
  if (const auto user = parsed.find("user"); user != parsed.end() && user->is_string())
    to.user = user->get<std::string>();
}

std::string body_of(const event& of, const document_facts* facts) {
  json::writer text;
  text.open('{');
  text.name("event").value(name_of(of.what));
  text.name("delivery").value(text_of(of.id));
  text.name("at").value(of.happened_at);
  text.name("document").value(of.document);
  write_details(of, text);
  if (of.what == event_kind::document_changed) write_facts(facts, text);
  text.close('}');
  return text.take();
}

}  // namespace troupe::webhook
