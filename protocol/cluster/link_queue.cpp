#include "protocol/cluster/link_queue.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "protocol/cluster/link_piece.hpp"

namespace troupe::cluster {

namespace {

/// A document gives its turn on after so many bytes.
constexpr std::size_t turn_bytes = 16 * 1024;
/// So many documents in a row are passed by that wait until another message is cut.
constexpr std::size_t passed_by_max = 64;

void append_number(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<char>(value | 0x80));
  to.push_back(static_cast<char>(value));
}

}  // namespace

/// Appends pieces to a payload.
class link_queue::payload_writer {
 public:
  explicit payload_writer(std::string& payload) noexcept : payload_(payload) {}

  std::size_t size() const noexcept { return payload_.size(); }
  /// For the bytes of a piece, if the payload may grow up to `size_max`.
  std::size_t room(std::size_t size_max) const noexcept {
    const std::size_t taken = size() + piece_header_size_max;
    return taken < size_max ? size_max - taken : 0;
  }
  bool fits(const shared_bytes& message, std::size_t size_max) const noexcept {
    return message.size() <= room(size_max);
  }

  /// `whole_size` is written if the piece is the first part of a message.
  void write(piece_kind kind, byte_view bytes, std::size_t whole_size = 0) {
    append_number(payload_, bytes.size() << piece_kind_bits | static_cast<std::uint8_t>(kind));
    if (kind == piece_kind::begins) append_number(payload_, whole_size);
    payload_.append(as_text(bytes));
  }

 private:
  std::string& payload_;
};

// --- what comes ---

pushed link_queue::push(shared_bytes message, traffic_class of, std::string_view document) {
  TROUPE_CHECK(!message.empty());
  switch (of) {
    case traffic_class::control: return push_control(std::move(message));
    case traffic_class::presence: return push_presence(std::move(message), document);
    case traffic_class::data: break;
  }
  return push_data(std::move(message), document);
}

pushed link_queue::push_control(shared_bytes message) {
  if (message.size() + piece_header_size_max > limits_.payload_bytes_max) return pushed::too_large;
  const std::size_t cost = cost_of(message);
  if (control_bytes_ + cost > limits_.control_bytes_max) return pushed::overfull;
  control_bytes_ += cost;
  ++queued_messages_;
  control_.push_back(std::move(message));
  return pushed::queued;
}

pushed link_queue::push_presence(shared_bytes message, std::string_view document) {
  flow& of = flow_of(document);
  const bool is_too_large = message.size() > limits_.message_bytes_max;
  const bool is_replacing = !of.presence.empty();
  if (is_replacing) {
    ++counts_.replaced_messages;
    presence_bytes_ -= cost_of(of.presence);
    count_out(std::exchange(of.presence, {}));
  }
  if (of.lost != loss::none || is_too_large || !has_room_for(message)) {
    count_dropped(message);
    note_loss(of, loss::presence);
    return is_too_large ? pushed::too_large : pushed::dropped;
  }
  count_in(message);
  presence_bytes_ += cost_of(message);
  of.presence = std::move(message);
  of.presence_behind = of.data.size();
  give_turn(of);
  return is_replacing ? pushed::replaced : pushed::queued;
}

pushed link_queue::push_data(shared_bytes message, std::string_view document) {
  flow& of = flow_of(document);
  const bool is_too_large = message.size() > limits_.message_bytes_max;
  bool is_taken = of.lost != loss::data && !is_too_large;
  if (is_taken && !has_room_for(message)) {
    if (!is_large(message)) drop_all_presence();
    is_taken = has_room_for(message);
  }
  if (!is_taken) {
    drop_data(of);
    count_dropped(message);
    return is_too_large ? pushed::too_large : pushed::dropped;
  }
  count_in(message);
  of.data.push_back(std::move(message));
  give_turn(of);
  return pushed::queued;
}

link_queue::flow& link_queue::flow_of(std::string_view document) {
  if (const auto known = flows_.find(document); known != flows_.end()) return known->second;
  const auto made = flows_.try_emplace(std::string{document}).first;
  made->second.document = made->first;
  return made->second;
}

void link_queue::forget_if_idle(flow& of) {
  if (of.is_waiting() || of.is_in_turn || of.lost != loss::none || cut_.of == &of) return;
  flows_.erase(flows_.find(of.document));
}

void link_queue::give_turn(flow& to) {
  if (to.is_in_turn || cut_.of == &to) return;
  to.is_in_turn = true;
  turns_.push_back(&to);
}

// --- what finds no room ---

bool link_queue::has_room_for(const shared_bytes& message) const noexcept {
  const std::size_t cost = cost_of(message);
  return is_large(message)
             ? large_bytes_ + cost <= limits_.message_bytes_max + waiting_overhead_bytes
             : small_bytes_ + cost <= limits_.queue_bytes_max;
}

void link_queue::count_in(const shared_bytes& message) noexcept {
  (is_large(message) ? large_bytes_ : small_bytes_) += cost_of(message);
  ++queued_messages_;
}

void link_queue::count_out(const shared_bytes& message) noexcept {
  (is_large(message) ? large_bytes_ : small_bytes_) -= cost_of(message);
  --queued_messages_;
}

void link_queue::count_dropped(const shared_bytes& message) noexcept {
  counts_.dropped_bytes += message.size();
  ++counts_.dropped_messages;
}

void link_queue::note_loss(flow& of, loss what) {
  if (of.lost == loss::none) lost_.push_back(&of);
  of.lost = std::max(of.lost, what);
}

void link_queue::drop_presence(flow& of) {
  if (of.presence.empty()) return;
  presence_bytes_ -= cost_of(of.presence);
  count_out(of.presence);
  count_dropped(of.presence);
  of.presence = {};
  note_loss(of, loss::presence);
}

void link_queue::drop_all_presence() {
  if (presence_bytes_ == 0) return;
  for (auto& [document, of] : flows_) drop_presence(of);
}

void link_queue::drop_data(flow& of) {
  drop_presence(of);
  for (; !of.data.empty(); of.data.pop_front()) {
    count_out(of.data.front());
    count_dropped(of.data.front());
  }
  note_loss(of, loss::data);
}

std::vector<lost_document> link_queue::take_lost(std::size_t count_max) {
  std::vector<lost_document> taken;
  if (small_bytes_ + large_bytes_ > limits_.queue_bytes_max / 2) return taken;
  while (!lost_.empty() && taken.size() < count_max) {
    flow& next = *lost_.front();
    lost_.pop_front();
    taken.push_back({std::string{next.document}, std::exchange(next.lost, loss::none)});
    forget_if_idle(next);
  }
  return taken;
}

void link_queue::clear() {
  control_ = {};
  turns_ = {};
  lost_ = {};
  cut_ = {};
  flows_.clear();
  control_bytes_ = small_bytes_ = large_bytes_ = presence_bytes_ = queued_messages_ = 0;
}

// --- what leaves ---

std::string link_queue::take_payload() {
  std::string payload;
  if (empty() && turns_.empty()) return payload;
  payload.reserve(std::min(limits_.payload_bytes_max, queued_bytes()));
  payload_writer out{payload};
  take_control(out);
  for (;;) {
    const std::size_t size_max = limits_.payload_bytes_max;
    take_whole(out, cut_.of == nullptr ? size_max : size_max / 2);
    if (cut_.of == nullptr) break;
    take_chunk(out);
    if (cut_.of != nullptr) break;  // the payload is full
  }
  return payload;
}

void link_queue::take_control(payload_writer& out) {
  while (!control_.empty() && out.fits(control_.front(), limits_.payload_bytes_max)) {
    out.write(piece_kind::whole, control_.front().view());
    control_bytes_ -= cost_of(control_.front());
    --queued_messages_;
    control_.pop_front();
  }
}

/// Documents in turn, until the payload has `size_max` bytes or a message must be cut.
void link_queue::take_whole(payload_writer& out, std::size_t size_max) {
  std::size_t passed_by = 0;
  while (passed_by < std::min(turns_.size(), passed_by_max) &&
         out.room(size_max) >= limits_.chunk_bytes_min) {
    flow& next = *turns_.front();
    const std::size_t size_before = out.size();
    take_turn(next, out, size_max);
    const bool is_stuck = next.is_waiting() && out.size() == size_before;
    // What fits into a payload of its own keeps its turn; what does not waits until it can be cut.
    if (is_stuck && cut_.of != nullptr && first_of(next).size() + piece_header_size_max <= size_max)
      return;
    turns_.pop_front();
    next.is_in_turn = false;
    if (is_stuck && cut_.of == nullptr) {
      cut_ = {&next, take_first(next), 0};
      return;
    }
    passed_by = is_stuck ? passed_by + 1 : 0;
    if (next.is_waiting())
      give_turn(next);
    else
      forget_if_idle(next);
  }
}

void link_queue::take_turn(flow& of, payload_writer& out, std::size_t size_max) {
  const std::size_t end = out.size() + turn_bytes;
  while (of.is_waiting() && out.size() < end && out.fits(first_of(of), size_max)) {
    const shared_bytes message = take_first(of);
    out.write(piece_kind::whole, message.view());
    count_out(message);
  }
}

void link_queue::take_chunk(payload_writer& out) {
  const byte_view bytes = cut_.message.view();
  const std::size_t left = bytes.size() - cut_.sent;
  const std::size_t size = std::min(left, out.room(limits_.payload_bytes_max));
  const bool is_last = size == left;
  if (!is_last && size < limits_.chunk_bytes_min) return;
  const bool is_first = cut_.sent == 0;
  const piece_kind kind = is_first ? (is_last ? piece_kind::whole : piece_kind::begins)
                                   : (is_last ? piece_kind::ends : piece_kind::continues);
  out.write(kind, bytes.subspan(cut_.sent, size), bytes.size());
  cut_.sent += size;
  if (!is_last) return;
  flow& of = *cut_.of;
  count_out(cut_.message);
  cut_ = {};
  if (of.is_waiting())
    give_turn(of);
  else
    forget_if_idle(of);
}

const shared_bytes& link_queue::first_of(flow& of) noexcept {
  return of.is_presence_next() ? of.presence : of.data.front();
}

shared_bytes link_queue::take_first(flow& of) {
  if (of.is_presence_next()) {
    presence_bytes_ -= cost_of(of.presence);
    return std::exchange(of.presence, {});
  }
  shared_bytes first = std::move(of.data.front());
  of.data.pop_front();
  if (of.presence_behind > 0) --of.presence_behind;
  return first;
}

}  // namespace troupe::cluster
