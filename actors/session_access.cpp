// Who the client of a session is and what it may do, as the token or the application says, now and
// again. Functions of the class session.
#include <algorithm>

#include "actors/failure_codes.hpp"
#include "actors/session.hpp"
#include "protocol/access/permission_words.hpp"

namespace troupe {

namespace {

authorise question_about(const std::string& document, const identity_ptr& who) {
  webhook::question what{.document = document, .user = user_of(who), .address = address_of(who)};
  if (who && who->shown) {
    what.token = who->shown->token;
    what.origin = who->shown->origin;
  }
  return {std::move(what)};
}

/// An answer that is half understood allows nothing.
rights rights_in(const authorised& answer) {
  if (answer.what != authorised::outcome::granted) return {};
  const auto allowed = access::permission_of(
      answer.allowed.rights, [](std::string_view word) { return std::optional{word}; });
  return allowed ? allowed->effective() : rights{};
}

std::optional<std::chrono::steady_clock::time_point>
expiry_of(const webhook::authorisation& answer) {
  if (!answer.expires_at) return std::nullopt;
  return steady(std::chrono::system_clock::time_point{
      std::chrono::seconds{static_cast<std::int64_t>(*answer.expires_at)}});
}

}  // namespace

void session::authorise(const std::string& document) {
  if (const auto may = environment_->access->rights_to(core_.way().who, document))
    return on_authorised(document, *may);
  ask_application(document);
}

/// Meanwhile the client is not read, so little of its input waits.
void session::ask_application(const std::string& document) {
  request(environment_->authoriser, caf::infinite, question_about(document, core_.way().who))
      .then([this, document](const authorised& answer) { on_authorised(document, answer); },
            [this, document](const caf::error&) {
              on_authorised(document, authorised{.allowed = {}, .why = {}});
            });
}

void session::on_authorised(const std::string& document, const authorised& answer) {
  if (answer.what == authorised::outcome::unavailable) {
    return handle([&](auto at, auto& out) {
      core_.on_refused(document, close_reason::access_unavailable, at, out);
    });
  }
  // No grant of an operator makes a yes of the application's no.
  if (answer.what == authorised::outcome::denied) {
    note_forbidden(document);
    return handle([&](auto at, auto& out) { core_.on_authorised(document, rights{}, at, out); });
  }
  if (answer.what == authorised::outcome::granted) {
    core_.on_identified(document, environment_->access->identify(answer.allowed, core_.way().who),
                        expiry_of(answer.allowed));
    note_answer(document, answer.allowed);
  }
  on_authorised(document, rights_in(answer));
}

/// What the application has said holds for a while.
void session::note_answer(const std::string& document, const webhook::authorisation& answer) {
  if (!questions_) questions_ = std::make_unique<question_schedule>();
  questions_->on_answer(document, answer.asks_again, core_.id());
}

void session::ask_again(time_point now) {
  for (const std::string& name :
       questions_->take_due(now, [&](const std::string& each) { return has_joined(each); })) {
    const auto what = question_about(name, core_.who_in(name));
    request(environment_->authoriser, caf::infinite, what)
        .then([this, name](const authorised& answer) { on_asked_again(name, answer); },
              [this, name](const caf::error&) {
                on_asked_again(name, authorised{.allowed = {}, .why = {}});
              });
  }
}

/// While the application is away those who are here stay, until what it has said expires.
void session::on_asked_again(const std::string& document, const authorised& answer) {
  if (core_.is_closed()) return;
  if (answer.what == authorised::outcome::unavailable)
    return questions_->on_no_answer(document, unit().now(), core_.id());
  note_answer(document, answer.allowed);
  core_.on_given(document, rights_in(answer));
  if (answer.what == authorised::outcome::granted) {
    core_.on_prolonged(document, expiry_of(answer.allowed));
    return set_rights(document, close_reason::access_revoked, unit().now());
  }
  handle([&](auto at, auto& out) {
    core_.on_rights_changed(document, rights{}, close_reason::access_revoked, at, out);
  });
}

/// What has changed while it was found out counts, too.
void session::on_authorised(const std::string& document, rights may) {
  core_.on_given(document, may);
  const joined_document* const of = core_.documents().find(document);
  if (of == nullptr) return;
  const rights left = rights_left(core_.who_in(*of), *of, unit().now());
  if (!left.contains(right::read)) note_forbidden(document);
  handle([&](auto at, auto& out) { core_.on_authorised(document, left, at, out); });
}

/// With the document of its address the session closes, which has a line of its own.
void session::note_forbidden(const std::string& document) {
  if (!environment_->closings || document == core_.way().document) return;
  std::string text = "session " + std::to_string(core_.id()) + " from ";
  text.append(connection_->remote_address())
      .append(" has no right to document '")
      .append(document)
      .append("'");
  log_if_due(log_severity::info,
             environment_->closings->line_for_problem(close_reason::forbidden, document,
                                                      std::move(text), unit().now()));
}

// --- changes of access ---

rights session::rights_left(const identity_ptr& who, const joined_document& of,
                            time_point now) const {
  return environment_->access->changed(who, of.name, of.given, now) & of.within;
}

/// Those of a document that waits for the authoriser are looked at when it has answered.
void session::set_rights(const std::string& document, close_reason why, time_point now) {
  if (core_.is_closed()) return;
  const joined_document* const of = core_.documents().find(document);
  if (of == nullptr || of->state == join_state::authorising) return;
  const rights left = rights_left(core_.who_in(*of), *of, now);
  if (left == of->may) return;
  handle([&](auto at, auto& out) { core_.on_rights_changed(document, left, why, at, out); });
}

/// Changes that were lifted or are outdated give back what they took.
void session::look_at_rights(time_point now) {
  const std::uint64_t moved = environment_->access->generation(now);
  if (std::exchange(access_seen_, moved) == moved) return;
  std::vector<std::string> names;
  for (const joined_document& each : core_.documents()) names.push_back(each.name);
  for (const std::string& each : names) set_rights(each, close_reason::access_revoked, now);
}

// --- tokens in messages ---

/// Without a token the client is who came with the upgrade.
void session::on_token(const std::string& token) {
  const route& way = core_.way();
  identified_client client;
  if (token.empty())
    client = {.who = way.who, .expires = way.expires, .refused = {}, .fault = {}};
  else
    client = environment_->access->identify(token, way.who);
  const bool is_first = core_.awaits_token();
  if (token.empty() && is_first) client.refused = way.refused_without_token;
  if (client.fault && environment_->on_bad_token)
    environment_->on_bad_token(*client.fault, connection_->remote_address());
  if (client.refused) return close(*client.refused);
  if (!is_first) return renew(client);
  handle([&](auto at, auto& out) { core_.on_presented(client.who, client.expires, at, out); });
}

/// A session stays who it is: what it has sent was sent by that user.
void session::renew(const identified_client& client) {
  const std::string& document = core_.way().document;
  if (const auto may = environment_->access->rights_to(client.who, document)) {
    if (user_of(client.who) != user_of(core_.way().who))
      return close(close_reason::unauthenticated);
    return renew(client.who, client.expires, *may);
  }
  request(environment_->authoriser, caf::infinite, question_about(document, client.who))
      .then([this, who = client.who](
                const authorised& answer) { on_renewal(core_.way().document, who, answer); },
            [](const caf::error&) {});  // what was said before holds
}

void session::on_renewal(const std::string& document, const identity_ptr& who,
                         const authorised& answer) {
  if (core_.is_closed() || answer.what == authorised::outcome::unavailable) return;
  const identity_ptr named = environment_->access->identify(answer.allowed, who);
  const bool is_granted = answer.what == authorised::outcome::granted;
  if (is_granted && user_of(named) != user_of(core_.who_in(document)))
    return close(close_reason::unauthenticated);
  note_answer(document, answer.allowed);
  if (is_granted) {
    core_.on_prolonged(document, expiry_of(answer.allowed));
    return renew(named, std::nullopt, rights_in(answer));
  }
  handle([&](auto at, auto& out) { core_.on_renewed(who, std::nullopt, rights{}, at, out); });
}

void session::renew(const identity_ptr& who, std::optional<time_point> expires, rights may) {
  core_.on_given(core_.way().document, may);
  const joined_document* const of = core_.documents().find(core_.way().document);
  const rights left = of == nullptr ? rights{} : rights_left(who, *of, unit().now());
  handle([&](auto at, auto& out) { core_.on_renewed(who, expires, left, at, out); });
}

}  // namespace troupe
