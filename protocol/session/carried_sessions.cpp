#include "protocol/session/carried_sessions.hpp"

#include <algorithm>

namespace troupe {

using content = envelope::content;

namespace {

bool is_large(const byte_buffer& frame) noexcept { return frame.size() > credit::bytes_max; }

}  // namespace

carried_sessions::decision carried_sessions::on_frame(const envelope& what, byte_view frame,
                                                      bool needs_token, time_point now) {
  if (what.what == content::nothing) return {};
  if (const auto known = by_address_.find(what.address); known != by_address_.end())
    return on_frame_of(known->second, what, frame, needs_token, now);
  if (what.what == content::leave) return {};
  if (const auto added = add(what, now)) return on_frame_of(*added, what, frame, needs_token, now);
  // Where no token is needed, a session begins with any message.
  const bool would_begin = what.what == content::token || !needs_token;
  return {would_begin ? step::refuse : step::nothing};
}

carried_sessions::decision carried_sessions::on_frame_of(number one, const envelope& what,
                                                         byte_view frame, bool needs_token,
                                                         time_point now) {
  session& of = at(one);
  if (what.what == content::leave) return on_leave(one);
  if (of.state == phase::refused) {
    if (what.what != content::token) return {};
    of.state = phase::waiting;
    of.since = now;
  }
  if (what.what == content::token) return on_token(one, frame);
  if (of.state == phase::open && !of.holds && of.frames.empty()) return {step::pass, one};
  if (of.state == phase::waiting && unidentified_.is_full()) return {step::break_off, one};
  if (of.is_aside && aside_.is_full()) return {step::give_up, one};
  keep(of, frame);
  if (of.state == phase::open || needs_token) return {};
  open(of);
  return {step::open, one};
}

carried_sessions::decision carried_sessions::on_leave(number one) {
  session& of = at(one);
  if (of.state != phase::open) {
    remove(one);
    return {};
  }
  by_address_.erase(of.address);
  of.state = phase::leaving;
  return {step::leave, one};
}

carried_sessions::decision carried_sessions::on_token(number one, byte_view frame) {
  session& of = at(one);
  if (of.has_begun) return {step::pass, one};
  of.token.emplace(frame.begin(), frame.end());
  if (of.state == phase::open) return {};
  open(of);
  return {step::open, one};
}

/// What waited for a token waits for the session from now on.
void carried_sessions::open(session& one) {
  move(one, unidentified_, held_);
  one.state = phase::open;
  one.holds = true;
  has_begun_ = true;
}

void carried_sessions::move(const session& what, waiting_total& from, waiting_total& to) {
  std::size_t bytes = 0;
  for (const byte_buffer& frame : what.frames) bytes += frame.size();
  from.messages -= what.frames.size();
  from.bytes -= bytes;
  to.messages += what.frames.size();
  to.bytes += bytes;
}

void carried_sessions::hold(number one, bool holds) {
  session& of = at(one);
  of.holds = holds;
  if (!holds && std::exchange(of.is_aside, false)) move(of, aside_, held_);
}

void carried_sessions::set_aside(number one) {
  session& of = at(one);
  if (!of.holds || of.state != phase::open || std::exchange(of.is_aside, true)) return;
  move(of, held_, aside_);
}

void carried_sessions::keep(session& one, byte_view frame) {
  waiting_total& total = total_of(one);
  ++total.messages;
  total.bytes += frame.size();
  one.frames.emplace_back(frame.begin(), frame.end());
  if (is_large(one.frames.back())) ++large_;
}

std::optional<byte_buffer> carried_sessions::begin(number one) {
  session& of = at(one);
  of.has_begun = true;
  of.holds = false;
  return std::exchange(of.token, std::nullopt);
}

std::optional<byte_buffer> carried_sessions::take(number one) {
  session& of = at(one);
  if (of.holds || of.frames.empty()) return std::nullopt;
  byte_buffer frame = std::move(of.frames.front());
  of.frames.pop_front();
  --held_.messages;
  held_.bytes -= frame.size();
  if (is_large(frame)) --large_;
  return frame;
}

void carried_sessions::drop_waiting(session& one) {
  waiting_total& total = total_of(one);
  for (const byte_buffer& frame : one.frames) {
    --total.messages;
    total.bytes -= frame.size();
    if (is_large(frame)) --large_;
  }
  one.frames = {};
  one.token.reset();
}

void carried_sessions::refuse(number one) {
  session& of = at(one);
  if (of.state == phase::leaving) return remove(one);
  drop_waiting(of);
  of.is_aside = false;
  of.state = phase::refused;
  of.has_begun = false;
  of.holds = true;
}

void carried_sessions::remove(number one) {
  session& of = at(one);
  drop_waiting(of);
  if (const auto found = by_address_.find(of.address);
      found != by_address_.end() && found->second == one)
    by_address_.erase(found);
  sessions_.erase(one);
}

std::optional<carried_sessions::number> carried_sessions::add(const envelope& what,
                                                              time_point now) {
  if (!make_room()) return std::nullopt;
  session& added = sessions_[++last_];
  added.address = what.address;
  added.document = what.document;
  added.since = now;
  by_address_.emplace(added.address, last_);
  return last_;
}

/// One that was refused is forgotten if need be: the first of them.
bool carried_sessions::make_room() {
  if (sessions_.size() < sessions_max_) return true;
  std::optional<number> first;
  for (const auto& [one, of] : sessions_)
    if (of.state == phase::refused && (!first || one < *first)) first = one;
  if (!first) return false;
  remove(*first);
  return true;
}

std::vector<carried_sessions::number> carried_sessions::overdue(time_point now) const {
  std::vector<number> late;
  for (const auto& [one, of] : sessions_)
    if (of.state == phase::waiting && now - of.since >= token_patience) late.push_back(one);
  std::ranges::sort(late);
  return late;
}

}  // namespace troupe
