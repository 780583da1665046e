#include "actors/shared_connection.hpp"

#include <utility>

#include "actors/framing.hpp"
#include "base/check.hpp"
#include "base/document_name.hpp"

namespace troupe {

namespace {

using step = carried_sessions::step;

dialect first_of(dialect_set some) {
  TROUPE_CHECK(!some.empty());
  std::optional<dialect> first;
  some.for_each([&](dialect each) {
    if (!first) first = each;
  });
  return *first;
}

}  // namespace

shared_connection::shared_connection(io_unit& unit,
                                     std::shared_ptr<session_environment> environment,
                                     session_id id, route way,
                                     std::shared_ptr<websocket_connection> connection,
                                     visitor_id visitor, session_spawner spawn)
    : unit_(unit),
      environment_(std::move(environment)),
      id_(id),
      way_(std::move(way)),
      in_(first_of(way_.dialects)),
      connection_(std::move(connection)),
      visitor_(visitor),
      spawn_(std::move(spawn)),
      sessions_(environment_->settings.documents_max),
      pulse_(unit.now()),
      opened_(unit.now()) {}

// --- events of the connection ---

void shared_connection::on_open() {
  log_line(log_severity::debug, "connection " + std::to_string(id_) + " from " +
                                    connection_->remote_address() + " carries sessions");
  opened_ = unit_.now();
  pulse_.restart(opened_);
  environment_->table->add(id_, this);
}

void shared_connection::on_frame(frame_kind kind, byte_view payload) {
  if (kind != frame_kind::binary) return connection_->close(close_reason::malformed_message);
  const auto read = codec_of(in_).read_envelope(payload);
  if (!read) return connection_->close(close_reason::malformed_message, to_string(read.error()));
  if (!read->answer.empty()) connection_->send(encode_frame(frame_kind::binary, read->answer));
  const auto [what, of] = sessions_.on_frame(*read, payload, way_.awaits_token, unit_.now());
  switch (what) {
    case step::nothing: return;
    case step::pass: return pass(of, payload);
    case step::open: return open(of);
    case step::leave: return leave(of);
    case step::refuse:
      return send_notice(read->address, notice_kind::denied,
                         "Too many documents on this connection");
    case step::break_off: return connection_->close(close_reason::not_authenticated);
    case step::give_up: return give_up(of);
  }
}

/// Sessions of a unit gather what one read brings in the same place, one after the other.
void shared_connection::pass(carried_sessions::number one, byte_view frame) {
  const auto found = parts_.find(one);
  if (found == parts_.end()) return;
  if (reading_ != nullptr && reading_ != found->second) reading_->end_frames();
  reading_ = found->second;
  reading_->pass(frame);
}

void shared_connection::on_frames_end() {
  if (const auto last = std::exchange(reading_, nullptr)) last->end_frames();
  update_reading();
  release_large_messages();
}

void shared_connection::open(carried_sessions::number one) {
  const std::string& document = sessions_.document_of(one);
  if (const auto checked = check_document_name(document); !checked) {
    send_notice(sessions_.address_of(one), notice_kind::denied, checked.error().detail);
    return sessions_.refuse(one);
  }
  const auto part = std::make_shared<carried_connection>(unit_, shared_from_this(), one,
                                                         sessions_.address_of(one), document);
  parts_.emplace(one, part);
  route way = way_;
  way.document = document;
  way.carries_sessions = false;
  spawn_(part, std::move(way));
}

/// What its client would still send has no place to wait in.
void shared_connection::give_up(carried_sessions::number one) {
  if (const auto found = parts_.find(one); found != parts_.end())
    connection_->close(found->second->why_aside());
}

void shared_connection::leave(carried_sessions::number one) {
  const auto found = parts_.find(one);
  if (found == parts_.end()) return;
  const auto part = found->second;
  part->end_frames();
  part->mute();
  part->pump();
}

void shared_connection::on_pong() {
  pulse_.on_pong(unit_.now());
  for (const auto& [number, part] : parts_) part->on_pong();
}

void shared_connection::on_closed(close_reason reason) {
  const auto now = unit_.now();
  environment_->table->remove(id_);
  environment_->slots->release();
  environment_->metrics->closed(reason).inc();
  if (environment_->refusals) environment_->refusals->note(visitor_, reason, now);
  if (environment_->closings)
    log_if_due(log_severity::info,
               environment_->closings->line_for(reason, {}, connection_->remote_address(), now));
  reading_.reset();
  const auto parts = std::exchange(parts_, {});
  for (const auto& [number, part] : parts) part->end(reason);
  environment_.reset();
}

// --- its parts ---

void shared_connection::send_notice(std::string_view address, notice_kind how,
                                    std::string_view why) {
  const notice what{.kind = how, .body = as_bytes(why), .extra = {}};
  for (const shared_bytes& frame : encode_frames(in_, what, address)) connection_->send(frame);
}

void shared_connection::refuse(const carried_connection& part, notice_kind how,
                               std::string_view why) {
  const carried_sessions::number one = part.number();
  if (!why.empty()) send_notice(sessions_.address_of(one), how, why);
  sessions_.refuse(one);
  parts_.erase(one);
}

/// Unless it was refused before, and another has its number now.
void shared_connection::forget(const carried_connection& part) {
  const auto found = parts_.find(part.number());
  if (found == parts_.end() || found->second.get() != &part) return;
  parts_.erase(found);
  sessions_.remove(part.number());
}

void shared_connection::update_reading() {
  const bool pauses = sessions_.is_full();
  if (pauses == std::exchange(is_paused_, pauses)) return;
  if (pauses)
    connection_->pause_reading();
  else
    connection_->resume_reading();
}

void shared_connection::release_large_messages() noexcept {
  if (sessions_.has_large()) return;
  for (const auto& [number, part] : parts_)
    if (part->holds_large()) return;
  connection_->release_large_messages();
}

// --- time ---

void shared_connection::on_second(time_point now) {
  connection_->tick(now);
  look_at_deadlines(now);
  switch (pulse_.on_second(now, connection_->last_alive(), is_paused_,
                           environment_->settings.heartbeat)) {
    case pulse::action::none: return;
    case pulse::action::ping: return connection_->ping();
    case pulse::action::terminate: return connection_->terminate(close_reason::heartbeat_timeout);
  }
}

void shared_connection::on_pause_ended(time_point now) {
  pulse_.restart(now);
  connection_->on_pause_ended(now);
}

/// Where others have said who they are, the connection stays.
void shared_connection::look_at_deadlines(time_point now) {
  if (!sessions_.has_begun()) {
    if (now - opened_ >= carried_sessions::token_patience)
      connection_->close(close_reason::not_authenticated);
    return;
  }
  for (const carried_sessions::number late : sessions_.overdue(now)) {
    send_notice(sessions_.address_of(late), notice_kind::denied,
                troupe::describe(close_reason::not_authenticated).text);
    sessions_.refuse(late);
  }
}

// --- for operators ---

session_info shared_connection::describe() const {
  const connection_counters& counted = connection_->counters();
  session_info info;
  info.id = id_;
  info.user = user_of(way_.who);
  info.remote_address = connection_->remote_address();
  info.speaks = way_.dialects;
  info.connected_since = connected_since_;
  info.last_pong = std::chrono::system_clock::now() -
                   std::chrono::duration_cast<std::chrono::system_clock::duration>(
                       io_unit::clock::now() - pulse_.last_pong());
  info.messages_in = counted.frames_in;
  info.messages_out = counted.frames_out;
  info.bytes_in = counted.bytes_in;
  info.bytes_out = counted.bytes_out;
  info.queued_bytes = connection_->queued_bytes();
  return info;
}

}  // namespace troupe
