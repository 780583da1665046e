#include "actors/gateway_session.hpp"

#include <algorithm>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/sec.hpp>

#include "actors/admin_edits.hpp"
#include "actors/admin_json.hpp"
#include "actors/failure_codes.hpp"
#include "base/document_name.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

namespace {

/// How long a document or the store may take.
constexpr std::chrono::seconds request_patience{60};

caf::error client_refusal(client_error code, std::string text) {
  return caf::make_error(code, std::move(text));
}

/// What an actor of the node says instead of an answer.
caf::error to_client_error(const caf::error& why) {
  if (why == caf::sec::request_timeout)
    return client_refusal(client_error::unavailable,
                          "it takes too long, as when storage cannot write; it may yet be done");
  const close_reason reason = to_close_reason(why);
  const auto code =
      reason == close_reason::document_removed ? client_error::removed : client_error::unavailable;
  return client_refusal(code, std::string{describe(reason).text});
}

caf::error to_client_error(const imported_update& outcome) {
  const failure& why = outcome.refusal;
  std::string text = why.detail.empty() ? to_string(why) : why.detail;
  if (outcome.edit_index) text.append(" (edit ").append(std::to_string(*outcome.edit_index)) += ')';
  if (close_reason_for(why.code) == close_reason::storage_unavailable)
    return client_refusal(client_error::unavailable, std::move(text));
  return client_refusal(why.code == errc::edit_conflict ? client_error::edit_conflict
                                                        : client_error::refused_edit,
                        std::move(text));
}

static_assert(client::origin_size_bytes_max == hosted_document::origin_name_bytes_max);

std::optional<admin::export_form> form_of(std::uint8_t wanted) {
  switch (static_cast<document_form>(wanted)) {
    case document_form::update: return admin::export_form::update;
    case document_form::json: return admin::export_form::json;
    case document_form::text: return admin::export_form::text;
    case document_form::xml: return admin::export_form::xml;
    case document_form::delta: return admin::export_form::delta;
  }
  return std::nullopt;
}

/// Pages end their JSON with a new line, which is none of the document's.
std::string contents_in(const http_answer& page) {
  const bool is_json = page.content_type == "application/json" && page.body.ends_with('\n');
  return page.body.substr(0, page.body.size() - (is_json ? 1 : 0));
}

/// As it stands in an entity tag: between quotes.
std::string version_in(const std::string& etag) {
  return etag.size() < 2 ? std::string{} : etag.substr(1, etag.size() - 2);
}

identity identity_of(const gateway_client& who) {
  identity named{.user = who.user};
  named.token_id = who.token_id;
  return named;
}

}  // namespace

gateway_session::gateway_session(caf::actor_config& config, std::shared_ptr<gateway_desk> desk,
                                 std::shared_ptr<void> place, gateway_client who,
                                 caf::strong_actor_ptr owner)
    : gateway_session_actor::base(config),
      desk_(std::move(desk)),
      place_(std::move(place)),
      who_(std::move(who)),
      identity_(who_.is_operator ? nullptr : std::make_shared<const identity>(identity_of(who_))),
      owner_(std::move(owner)),
      id_(desk_->next_session()) {}

gateway_session::behavior_type gateway_session::make_behavior() {
  end_on_exception(this);
  set_default_handler(caf::drop);
  set_down_handler([this](const caf::down_msg& down) { on_down(down); });
  set_exit_handler([this](const caf::exit_msg&) { end(); });
  watch(this, owner_);
  ask_for_address();
  tell_later(this, gateway_session_actor{this}, look_at_rights, second_passed{});
  return {
      // as a hub
      [this](const deliver_batch& batch) { on_batch(batch); },
      [](const close_subscribers&) {},
      [](const close_all_sessions&) {},
      [this](const change_access& change) { return on_change(*change.what); },
      [this](const list_sessions& which) { return on_list(which); },
      [](const describe_sessions&) { return listed_sessions{}; },
      [](const survey_sessions&) { return surveyed_sessions{}; },
      // notes
      [this](const contents_made& made) { on_contents(made); },
      [this](const second_passed&) { on_second(); },
      // for the program
      [this](const read_document& which) { return on_read(which); },
      [this](const edit_document& order) { return on_edit(order); },
      [this](const apply_client_update& order) { return on_update(order); },
      [this](const observe_document& which) { return on_observe(which); },
      [this](const changes_noted& which) { on_noted(which); },
      [this](const stop_observing& which) { on_stop_observing(which); },
  };
}

void gateway_session::on_exit() {
  for (const auto& [name, each] : observed_) {
    tell(this, caf::actor_cast<client::observer>(each.observer),
         observation_ended{name, "the session has ended"});
    forget(each);
  }
  observed_.clear();
  contents_.clear();
  owner_ = nullptr;
  desk_.reset();
  place_.reset();
}

/// Why a request about a document is not carried out; nothing if it is.
caf::error gateway_session::refusal_of(const std::string& document, right needed) {
  if (const auto good = check_document_name(document); !good)
    return client_refusal(client_error::invalid_request,
                          "the name of the document: " + good.error().detail);
  if (is_ending_) return client_refusal(client_error::forbidden, "the session was closed");
  const auto may = rights_to(document);
  if (!may) return client_refusal(client_error::wrong_token, "the token is no good any more");
  if (!may->contains(needed))
    return client_refusal(client_error::forbidden, "the token has no right to this document");
  if (!desk_->may_ask(who_))
    return client_refusal(client_error::unavailable, "this user asks too often");
  if (requests_ >= client::requests_max)
    return client_refusal(client_error::unavailable, "too many requests have no answer yet");
  ++requests_seen_;
  return {};
}

// --- reading ---

/// The document is opened for it, as for a session: in a cluster it asks the keepers.
caf::result<document_contents> gateway_session::on_read(const read_document& which) {
  if (auto why = refusal_of(which.document, right::read)) return why;
  const auto form = form_of(which.form);
  if (!form) return client_refusal(client_error::invalid_request, "there is no such form");
  auto place = gateway_desk::take_read(desk_);
  if (!place) return client_refusal(client_error::unavailable, "too many documents are being read");
  admin::export_query query{*form, std::nullopt};
  if (!which.root.empty()) query.root = which.root;
  const auto promise =
      std::make_shared<contents_promise>(make_response_promise<document_contents>());
  ++requests_;
  const auto give_up = [this, promise](const caf::error& why) {
    --requests_;
    promise->deliver(to_client_error(why));
  };
  request(desk_->directory(), request_patience, open_document{which.document, std::nullopt})
      .then(
          [this, name = which.document, query, promise, place, give_up](const opened_document&) {
            request(desk_->directory(), request_patience, export_state{name})
                .then(
                    [this, name, query, promise, place, give_up](const exported_state& live) {
                      if (!live.is_open)
                        return give_up(to_caf_error(close_reason::document_failed));
                      write_out(name, query, live, {*promise, place});
                    },
                    give_up);
          },
          give_up);
  return *promise;
}

void gateway_session::write_out(const std::string& name, const admin::export_query& query,
                                const exported_state& live, awaited_contents awaited) {
  const std::uint64_t number = ++last_contents_;
  contents_.emplace(number, std::move(awaited));
  const auto made = std::make_shared<http_answer>();
  desk_->workers().submit(
      [made, query, live, with = desk_->settings().doc_of(name)] {
        try {
          *made = admin::show_export(query, live.state, with, live.version);
        } catch (const std::exception&) {
          made->status = 503;
        }
      },
      [made, number, to = gateway_session_actor{this}] {
        tell_anonymously(to, contents_made{number, made});
      });
}

void gateway_session::on_contents(const contents_made& made) {
  const auto awaited = contents_.find(made.number);
  if (awaited == contents_.end()) return;
  auto promise = std::move(awaited->second.promise);
  contents_.erase(awaited);
  --requests_;
  const http_answer& answer = *made.answer;
  if (answer.status != 200)
    return promise.deliver(client_refusal(answer.status >= 500 ? client_error::unavailable
                                                               : client_error::invalid_request,
                                          admin::error_of(answer)));
  if (answer.body.size() > client::contents_size_bytes_max)
    return promise.deliver(
        client_refusal(client_error::too_large, "the contents are above 256 MiB"));
  promise.deliver(document_contents{contents_in(answer), version_in(answer.etag)});
}

// --- editing ---

caf::result<edited_document> gateway_session::on_edit(const edit_document& order) {
  auto under_way = desk_->begin(who_, order.document);
  if (auto why = refusal_of(order.document, right::write)) return why;
  if (order.edits.size() > client::edits_size_bytes_max)
    return client_refusal(client_error::invalid_request, "the edits are above 16 MiB");
  auto parsed = edits::batch::parse(order.edits);
  if (!parsed)
    return client_refusal(client_error::invalid_request, edits::to_string(parsed.error()));
  import_update wanted{order.document, {}};
  wanted.edits = std::make_shared<const edits::batch>(*std::move(parsed));
  wanted.under_way = std::move(under_way);
  return carry_out(std::move(wanted), order.origin, order.if_version);
}

caf::result<edited_document> gateway_session::on_update(const apply_client_update& order) {
  auto under_way = desk_->begin(who_, order.document);
  if (auto why = refusal_of(order.document, right::write)) return why;
  if (order.update.empty() || order.update.size() > desk_->settings().update_bytes_max)
    return client_refusal(client_error::invalid_request,
                          "an update has 1 byte to " +
                              std::to_string(desk_->settings().update_bytes_max) +
                              " (limits.max_sync_size)");
  import_update wanted{order.document, shared_bytes::copy_of(as_bytes(order.update))};
  wanted.under_way = std::move(under_way);
  return carry_out(std::move(wanted), order.origin, order.if_version);
}

/// Through the directory, as all that operators change; answered when it is durable.
caf::result<edited_document> gateway_session::carry_out(import_update order,
                                                        const std::string& origin,
                                                        const std::string& if_version) {
  if (!admin::is_origin_name(origin))
    return client_refusal(client_error::invalid_request,
                          "an origin has at most 128 bytes and no control characters");
  order.origin_name = origin;
  order.user = who_.user;
  order.wants_version = true;
  if (!if_version.empty()) {
    order.condition.must_exist = true;
    order.condition.one_of = {if_version};
  }
  auto promise = make_response_promise<edited_document>();
  ++requests_;
  request(desk_->directory(), request_patience, std::move(order))
      .then(
          [this, promise](const imported_update& outcome) mutable {
            using what = imported_update::outcome;
            --requests_;
            if (outcome.what == what::refused) return promise.deliver(to_client_error(outcome));
            if (outcome.what == what::unmatched || outcome.what == what::exists)
              return promise.deliver(
                  client_refusal(client_error::edit_conflict, "the document has another version"));
            if (outcome.what == what::unconfirmed)
              return promise.deliver(client_refusal(
                  client_error::unavailable,
                  "it is done here, but too few of the nodes that keep the document have "
                  "confirmed it in time"));
            promise.deliver(
                edited_document{outcome.what == what::changed, outcome.has_gap, outcome.version});
          },
          [this, promise](const caf::error& why) mutable {
            --requests_;
            promise.deliver(to_client_error(why));
          });
  return promise;
}

// --- observing ---

caf::result<observing_document> gateway_session::on_observe(const observe_document& which) {
  if (auto why = refusal_of(which.document, right::read)) return why;
  const caf::strong_actor_ptr observer = current_sender();
  if (!observer)
    return client_refusal(client_error::invalid_request, "the request has no sender to notify");
  if (const auto known = observed_.find(which.document); known != observed_.end()) {
    known->second.observer = observer;
    return observing_document{which.document};
  }
  if (observed_.size() >= client::observed_documents_max)
    return client_refusal(client_error::unavailable,
                          "the session observes 1,000 documents already");
  join_document join;
  join.who.session = id_;
  join.who.may = rights{right::read};
  join.who.who = identity_;
  join.hub = gateway_session_actor{this};
  auto promise = make_response_promise<observing_document>();
  ++requests_;
  const auto underway = std::make_shared<opening>(opening{which.document});
  opening_.push_back(underway);
  // Without a time-out: the document has the session from then on, whenever that is.
  request(desk_->directory(), caf::infinite, open_document{which.document, join})
      .then(
          [this, promise, observer, underway](const opened_document& opened) mutable {
            --requests_;
            std::erase(opening_, underway);
            if (auto why = opened_too_late(*underway, opened)) {
              promise.deliver(std::move(why));
            } else {
              begin_observing(underway->document, opened, observer);
              promise.deliver(observing_document{underway->document});
            }
            end_if_nothing_opens();
          },
          [this, promise, underway](const caf::error& why) mutable {
            --requests_;
            std::erase(opening_, underway);
            promise.deliver(to_client_error(why));
            end_if_nothing_opens();
          });
  return promise;
}

/// Documents that are on their way to it would keep a session that never leaves.
void gateway_session::end() {
  is_ending_ = true;
  end_if_nothing_opens();
}

void gateway_session::end_if_nothing_opens() {
  if (is_ending_ && opening_.empty()) quit();
}

/// What has changed while the document was opened counts; then it leaves it again.
caf::error gateway_session::opened_too_late(const opening& which, const opened_document& opened) {
  if (!is_ending_ && !which.is_closed && may_read(which.document)) return {};
  tell(this, opened.document, leave_document{id_});
  return client_refusal(client_error::forbidden, "the document was closed to this session");
}

/// It is addressed from its first request on: who is present, which is the least that one can ask.
void gateway_session::begin_observing(const std::string& name, const opened_document& opened,
                                      const caf::strong_actor_ptr& observer) {
  const auto [at, is_new] = observed_.try_emplace(name);
  if (!is_new && at->second.document != opened.document) forget(at->second);
  if (is_new || at->second.document != opened.document) watch(this, opened.document);
  at->second.id = opened.id;
  at->second.document = opened.document;
  at->second.observer = observer;
  request_batch first;
  first.entries.push_back({request_kind::query_presence, dialect::y_websocket});
  tell(this, opened.document, client_batch{id_, std::move(first)});
}

gateway_session::observed_map::iterator gateway_session::find(document_id id) {
  return std::ranges::find_if(observed_, [id](const auto& each) { return each.second.id == id; });
}

void gateway_session::on_batch(const deliver_batch& batch) {
  const auto of = find(batch.document);
  if (of == observed_.end()) return;
  for (const byte_view update : updates_for(id_, batch.in(dialect::y_websocket)))
    of->second.feed.add(update);
  for (const deliver_batch::closing& each : batch.closings)
    if (each.session == id_) return end_observing(of, std::string{describe(each.reason).text});
  send_news(of->first, of->second);
}

void gateway_session::send_news(const std::string& name, observed& of) {
  auto news = of.feed.take();
  if (!news) return;
  tell(this, caf::actor_cast<client::observer>(of.observer),
       document_changed{name, news->number, std::move(news->updates), news->has_missed});
}

void gateway_session::on_noted(const changes_noted& which) {
  const auto of = observed_.find(which.document);
  if (of == observed_.end()) return;
  of->second.feed.on_noted(which.number);
  send_news(of->first, of->second);
}

void gateway_session::on_stop_observing(const stop_observing& which) {
  const auto of = observed_.find(which.document);
  if (of == observed_.end()) return;
  forget(of->second);
  observed_.erase(of);
}

void gateway_session::end_observing(observed_map::iterator which, const std::string& why) {
  tell(this, caf::actor_cast<client::observer>(which->second.observer),
       observation_ended{which->first, why});
  forget(which->second);
  observed_.erase(which);
}

void gateway_session::forget(const observed& of) {
  tell(this, of.document, leave_document{id_});
  demonitor(of.document);
}

void gateway_session::on_down(const caf::down_msg& down) {
  if (owner_ && down.source == caf::actor_cast<caf::actor_addr>(owner_)) return end();
  const auto of = std::ranges::find_if(
      observed_, [&](const auto& each) { return each.second.document.address() == down.source; });
  if (of == observed_.end()) return;
  const close_reason why =
      down.reason ? to_close_reason(down.reason) : close_reason::server_stopping;
  end_observing(of, std::string{describe(why).text});
}

}  // namespace troupe
