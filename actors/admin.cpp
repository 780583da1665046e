#include "actors/admin.hpp"

namespace troupe {

namespace {

/// An operator's request waits no longer than this for the node.
constexpr std::chrono::seconds patience{5};

}  // namespace

admin_request::behavior_type admin_request::make_behavior() {
  end_on_exception(this);
  return {[this](const answer_admin_request& order) {
    const admin::admin_query query = admin::read_request(*order.request);
    if (const auto* sessions = std::get_if<admin::sessions_query>(&query))
      show_sessions(*sessions);
    else if (const auto* news = std::get_if<admin::notify_query>(&query))
      notify(*news);
    else if (const auto* documents = std::get_if<admin::documents_query>(&query))
      show_documents(*documents);
    else
      finish(std::get<http_answer>(query));
  }};
}

void admin_request::on_exit() {
  if (answer_) finish(admin::show_failure());
  supervisor_ = nullptr;
}

void admin_request::finish(http_answer with) {
  if (const auto answer = std::exchange(answer_, nullptr)) answer(std::move(with));
  quit();
}

void admin_request::show_sessions(const admin::sessions_query& wanted) {
  request(supervisor_, patience, list_presence{})
      .then(
          [this, wanted](const listed_presence& presence) {
            request(supervisor_, patience, list_sessions{})
                .then(
                    [this, wanted, presence](const listed_sessions& listed) {
                      finish(admin::show_sessions(listed, presence, wanted));
                    },
                    [this](const caf::error&) { finish(admin::show_failure()); });
          },
          [this](const caf::error&) { finish(admin::show_failure()); });
}

void admin_request::show_documents(const admin::documents_query& wanted) {
  request(supervisor_, patience, list_documents{})
      .then(
          [this, wanted](const listed_documents& documents) {
            request(supervisor_, patience, list_sessions{})
                .then(
                    [this, wanted, documents](const listed_sessions& sessions) {
                      finish(admin::show_documents(documents, sessions, wanted));
                    },
                    [this](const caf::error&) { finish(admin::show_failure()); });
          },
          [this](const caf::error&) { finish(admin::show_failure()); });
}

void admin_request::notify(const admin::notify_query& wanted) {
  request(supervisor_, patience,
          notify_document{wanted.document, admin::file_changed_payload(wanted.path)})
      .then([this, name = wanted.document](
                const notified_document& told) { finish(admin::show_notified(told, name)); },
            [this](const caf::error&) { finish(admin::show_failure()); });
}

void admin_handler::on_request(http_request request, std::function<void(http_answer)> answer) {
  // The connection is spoken to on its own thread only.
  const auto back = [&unit = unit_, answer = std::move(answer)](http_answer with) {
    unit.post([answer, with = std::move(with)] { answer(with); });
  };
  const auto actor = system_.spawn<admin_request>(supervisor_, back);
  tell_anonymously(actor,
                   answer_admin_request{std::make_shared<const http_request>(std::move(request))});
}

}  // namespace troupe
