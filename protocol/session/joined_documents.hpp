// The documents of one session and how far it is with each: waiting for the authoriser, waiting for
// the directory to open it, joined, or leaving it; or put off, since it cannot be opened now. Few
// per session, so a list. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "protocol/dialect.hpp"
#include "protocol/document_id.hpp"
#include "protocol/identity.hpp"
#include "protocol/request.hpp"
#include "protocol/session/credit.hpp"

namespace troupe {

enum class join_state : std::uint8_t {
  put_off,      ///< It cannot be opened now; it is tried again (opening_attempts).
  authorising,  ///< The authoriser has been asked what the session may do.
  opening,      ///< The directory has been asked for the document.
  joined,       ///< Requests go to the document.
  leaving,      ///< The document handles what came before the leave; that one is held.
};

/// The sync that asked for a document, kept until the document is open; or the leave.
struct held_request {
  request_kind kind = request_kind::sync;
  dialect in = dialect::y_websocket;
  byte_buffer body;
  std::string message_id;
  bool is_answer = false;

  client_request view() const { return {kind, in, body, message_id, is_answer}; }
};

/// What the application has said about one document, where it decides who may enter.
struct application_answer {
  identity_ptr who;  ///< It names the client document by document.
  /// Until when it holds; nothing: as long as the session.
  std::optional<std::chrono::steady_clock::time_point> expires;
};

struct joined_document {
  std::string name;
  document_id id = 0;                               ///< Once joined.
  credit_amount unhandled;                          ///< What it holds of the session's credit.
  std::unique_ptr<std::vector<held_request>> held;  ///< Until it is joined; null: nothing.
  join_state state = join_state::authorising;
  dialect_set spoken;             ///< In which the session has spoken to it.
  bool missed_presence = false;   ///< Changes of presence were left out.
  bool has_new_rights = false;    ///< They changed while the directory opened it.
  rights may;                     ///< What the session may do there, once it was authorised.
  rights given;                   ///< The same before any changes: by the token, the rules or the
                                  ///< application.
  rights within = rights::all();  ///< What changes for those who are here have left of it.
  std::unique_ptr<application_answer> answer;  ///< The last; null: it was not asked.

  void hold(const client_request& what) {
    if (!held) held = std::make_unique<std::vector<held_request>>();
    held->push_back({what.kind,
                     what.in,
                     {what.body.begin(), what.body.end()},
                     std::string{what.message_id},
                     what.is_answer});
  }
  /// What was held, once.
  std::vector<held_request> take_held() {
    const auto all = std::move(held);
    return all ? std::move(*all) : std::vector<held_request>{};
  }
};

class joined_documents {
 public:
  joined_document& add(std::string_view name) {
    joined_document& added = list_.emplace_back();
    added.name = name;
    return added;
  }

  joined_document* find(std::string_view name) noexcept {
    const auto found = std::ranges::find(list_, name, &joined_document::name);
    return found == list_.end() ? nullptr : &*found;
  }
  const joined_document* find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(list_, name, &joined_document::name);
    return found == list_.end() ? nullptr : &*found;
  }
  /// A document that is joined or being left.
  joined_document* find(document_id id) noexcept {
    const auto found = std::ranges::find(list_, id, &joined_document::id);
    return found == list_.end() || found->state < join_state::joined ? nullptr : &*found;
  }

  void remove(const joined_document& one) { list_.erase(list_.begin() + (&one - list_.data())); }

  /// Whether an answer of the authoriser, of the directory or of a document that is being left is
  /// awaited.
  bool is_waiting() const noexcept {
    return std::ranges::any_of(
        list_, [](const joined_document& one) { return one.state != join_state::joined; });
  }
  /// Whether the directory may still announce the session to a document.
  bool is_opening() const noexcept {
    return std::ranges::any_of(
        list_, [](const joined_document& one) { return one.state == join_state::opening; });
  }

  std::size_t size() const noexcept { return list_.size(); }
  auto begin() noexcept { return list_.begin(); }
  auto end() noexcept { return list_.end(); }
  auto begin() const noexcept { return list_.begin(); }
  auto end() const noexcept { return list_.end(); }

 private:
  std::vector<joined_document> list_;
};

}  // namespace troupe
