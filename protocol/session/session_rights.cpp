// Who the client of a session is and what it may do: the answers of the authoriser, rights that
// change, and tokens that come in messages. Functions of the class session_protocol.
#include <algorithm>
#include <array>

#include "protocol/dialects/dialects.hpp"
#include "protocol/session/session_protocol.hpp"

namespace troupe {

namespace {

/// How long before its token ends a client is asked for another, each time that it is.
constexpr std::array<std::chrono::seconds, 3> token_wanted_before{
    std::chrono::seconds{60}, std::chrono::seconds{40}, std::chrono::seconds{20}};

bool is_over(const joined_document& of, session_protocol::time_point now) {
  return of.state >= join_state::joined && of.answer && of.answer->expires &&
         now >= *of.answer->expires;
}

}  // namespace

void session_protocol::on_authorised(std::string_view document, rights may, moment at,
                                     session_effects& out) {
  joined_document* const joining = documents_.find(document);
  if (is_closed_ || joining == nullptr || joining->state != join_state::authorising) return;
  if (!may.contains(right::read)) return on_refused(document, close_reason::forbidden, at, out);
  joining->state = join_state::opening;
  joining->may = may;
  out.open.emplace_back(document, may);
}

void session_protocol::on_identified(std::string_view document, identity_ptr who,
                                     std::optional<time_point> expires) {
  if (user_of(route_.who).empty() && !user_of(who).empty()) route_.who = who;
  if (joined_document* const of = documents_.find(document))
    answer_about(*of) = {std::move(who), expires};
}

application_answer& session_protocol::answer_about(joined_document& of) const {
  if (!of.answer)
    of.answer = std::make_unique<application_answer>(application_answer{route_.who, std::nullopt});
  return *of.answer;
}

void session_protocol::on_prolonged(std::string_view document, std::optional<time_point> expires) {
  if (joined_document* const of = documents_.find(document)) answer_about(*of).expires = expires;
}

void session_protocol::on_given(std::string_view document, rights may) {
  if (joined_document* const of = documents_.find(document)) of->given = may;
}

void session_protocol::on_narrowed(std::string_view document, rights within) {
  if (joined_document* const of = documents_.find(document)) of->within = of->within & within;
}

/// One at a time, since each is a leave of its own.
bool session_protocol::on_expiry(moment at, session_effects& out) {
  if (is_closed_) return false;
  const auto ended = std::ranges::find_if(
      documents_, [&](const joined_document& each) { return is_over(each, at.now); });
  if (ended == documents_.end()) return false;
  if (is_address(*ended) || documents_.size() == 1) {
    end_with_token(out);
    return false;
  }
  on_document_failed(ended->id, close_reason::token_expired, at, out);
  return true;
}

bool session_protocol::has_expired(time_point now) const noexcept {
  return !is_closed_ && std::ranges::any_of(documents_, [&](const joined_document& each) {
    return is_over(each, now);
  });
}

const identity_ptr& session_protocol::who_in(std::string_view document) const noexcept {
  const joined_document* const of = documents_.find(document);
  return of == nullptr ? route_.who : who_in(*of);
}

/// Before the authoriser has answered, whoever hands its answer on looks at what has changed since.
void session_protocol::on_rights_changed(std::string_view document, rights may, close_reason why,
                                         moment at, session_effects& out) {
  joined_document* const of = documents_.find(document);
  if (is_closed_ || of == nullptr || of->state == join_state::authorising) return;
  if (of->state == join_state::put_off && opening_->asks_authoriser) return;
  of->may = may;
  of->has_new_rights = of->state == join_state::opening;
  if (!may.contains(right::read) && is_address(*of)) {
    out.close = why;
  } else if (of->state >= join_state::joined) {
    if (!may.contains(right::read)) return on_document_failed(of->id, why, at, out);
    out.new_rights.emplace_back(of->id, may);
    announce(*of, out);
  }
}

void session_protocol::on_presented(identity_ptr who, std::optional<time_point> expires, moment at,
                                    session_effects& out) {
  if (is_closed_ || !route_.awaits_token) return;
  route_.awaits_token = false;
  route_.who = std::move(who);
  route_.expires = expires;
  begin_joining(route_.document, out);
  update_reading(at, out);
}

void session_protocol::on_renewed(identity_ptr who, std::optional<time_point> expires, rights may,
                                  moment at, session_effects& out) {
  if (is_closed_) return;
  route_.who = std::move(who);
  route_.expires = expires;
  answers_asked_ = answers_asked_ || token_asked_ > 0;
  token_asked_ = 0;
  joined_document* const of = documents_.find(route_.document);
  if (of == nullptr) return;
  if (of->answer) of->answer->who = route_.who;
  if (of->may != may)
    on_rights_changed(route_.document, may, close_reason::access_revoked, at, out);
  else if (of->state == join_state::joined)
    announce(*of, out);
}

/// Notifies the client what it may do, where it waits for that.
void session_protocol::announce(const joined_document& one, session_effects& out) const {
  route_.dialects.for_each([&](dialect each) {
    if (!codec_of(each).traits().carries_sessions) return;
    notice admitted{.kind = notice_kind::admitted, .body = {}, .extra = {}, .may = one.may};
    out.replies.push_back({each, std::move(admitted), one.name});
  });
}

/// A client that has never answered when it was asked for a token, as providers before 3 do not,
/// would stay without its document for good: it comes back, and shows another one, only once its
/// connection is closed.
void session_protocol::end_with_token(session_effects& out) const {
  out.close = close_reason::token_expired;
  out.closes_all = shares_connection() && !answers_asked_;
}

/// When the first of these ends: the client's token, and the answer about the document of its
/// address.
std::optional<session_protocol::time_point> session_protocol::expiry_of_address() const noexcept {
  const auto of = std::ranges::find_if(
      documents_, [&](const joined_document& each) { return is_address(each); });
  const auto answer = of == documents_.end() || !of->answer ? std::nullopt : of->answer->expires;
  if (!answer || !route_.expires) return answer ? answer : route_.expires;
  return std::min(*answer, *route_.expires);
}

/// A client that can show another token in a message need not reconnect with it.
void session_protocol::ask_for_token(time_point now, session_effects& out) {
  const auto expires = expiry_of_address();
  if (!expires || token_asked_ >= token_wanted_before.size()) return;
  if (*expires - now > token_wanted_before[token_asked_]) return;
  route_.dialects.for_each([&](dialect each) {
    if (!codec_of(each).traits().carries_sessions) return;
    ++token_asked_;
    out.replies.push_back({each, notice{.kind = notice_kind::token_wanted, .body = {}, .extra = {}},
                           route_.document});
  });
}

}  // namespace troupe
