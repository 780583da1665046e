#include "actors/admin.hpp"

#include <algorithm>
#include <set>

#include "actors/access_applier.hpp"
#include "actors/admin_cluster.hpp"
#include "actors/admin_metrics.hpp"
#include "actors/gather.hpp"
#include "base/bearer_text.hpp"
#include "base/wall_clock.hpp"
#include "net/io_unit.hpp"
#include "net/request_target.hpp"

namespace troupe {

namespace {

/// An operator's request waits no longer than this for an actor.
constexpr std::chrono::seconds patience{5};

/// Who asks, in the request log.
constexpr std::string_view role_of_admin = "admin";

/// Pages that need no token.
bool is_for_anybody(const admin::page_request* wanted) {
  using enum admin::page;
  return wanted != nullptr &&
         (wanted->to == health || wanted->to == readiness || wanted->to == dashboard);
}

/// Pages that read nothing from storage before they are answered.
bool is_edit(const admin::page_request& wanted) noexcept {
  using enum admin::page;
  return wanted.to == edit_document || wanted.to == set_text || wanted.to == add_update ||
         wanted.to == create_document || wanted.to == batch;
}

/// The parts that the hubs list, as one page.
void cut_to_page(listed_sessions& all, std::size_t limit) {
  std::erase_if(all.sessions, [&](const session_info& one) { return one.id > all.whole_to; });
  std::ranges::sort(all.sessions, {}, &session_info::id);
  all.has_more = all.has_more || all.sessions.size() > limit;
  if (all.sessions.size() > limit) all.sessions.resize(limit);
}

/// Whose presence a page of sessions needs.
/// Whoever may see one document learns nothing of the others that its sessions have joined.
void show_only(const std::string& document, listed_sessions& page) {
  for (session_info& session : page.sessions)
    std::erase_if(session.documents, [&](const std::string& each) { return each != document; });
}

list_presence presence_query(const listed_sessions& page) {
  std::set<std::string> documents;
  list_presence query;
  for (const session_info& session : page.sessions) {
    query.sessions.push_back(session.id);
    documents.insert(session.documents.begin(), session.documents.end());
  }
  query.documents.assign(documents.begin(), documents.end());
  return query;
}

}  // namespace

admin_request::behavior_type admin_request::make_behavior() {
  end_on_exception(this);
  return {[this](const answer_admin_request& order) { on_request(order); }};
}

void admin_request::on_request(const answer_admin_request& order) {
  under_way_ = order.under_way;
  const http_request& request = *order.request;
  is_of_user_ = request.asker.role == admin::role_of_user;
  const auto open =
      order.page.to == admin::page::documents ? admin::read_open_documents(request) : std::nullopt;
  std::visit([this](const auto& query) { answer(query); },
             open ? *open : admin::read_request(order.page, request));
}

void admin_request::on_exit() {
  if (answer_) finish(admin::show_failure());
  sources_.reset();
  under_way_.reset();
}

void admin_request::finish(http_answer with) {
  if (const auto answer = std::exchange(answer_, nullptr)) answer(std::move(with));
  quit();
}

void admin_request::answer(const list_sessions& query) {
  gather_then(
      this, all_hubs(), query, listed_sessions{}, patience,
      [](listed_sessions& all, const listed_sessions& part) {
        all.count += part.count;
        all.has_more = all.has_more || part.has_more;
        if (part.has_more && !part.sessions.empty())
          all.whole_to = std::min(all.whole_to, part.sessions.back().id);
        all.sessions.insert(all.sessions.end(), part.sessions.begin(), part.sessions.end());
      },
      [this, limit = query.limit, document = query.document](listed_sessions all,
                                                             std::size_t late) {
        if (late > 0) return finish(admin::show_failure());
        cut_to_page(all, limit);
        if (is_of_user_) show_only(document, all);
        add_presence(std::move(all));
      });
}

void admin_request::add_presence(listed_sessions page) {
  request(sources_->directory, patience, presence_query(page))
      .then([this, page](
                const listed_presence& presence) { finish(admin::show_sessions(page, presence)); },
            [this](const caf::error&) { finish(admin::show_failure()); });
}

void admin_request::answer(const list_documents& query) {
  request(sources_->directory, patience, query)
      .then([this](const listed_documents& page) { finish(admin::show_documents(page)); },
            [this](const caf::error&) { finish(admin::show_failure()); });
}

void admin_request::answer(const admin::notify_query& query) {
  request(sources_->directory, patience,
          notify_document{query.document, admin::file_changed_payload(query.path)})
      .then(
          [this, name = query.document](const notified_document& notified) {
            finish(admin::show_notified(notified.is_open, name));
          },
          [this](const caf::error&) { finish(admin::show_failure()); });
}

void admin_request::answer(const describe_webhooks& query) {
  if (!sources_->webhooks) return finish(admin::show_no_webhooks());
  request(sources_->webhooks, patience, query)
      .then([this](const described_webhooks& all) { finish(admin::show_webhooks(all)); },
            [this](const caf::error&) { finish(admin::show_failure()); });
}

void admin_request::answer(const replay_webhooks& query) {
  if (!sources_->webhooks) return finish(admin::show_no_webhooks());
  request(sources_->webhooks, patience, query)
      .then([this, which = query.delivery](
                const replayed_webhooks& again) { finish(admin::show_replayed(again, which)); },
            [this](const caf::error&) { finish(admin::show_failure()); });
}

/// First for those who come, so that nobody slips through in between. The answer goes out when all
/// that the sessions had sent before is handled, and what was let in without a session is done; the
/// access_applier sees to that.
void admin_request::answer(const admin::access_query& order) {
  if (order.is_lift) return lift(order);
  const auto now = std::chrono::steady_clock::now();
  admin::access_query query = order;
  query.what.made_at = sources_->access->next_change_time(wall_clock_ms());
  if (query.lasts.count() > 0 && !sources_->access->add(query.what, now, now + query.lasts))
    return finish(admin::answer_error(503, "too many changes of rights are kept already"));
  log_line(log_severity::info, admin::describe(query));
  // What the application said before the change does not count behind it.
  if (sources_->authoriser) tell(this, sources_->authoriser, forget_authorisations{});
  query.wants_answer = true;
  access_applier_settings how{sources_->directory, all_hubs(), sources_->access, sources_->cluster,
                              admin::to_text(query)};
  spawn<access_applier>(
      std::move(how), std::make_shared<const access_change>(query.what),
      [query, answer = std::exchange(answer_, nullptr)](const applied_access& applied) {
        answer(applied.has_failed ? admin::show_failure() : admin::show_changed(query, applied));
      });
  quit();
}

/// Sessions look at their rights again within a second.
void admin_request::lift(admin::access_query query) {
  query.what.made_at = sources_->access->next_change_time(wall_clock_ms());
  const auto lasts = sources_->access->lift(query.what, std::chrono::steady_clock::now());
  if (!lasts) return finish(admin::show_lifted(lasts));
  query.lasts = *lasts;
  log_line(log_severity::info, admin::describe(query));
  if (sources_->cluster)
    tell_anonymously(sources_->cluster, announce_access{admin::to_text(query)});
  finish(admin::show_lifted(lasts));
}

void admin_request::answer(const admin::changes_query& query) {
  finish(
      admin::show_changes(sources_->access->kept_changes(std::chrono::steady_clock::now()), query));
}

void admin_request::answer(const describe_cluster& query) {
  if (!sources_->cluster) return finish(admin::show_no_cluster());
  request(sources_->cluster, patience, query)
      .then([this](const described_cluster& all) { finish(admin::show_cluster(all)); },
            [this](const caf::error&) { finish(admin::show_failure()); });
}

void admin_request::answer(const change_members& order) {
  if (!sources_->cluster) return finish(admin::show_no_cluster());
  log_line(log_severity::info, admin::describe(order));
  request(sources_->cluster, patience, order)
      .then(
          [this](const changed_members& changed) { finish(admin::show_changed_members(changed)); },
          [this](const caf::error&) { finish(admin::show_failure()); });
}

void admin_request::answer(const list_clients& query) {
  request(sources_->directory, patience, query)
      .then([this](const listed_clients& page) { finish(admin::show_clients(page)); },
            [this](const caf::error&) { finish(admin::show_failure()); });
}

void admin_request::answer(const admin::event_query& query) {
  request(sources_->directory, patience, notify_document{query.document, query.payload})
      .then(
          [this, name = query.document](const notified_document& notified) {
            finish(admin::show_notified(notified.is_open, name));
          },
          [this](const caf::error&) { finish(admin::show_failure()); });
}

void admin_request::answer(const admin::describe_log&) {
  finish(admin::show_log(levels_of_process().chosen()));
}

/// The line comes before a change to fewer lines, and behind one to more.
void admin_request::answer(const admin::log_change& change) {
  log_levels& levels = levels_of_process();
  const log_choice next = change.applied_to(levels.chosen());
  const std::string line = "an operator sets the log to " + admin::describe(next);
  if (!levels.allows(log_severity::info, log_component::admin)) levels.choose(next);
  log_line(log_severity::info, line);
  levels.choose(next);
  finish(admin::show_log(next));
}

void admin_request::answer(const admin::metrics_query&) {
  finish(admin::show_metrics(home_system().metrics()));
}

// --- admin_handler ---

void admin_handler::log_wrong_token(const http_request& request, std::string_view why) {
  const std::lock_guard lock{mutex_};
  const std::uint64_t count =
      wrong_tokens_logged_.note(request.remote_address, io_unit::clock::now());
  if (count > 0)
    log_line(log_severity::warning,
             std::string{guard_.whom() == admin::callers::users ? "a wrong token came from "
                                                                : "a wrong admin token came from "}
                 .append(request.remote_address)
                 .append(why.empty() ? "" : ": ")
                 .append(why)
                 .append(since_last_line(count)));
}

void admin_handler::log_missing_right(const http_request& request, const http_asker& asker) {
  const std::lock_guard lock{mutex_};
  const std::uint64_t count =
      wrong_tokens_logged_.note("right " + request.remote_address, io_unit::clock::now());
  if (count > 0)
    log_line(log_severity::info,
             "a request of user '" + asker.user + "' from " + request.remote_address +
                 " is refused: it has no right to what it asks for" + since_last_line(count));
}

/// The token of a user reaches the pages of the documents to which it has the right; what is stored
/// raw may have what was deleted, and belongs to operators.
admin::judged_token admin_handler::judge(const http_request& head,
                                         const admin::page_request* wanted,
                                         const std::string& token, http_asker& asker) const {
  const auto bearer = sources_->access->bearer_of(
      token, wanted == nullptr ? std::string_view{} : wanted->document, io_unit::clock::now());
  if (!bearer) {
    // What is no JWT at all is the admin token with a slip of the pen.
    const bool is_of_user = bearer.error() && access::looks_like_token(token);
    return {admin::user_token::unknown,
            is_of_user ? access::describe(*bearer.error()) : std::string_view{}};
  }
  asker = {admin::role_of_user, bearer->user, bearer->token_id};
  const bool is_raw = wanted != nullptr && wanted->to == admin::page::export_document &&
                      query_parameter(query_of_target(head.target), "as") == "raw";
  const bool is_allowed =
      wanted != nullptr && wanted->needs && bearer->may.contains(*wanted->needs) && !is_raw;
  return is_allowed ? admin::user_token::allowed : admin::user_token::forbidden;
}

/// Operators may ask as often as they like.
std::optional<http_answer> admin_handler::refusal_of_rate(const http_asker& asker) {
  if (asker.role != admin::role_of_user) return std::nullopt;
  const std::lock_guard lock{mutex_};
  if (rates_.take(admin::share_of(asker), io_unit::clock::now())) return std::nullopt;
  http_answer answer = admin::answer_error(429, "this user asks too often");
  answer.retry_after = std::chrono::seconds{1};
  return answer;
}

void admin_handler::note_refusal(const http_request& head, const admin::page_request* wanted,
                                 const http_asker& asker, const http_answer& refusal) {
  if (!journal_) return;
  request_note note = note_of(head, wanted, wall_clock_ms());
  note.asker = asker;
  journal_->write(note, refusal, {});
}

/// Only what the header says is looked at here. A body takes time to arrive, so the rights of a
/// user are looked at again behind it.
body_plan admin_handler::on_head(const http_request& head) {
  const auto found = admin::find_page(head.method, head.target);
  const auto* const wanted = std::get_if<admin::page_request>(&found);
  http_asker asker;
  const auto users = [&](const std::string& token) { return judge(head, wanted, token, asker); };
  std::string_view fault;
  const auto noted = [&](const std::string& token) {
    const admin::judged_token verdict = users(token);
    fault = verdict.why;
    return verdict;
  };
  auto refusal = guard_.refusal_of(head, io_unit::clock::now(), noted);
  if (refusal && refusal->status == 401 && !head.authorization.empty())
    log_wrong_token(head, fault);
  if (refusal && refusal->status == 403 && asker.role == admin::role_of_user)
    log_missing_right(head, asker);
  if (!refusal) refusal = refusal_of_rate(asker);
  if (refusal) {
    note_refusal(head, wanted, asker, *refusal);
    return {std::move(refusal), 0, {}};
  }
  if (asker.role.empty() && !is_for_anybody(wanted)) asker.role = role_of_admin;
  return {{}, wanted == nullptr ? 0 : desk_->body_bytes_max(*wanted), std::move(asker)};
}

/// Whoever looks whether the node is well asks every few seconds, and is not written down.
std::function<void(http_answer)>
admin_handler::noting(const http_request& request, const admin::page_request& wanted,
                      std::function<void(http_answer)> answer) const {
  if (!journal_ || is_for_anybody(&wanted)) return answer;
  const auto note =
      std::make_shared<const request_note>(note_of(request, &wanted, wall_clock_ms()));
  return [journal = journal_, note, began = io_unit::clock::now(),
          answer = std::move(answer)](http_answer with) {
    journal->write(
        *note, with,
        std::chrono::duration_cast<std::chrono::microseconds>(io_unit::clock::now() - began));
    answer(std::move(with));
  };
}

/// What a user is let do from here on, a change of its rights waits for; null: it changes nothing,
/// or is an operator's.
std::shared_ptr<void> admin_handler::begin(const http_request& request,
                                           const admin::page_request& wanted) const {
  const bool is_reading = !wanted.needs || *wanted.needs == right::read;
  if (is_reading || request.asker.role != admin::role_of_user) return nullptr;
  return sources_->access->requests().begin(request.asker.user, request.asker.token_id,
                                            wanted.document);
}

/// Rights that were taken back while the body came, and conditions that would say nothing.
std::optional<http_answer>
admin_handler::refusal_behind_body(const http_request& request,
                                   const admin::page_request& wanted) const {
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (!is_read && !admin::takes_condition(wanted.to) &&
      !(request.if_match.empty() && request.if_none_match.empty()))
    return admin::answer_error(
        400, "this request takes no If-Match and no If-None-Match; nothing was done");
  const bool was_judged = is_read && !request.has_body;
  if (was_judged || request.asker.role != admin::role_of_user) return std::nullopt;
  http_asker asker;
  const auto token = token_in_authorization(request.authorization);
  const admin::judged_token now = judge(request, &wanted, std::string{token.value_or("")}, asker);
  if (now.what == admin::user_token::allowed) return std::nullopt;
  return admin::answer_error(now.what == admin::user_token::forbidden ? 403 : 401,
                             "the token has lost its right while the body came");
}

void admin_handler::on_request(http_request request, std::function<void(http_answer)> answer) {
  auto found = admin::find_page(request.method, request.target);
  if (auto* const none = std::get_if<http_answer>(&found)) {
    note_refusal(request, nullptr, request.asker, *none);
    return answer(std::move(*none));
  }
  auto& wanted = std::get<admin::page_request>(found);
  if (wanted.to == admin::page::readiness) {
    http_answer state = answer_readiness(readiness_);
    state.ends_connection = true;
    return answer(std::move(state));
  }
  auto under_way = begin(request, wanted);
  if (auto refusal = refusal_behind_body(request, wanted)) {
    note_refusal(request, &wanted, request.asker, *refusal);
    return answer(*std::move(refusal));
  }
  request.authorization.clear();  // nobody behind this needs it
  const auto back = noting(request, wanted, std::move(answer));
  const bool is_stored =
      wanted.by == admin::answered_by::archivist &&
      !(wanted.to == admin::page::documents && admin::read_open_documents(request));
  answer_admin_request order{std::make_shared<const http_request>(std::move(request)),
                             std::move(wanted), std::move(under_way)};
  if (!is_stored)
    return tell_anonymously(system_.spawn<admin_request>(sources_, back), std::move(order));
  if (is_edit(order.page)) {
    if (auto place = archive_desk::take_edit(desk_))
      return tell_anonymously(system_.spawn<archivist>(desk_, std::move(place), back),
                              std::move(order));
    return back(admin::show_failure());
  }
  if (auto place = archive_desk::take_place(desk_, admin::share_of(order.request->asker)))
    return tell_anonymously(system_.spawn<archivist, caf::detached>(desk_, std::move(place), back),
                            std::move(order));
  back(admin::show_failure());
}

// --- prefixed_handler ---

bool prefixed_handler::is_for_api(const http_request& request) const noexcept {
  const std::string_view target = request.target;
  return target.starts_with(prefix_) && target.substr(prefix_.size()).starts_with("/api/v1/");
}

body_plan prefixed_handler::on_head(const http_request& head) {
  if (!is_for_api(head)) return others_->on_head(head);
  http_request behind = head;
  behind.target.erase(0, prefix_.size());
  body_plan plan = api_->on_head(behind);
  if (plan.bytes_max == 0) plan.bytes_max = small_body_bytes_max;
  return plan;
}

void prefixed_handler::on_request(http_request request, std::function<void(http_answer)> answer) {
  if (!is_for_api(request)) return others_->on_request(std::move(request), std::move(answer));
  request.target.erase(0, prefix_.size());
  api_->on_request(std::move(request), std::move(answer));
}

}  // namespace troupe
