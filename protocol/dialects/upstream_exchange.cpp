#include "protocol/dialects/upstream_exchange.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::uint8_t no_structs_no_deletions[] = {0, 0};

}  // namespace

bool has_no_contents(byte_view update) noexcept {
  return update.empty() || std::ranges::equal(update, no_structs_no_deletions);
}

upstream_exchange::upstream_exchange(settings how, std::string document, std::string token)
    : how_(how),
      document_(std::move(document)),
      token_(std::move(token)),
      to_send_(upstream_greeting(how.protocol, document_, token_)) {}

result<void> upstream_exchange::on_frame(byte_view frame, time_point now) {
  TROUPE_ASSIGN(const upstream_answer answer, read_upstream_frame(how_.protocol, frame));
  if (is_whole_) return {};
  bool brings_contents = false;
  for (const byte_view update : answer.updates) {
    if (update.size() > how_.bytes_max - size_)
      return fail(errc::update_too_large,
                  "it is larger than " + std::to_string(how_.bytes_max) + " bytes");
    size_ += update.size();
    brings_contents = brings_contents || !has_no_contents(update);
    updates_.emplace_back(update.begin(), update.end());
  }
  // An answer may come in several updates, the last of which is empty.
  has_contents_ = has_contents_ || brings_contents;
  if (answer.is_whole)
    on_answer(now);
  else if (settled_at_ && brings_contents && how_.about == doubt::empty_answer)
    ask_again();  // here is what was not read yet
  return {};
}

void upstream_exchange::on_answer(time_point now) {
  const bool is_doubted = how_.protocol == upstream_protocol::y_websocket &&
                          how_.settle_time.count() > 0 &&
                          (!has_contents_ || how_.about == doubt::every_answer);
  if (asks_again_ || !is_doubted)
    is_whole_ = true;
  else if (!settled_at_)
    settled_at_ = now + how_.settle_time;
}

void upstream_exchange::on_time(time_point now) {
  if (settled_at_ && now >= *settled_at_) ask_again();
}

/// The second answer has all that came before it.
void upstream_exchange::ask_again() {
  settled_at_.reset();
  updates_.clear();
  size_ = 0;
  asks_again_ = true;
  to_send_ = upstream_greeting(how_.protocol, document_, token_);
}

}  // namespace troupe
