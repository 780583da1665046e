#include "actors/y_sweet_handler.hpp"

#include <array>
#include <utility>

#include "actors/admin_pages.hpp"
#include "actors/interfaces.hpp"
#include "actors/random_key.hpp"
#include "base/base64.hpp"
#include "base/bearer_text.hpp"
#include "base/wall_clock.hpp"
#include "net/io_unit.hpp"
#include "net/request_target.hpp"

namespace troupe {

namespace {

using y_sweet_page = y_sweet::page;

constexpr std::string_view role_of_application = "application";

/// 128 bits that nobody can guess, as text that needs no escape in a path.
std::string random_text_id() {
  const siphash_key bits = random_key();
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(bits.first >> (8 * i));
    bytes[8 + i] = static_cast<std::uint8_t>(bits.second >> (8 * i));
  }
  std::string text;
  append_base64url(bytes, text);
  return text;
}

/// What the archivist does for a page.
admin::page_request inner_page(const y_sweet::page_request& wanted) {
  admin::page_request inner;
  inner.by = admin::answered_by::archivist;
  inner.document = wanted.document;
  inner.path = wanted.path;
  switch (wanted.to) {
    case y_sweet_page::as_update: inner.to = admin::page::export_document; break;
    case y_sweet_page::update:
      inner.to = admin::page::add_update;
      inner.takes = admin::body_kind::bytes;
      break;
    default: inner.to = admin::page::storage; break;
  }
  return inner;
}

}  // namespace

y_sweet_handler::y_sweet_handler(caf::actor_system& system, y_sweet_settings settings,
                                 std::shared_ptr<access_control> access,
                                 std::shared_ptr<archive_desk> desk,
                                 std::shared_ptr<http_handler> others)
    : system_(system),
      settings_(std::move(settings)),
      access_(std::move(access)),
      desk_(std::move(desk)),
      others_(std::move(others)),
      guard_({.address = {},
              .allowed_hosts = {},
              .token = access_->client_tokens() != nullptr
                           ? access_->client_tokens()->server_token()
                           : secret{},
              .whom = admin::callers::users}),
      rates_(settings_.user_rate) {}

y_sweet_handler::found_page y_sweet_handler::find_page(const http_request& request) const {
  std::string_view target = request.target;
  if (!target.starts_with(settings_.path)) return std::nullopt;
  target.remove_prefix(settings_.path.size());
  if (!target.starts_with('/')) return std::nullopt;
  return y_sweet::find_page(request.method, target);
}

/// Of somebody who does not show the server token.
admin::judged_token y_sweet_handler::judge(const y_sweet::page_request& wanted,
                                           const std::string& token, http_asker& asker) const {
  const auto bearer = access_->bearer_of(token, wanted.document, io_unit::clock::now());
  if (!bearer) {
    const bool is_of_user = bearer.error() && access::looks_like_token(token);
    return {admin::user_token::unknown,
            is_of_user ? access::describe(*bearer.error()) : std::string_view{}};
  }
  asker = {admin::role_of_user, bearer->user, bearer->token_id};
  const bool is_allowed = wanted.needs && bearer->may.contains(*wanted.needs);
  return is_allowed ? admin::user_token::allowed : admin::user_token::forbidden;
}

/// Where everybody may do everything, a page in a browser still may not: it could send what needs
/// no question before.
std::optional<http_answer> y_sweet_handler::refusal_of(const http_request& head,
                                                       const y_sweet::page_request& wanted,
                                                       http_asker& asker) {
  if (access_->mode() == access::mode::open) return admin::refusal_of_body(head);
  if (auto refusal = guard_.refusal_of(head, io_unit::clock::now(), [&](const std::string& token) {
        return judge(wanted, token, asker);
      }))
    return refusal;
  if (asker.role.empty()) asker.role = role_of_application;
  return refusal_of_rate(asker);
}

/// What a client is let do from here on, a change of its rights waits for; null: it changes
/// nothing, or is the application's.
std::shared_ptr<void> y_sweet_handler::begin(const http_request& request,
                                             const y_sweet::page_request& wanted) const {
  if (wanted.needs != right::write || request.asker.role != admin::role_of_user) return nullptr;
  return access_->requests().begin(request.asker.user, request.asker.token_id, wanted.document);
}

/// A body takes time to arrive, and a client may have lost its right meanwhile.
std::optional<http_answer>
y_sweet_handler::refusal_behind_body(const http_request& request,
                                     const y_sweet::page_request& wanted) const {
  const bool was_judged = wanted.needs != right::write && !request.has_body;
  if (was_judged || request.asker.role != admin::role_of_user) return std::nullopt;
  http_asker asker;
  const auto token = token_in_authorization(request.authorization);
  if (judge(wanted, std::string{token.value_or("")}, asker).what == admin::user_token::allowed)
    return std::nullopt;
  return admin::answer_error(403, "the token has lost its right while the body came");
}

std::optional<http_answer> y_sweet_handler::refusal_of_rate(const http_asker& asker) {
  if (asker.role != admin::role_of_user) return std::nullopt;
  const std::lock_guard lock{mutex_};
  if (rates_.take(admin::share_of(asker), io_unit::clock::now())) return std::nullopt;
  http_answer answer = admin::answer_error(429, "this user asks too often");
  answer.retry_after = std::chrono::seconds{1};
  return answer;
}

void y_sweet_handler::log_wrong_token(const std::string& address) {
  const std::lock_guard lock{mutex_};
  const std::uint64_t count = wrong_tokens_logged_.note(address, io_unit::clock::now());
  if (count > 0)
    log_line(log_severity::warning,
             "a wrong token for the y-sweet API came from " + address + since_last_line(count));
}

body_plan y_sweet_handler::on_head(const http_request& head) {
  const auto found = find_page(head);
  if (!found) return others_->on_head(head);
  const auto* const wanted = std::get_if<y_sweet::page_request>(&*found);
  if (wanted == nullptr) return {std::get<http_answer>(*found), 0, {}};
  if (wanted->to == y_sweet_page::ready) return {};
  http_asker asker;
  if (auto refusal = refusal_of(head, *wanted, asker)) {
    if (refusal->status == 401 && !head.authorization.empty()) log_wrong_token(head.remote_address);
    if (settings_.journal) {
      http_request noted = head;
      noted.asker = asker;
      noting(noted, *wanted, [](const http_answer&) {})(*refusal);
    }
    return {std::move(refusal), 0, {}};
  }
  const std::size_t bytes_max = wanted->to == y_sweet_page::update
                                    ? desk_->body_bytes_max(inner_page(*wanted))
                                    : small_body_bytes_max;
  return {{}, bytes_max, std::move(asker)};
}

void y_sweet_handler::on_request(http_request request, std::function<void(http_answer)> answer) {
  auto found = find_page(request);
  if (!found) return others_->on_request(std::move(request), std::move(answer));
  if (const auto* const refusal = std::get_if<http_answer>(&*found)) return answer(*refusal);
  const auto wanted = std::get<y_sweet::page_request>(*std::move(found));
  if (wanted.to == y_sweet_page::ready)
    return answer(y_sweet::show_ready(settings_.readiness ? settings_.readiness() : std::nullopt));
  auto under_way = begin(request, wanted);
  if (auto refusal = refusal_behind_body(request, wanted)) {
    noting(request, wanted, [](const http_answer&) {})(*refusal);
    return answer(*std::move(refusal));
  }
  request.authorization.clear();  // nobody behind this needs it
  const auto back = noting(request, wanted, std::move(answer));
  switch (wanted.to) {
    case y_sweet_page::new_document: {
      const auto id = y_sweet::read_new_document(request.body, random_text_id());
      if (!id) return back(id.error());
      const auto name = percent_decoded(*id);
      return if_not_removed(name.value_or(*id), back,
                            [id = *id] { return y_sweet::show_new_document(id); });
    }
    case y_sweet_page::auth: {
      auto shown = answer_auth(request, wanted);
      if (shown.status != 200) return back(std::move(shown));
      return if_not_removed(wanted.document, back, [shown = std::move(shown)] { return shown; });
    }
    case y_sweet_page::as_update:
      return ask_archivist(std::move(request), inner_page(wanted), [back](http_answer state) {
        back(y_sweet::show_state(std::move(state)));
      });
    case y_sweet_page::update:
      return ask_archivist(std::move(request), inner_page(wanted), back, std::move(under_way));
    default:
      return ask_archivist(std::move(request), inner_page(wanted),
                           [back](const http_answer& about) {
                             back(y_sweet::show_store(y_sweet::problem_in(about)));
                           });
  }
}

/// A client of a document that was removed would be closed each time, and come back for ever. Where
/// so much is asked that there is no place to look, it is notified when it connects.
void y_sweet_handler::if_not_removed(const std::string& document,
                                     std::function<void(http_answer)> answer,
                                     std::function<http_answer()> otherwise) {
  const auto place = archive_desk::take_place(desk_);
  if (!place) return answer(otherwise());
  system_.spawn<caf::detached>([desk = desk_, place, document, answer = std::move(answer),
                                otherwise = std::move(otherwise)] {
    const auto info = desk->archive().info(document);
    const bool is_removed = info && *info && (*info)->is_removed && !(*info)->is_admitted;
    answer(is_removed ? admin::answer_removed(document) : otherwise());
  });
}

/// Without tokens everybody is let in, and none is given.
http_answer y_sweet_handler::answer_auth(const http_request& request,
                                         const y_sweet::page_request& wanted) const {
  const auto order = y_sweet::read_auth(request.body, wanted.document, random_text_id());
  if (!order) return order.error();
  const auto at = y_sweet::addresses_for(request, settings_.url, settings_.is_tls, settings_.path);
  if (!at) return at.error();
  const access::client_tokens* const tokens = access_->client_tokens();
  const bool needs_token = access_->mode() != access::mode::open && tokens != nullptr;
  return y_sweet::show_auth(*at, wanted.id, order->allows,
                            needs_token ? tokens->issue(*order, std::chrono::system_clock::now())
                                        : std::string{});
}

/// The query of a y-sweet request says nothing, while that of the REST API says much.
void y_sweet_handler::ask_archivist(http_request request, admin::page_request wanted,
                                    std::function<void(http_answer)> answer,
                                    std::shared_ptr<void> under_way) {
  request.target = wanted.path;
  const bool is_edit = wanted.to == admin::page::add_update;
  auto place = is_edit ? archive_desk::take_edit(desk_)
                       : archive_desk::take_place(desk_, admin::share_of(request.asker));
  if (!place) return answer(admin::show_failure());
  const auto actor =
      is_edit ? system_.spawn<archivist>(desk_, std::move(place), std::move(answer))
              : system_.spawn<archivist, caf::detached>(desk_, std::move(place), std::move(answer));
  tell_anonymously(actor,
                   answer_admin_request{std::make_shared<const http_request>(std::move(request)),
                                        std::move(wanted), std::move(under_way)});
}

std::function<void(http_answer)>
y_sweet_handler::noting(const http_request& request, const y_sweet::page_request& wanted,
                        std::function<void(http_answer)> answer) const {
  if (!settings_.journal) return answer;
  const admin::page_request inner = inner_page(wanted);
  const auto note = std::make_shared<const request_note>(note_of(request, &inner, wall_clock_ms()));
  return [journal = settings_.journal, note, began = io_unit::clock::now(),
          answer = std::move(answer)](http_answer with) {
    journal->write(
        *note, with,
        std::chrono::duration_cast<std::chrono::microseconds>(io_unit::clock::now() - began));
    answer(std::move(with));
  };
}

}  // namespace troupe
