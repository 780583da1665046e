#include "protocol/cluster/replica.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace troupe::cluster {

replica::replica(settings how, document_placement where) : how_(how), where_(std::move(where)) {
  apply_placement();
}

// --- peers ---

replica::peer* replica::find(peer_id id) noexcept {
  const auto found = std::ranges::find(peers_, id, &peer::id);
  return found == peers_.end() ? nullptr : &*found;
}

replica::peer& replica::of(peer_id id) {
  if (peer* const known = find(id)) return *known;
  peers_.emplace_back().id = id;
  return peers_.back();
}

void replica::apply_placement() {
  for (const peer_id id : where_.keepers) of(id);
  for (const peer_id id : where_.asked) of(id);
  const auto contains = [](const std::vector<peer_id>& some, peer_id id) {
    return std::ranges::find(some, id) != some.end();
  };
  for (peer& each : peers_) {
    each.is_keeper = contains(where_.keepers, each.id);
    each.is_asked = contains(where_.asked, each.id);
  }
}

void replica::on_placement(document_placement where, const replica_state& own, time_point now) {
  if (where == where_) return;
  const bool is_other_list = where.list != where_.list;
  where_ = std::move(where);
  if (is_other_list) visited_up_to_ = number_;
  apply_placement();
  if (!is_used_ && !where_.keeps_itself) is_stale_ = true;
  for (peer& each : peers_) {
    if (is_other_list) each.kept = 0;
    const early_confirmation early = each.early;
    if (early.list <= where_.list) note_stored(each, early.list, early.what);
    // Under another list everything is to be confirmed again.
    if (!each.is_target() || (is_other_list && each.kept < number_)) end_flow(each);
  }
  for (peer& each : peers_) ask_to_load(each, own, now);
  check_loaded(own, now);
  begin_flows(own, now);
}

void replica::on_up(peer_id id, const replica_state& own, time_point now) {
  on_down(id);
  peer& up = of(id);
  up.is_up = true;
  announce(up);
  ask_to_load(up, own, now);
  begin_flows(own, now);
}

/// What a peer has confirmed stays confirmed: it is on its disk.
void replica::on_down(peer_id id) {
  peer* const down = find(id);
  if (down == nullptr) return;
  end_flow(*down);
  note_user(*down, false);
  down->is_up = false;
  forget_incoming(*down);
  down->messages.clear();
}

void replica::on_lost(peer_id id, const replica_state& own, time_point now) {
  peer* const lost = find(id);
  if (lost == nullptr || !lost->is_up) return;
  // Among what was lost there may have been a confirmation, an answer or a question.
  if (lost->confirmed.up_to > 0) push(*lost, lost->confirmed);
  lost->has_asked = false;
  lost->fill.reset();
  lost->load.reset();
  announce(*lost);
  ask_to_load(*lost, own, now);
  end_flow(*lost);
  begin_flows(own, now);
}

/// What it has confirmed is on its disk. If there is more, its next replica has to receive it. A
/// keeper does not end while somebody here uses the document, unless it has failed there or was
/// removed: it is compared again, and what became of it is learned.
void replica::on_gone(peer_id id, const replica_state& own, time_point now) {
  peer* const gone = find(id);
  if (gone == nullptr || !gone->is_up) return;
  note_user(*gone, false);
  forget_incoming(*gone);
  ask_to_load(*gone, own, now);
  if (!gone->is_target() || is_used_ || gone->stored < number_) end_flow(*gone);
  // It may be that it cannot be opened there at all.
  if (now - gone->compared_at >= how_.reopen_interval) begin_flows(own, now);
}

void replica::forget_incoming(peer& of) {
  of.life = 0;
  of.fits = false;
  of.is_complete = of.has_asked = false;
  of.missed = of.ahead = 0;
  of.unconfirmed = {};
  of.confirmed = {};
  of.load_part_at.reset();
  of.fill.reset();
  of.load.reset();
}

/// Also of a replica without sessions: peers with sessions answer, and it knows whom to tell.
void replica::announce(peer& to) {
  push(to, is_used_ ? document_message{peer_opened{}} : document_message{peer_closed{}});
}

void replica::note_user(peer& of, bool is_user) {
  of.is_user = is_user;
  std::erase(new_users_, of.id);
  if (is_user) new_users_.push_back(of.id);
}

void replica::on_used(bool is_used) {
  if (std::exchange(is_used_, is_used) == is_used) return;
  if (!is_used)
    is_stale_ = !where_.keeps_itself;
  else if (std::exchange(is_stale_, false) && opening_ == opening::done)
    opening_ = opening::not_wanted;
  for (peer& each : peers_)
    if (each.is_up) announce(each);
}

void replica::on_reader() {
  if (is_used_ || where_.keeps_itself) return;
  is_stale_ = true;
  if (opening_ == opening::done) opening_ = opening::not_wanted;
}

// --- opening ---

void replica::begin(const replica_state& own, state_number number, time_point now,
                    std::uint64_t generation) {
  constexpr std::uint64_t first_life = 2;
  has_begun_ = true;
  how_.generation = std::max(generation, first_life);
  number_ = durable_ = visited_up_to_ = number;
  begin_flows(own, now);
}

void replica::load(const replica_state& own, time_point now) {
  if (opening_ != opening::not_wanted) return;
  opening_ = opening::asking;
  ++round_;
  for (peer& each : peers_) {
    each.answered_under.reset();
    each.load_part_at.reset();
  }
  deadline_ = now + how_.load_timeout;
  for (peer& each : peers_) ask_to_load(each, own, now);
  check_loaded(own, now);
}

void replica::ask_to_load(peer& to, const replica_state& own, time_point now) {
  if (opening_ != opening::asking || !to.is_asked || !to.is_up) return;
  if (to.answered_under) return;
  if (to.load_part_at && now - *to.load_part_at < how_.compare_interval) return;
  byte_buffer vector = own.state_vector();
  push(to, peer_load{own.digest(), shared_bytes::copy_of(vector), round_});
}

void replica::check_loaded(const replica_state& own, time_point now) {
  if (opening_ != opening::asking || now >= deadline_) return;
  // Who obeys a newer list may have handed over what is asked for.
  const auto answers = std::ranges::count_if(peers_, [this](const peer& each) {
    return each.is_asked && each.answered_under && *each.answered_under <= where_.list;
  });
  if (static_cast<std::size_t>(answers) < where_.answers_needed) return;
  opening_ = opening::done;
  begin_flows(own, now);
}

bool replica::has_failed(time_point now) {
  if (!is_late(now)) return false;
  if (where_.is_available) opening_ = opening::done;
  return !where_.is_available;
}

// --- what is sent ---

/// What a turn has for a peer begins with what it is about, unless it is only updates of a flow.
void replica::push(peer& to, document_message message) {
  if (to.messages.empty()) to.messages.push_back(peer_generation{how_.generation});
  to.messages.push_back(std::move(message));
  has_blocks_ = true;
}

void replica::send_to(peer_id to, document_message message) {
  if (peer* const known = find(to); known != nullptr && known->is_up)
    push(*known, std::move(message));
}

void replica::send_to_users(const document_message& message) {
  for (peer& each : peers_)
    if (each.is_up && each.is_user) push(each, message);
}

void replica::begin_flow(peer& to, const replica_state& own, time_point now) {
  push(to, peer_compare{own.digest(), number_});
  to.is_streaming = true;
  to.streams_from = written_.size();  // what came before is part of what is compared
  to.compared = number_;
  to.compared_at = now;
}

void replica::begin_flows(const replica_state& own, time_point now) {
  if (!may_begin_flows()) return;
  for (peer& each : peers_)
    if (each.is_target() && !each.is_streaming) begin_flow(each, own, now);
}

void replica::end_flow(peer& to) {
  to.is_streaming = false;
  to.streams_from = 0;
}

void replica::on_tick(const replica_state& own, time_point now) {
  const auto forget_old = [&](std::optional<answer_parts>& parts) {
    if (parts && now - parts->sent_at >= how_.parts_patience) parts.reset();
  };
  for (peer& each : peers_) {
    forget_old(each.fill);
    forget_old(each.load);
    if (each.has_asked && now - each.asked_at >= how_.compare_interval) ask(each, own, now);
    ask_to_load(each, own, now);
    const bool has_news = each.compared != number_ || (each.is_keeper && each.kept < number_);
    if (each.is_streaming && has_news && now - each.compared_at >= how_.compare_interval)
      begin_flow(each, own, now);
  }
  begin_flows(own, now);
}

void replica::on_written(state_number number, shared_slice update) {
  number_ = number;
  if (update.empty()) {
    foreign_ = number;
    return;
  }
  if (!is_streaming()) return;
  written_.push_back(peer_update{std::move(update), number});
  has_blocks_ = true;
}

void replica::on_written_apart(state_number number, const replica_state& own, time_point now) {
  number_ = number;
  for (peer& each : peers_) end_flow(each);
  begin_flows(own, now);
}

void replica::on_authors(peer_authors who) {
  if (is_streaming()) written_.push_back(std::move(who));
}

bool replica::is_streaming() const noexcept {
  return std::ranges::any_of(peers_, &peer::is_streaming);
}

void replica::on_whole_awaited(const replica_state& own, time_point now) {
  for (peer& each : peers_)
    if (each.is_keeper && each.is_streaming && each.kept < number_ && each.compared < number_ &&
        now - each.compared_at >= how_.compare_pause)
      begin_flow(each, own, now);
}

std::vector<replica::block> replica::take_blocks() {
  std::vector<block> blocks;
  if (!std::exchange(has_blocks_, false)) return blocks;
  std::vector<peer_id> only_streaming;
  for (peer& each : peers_) {
    const bool streams = each.is_streaming && each.streams_from < written_.size();
    if (each.messages.empty() && streams && each.streams_from == 0) {
      only_streaming.push_back(each.id);
    } else if (!each.messages.empty() || streams) {
      block& own = blocks.emplace_back();
      own.to = {each.id};
      own.messages = std::move(each.messages);
      if (streams)
        own.messages.insert(own.messages.end(),
                            written_.begin() + static_cast<std::ptrdiff_t>(each.streams_from),
                            written_.end());
      each.messages.clear();
    }
    each.streams_from = 0;
  }
  if (!only_streaming.empty()) blocks.push_back({std::move(only_streaming), std::move(written_)});
  written_.clear();
  return blocks;
}

// --- what comes ---

const shared_slice* replica::update_of(const document_message& message) noexcept {
  if (const auto* const update = std::get_if<peer_update>(&message)) return &update->update;
  if (const auto* const fill = std::get_if<peer_fill>(&message)) return &fill->update;
  if (const auto* const loaded = std::get_if<peer_loaded>(&message)) return &loaded->update;
  if (const auto* const part = std::get_if<peer_part>(&message)) return &part->update;
  return nullptr;
}

/// Another life is another replica: it knows nothing of what its predecessor has received or had
/// asked.
void replica::on_life(peer_id id, replica_life life, std::uint64_t list, const replica_state& own,
                      time_point now) {
  peer& from = of(id);
  from.list = list;
  if (life == 0 || from.life == life) return;
  const bool is_reborn = from.life != 0;
  forget_incoming(from);
  from.life = life;
  if (is_used_) announce(from);
  if (!is_reborn) return;
  note_user(from, false);
  end_flow(from);
  begin_flows(own, now);
}

void replica::on_message(peer_id id, const document_message& message, const replica_state& own,
                         time_point now) {
  peer& from = of(id);
  if (const auto* const generation = std::get_if<peer_generation>(&message))
    on(from, *generation);
  else if (!from.fits)
    return;
  else if (const auto* const compare = std::get_if<peer_compare>(&message))
    on(from, *compare, own, now);
  else if (const auto* const stored = std::get_if<peer_stored>(&message))
    on(from, *stored);
  else if (const auto* const wish = std::get_if<peer_ask>(&message))
    on(from, *wish, own, now);
  else if (const auto* const load = std::get_if<peer_load>(&message))
    on(from, *load, own, now);
  else if (const auto* const more = std::get_if<peer_more>(&message))
    on(from, *more, now);
  else if (std::holds_alternative<peer_opened>(message))
    note_user(from, true);
  else if (std::holds_alternative<peer_closed>(message))
    note_user(from, false);
  if (!from.is_target()) end_flow(from);
  begin_flows(own, now);
}

/// The sender of an older one receives ours with whatever comes next for it.
void replica::on(peer& from, const peer_generation& news) {
  from.fits = news.generation == how_.generation;
  if (news.generation > how_.generation) outdated_by_ = std::max(outdated_by_, news.generation);
  if (news.generation < how_.generation) announce(from);
}

bool replica::fits(peer_id id) const noexcept {
  const auto found = std::ranges::find(peers_, id, &peer::id);
  return found != peers_.end() && found->fits && outdated_by_ == 0;
}

void replica::on(peer& from, const peer_compare& compare, const replica_state& own,
                 time_point now) {
  from.is_complete = compare.digest == own.digest();
  if (!from.is_complete) {
    // What was written before is not streamed, and an answer under way may lack it.
    from.missed = std::max(from.missed, compare.number);
    return ask(from, own, now);
  }
  from.has_asked = false;
  from.missed = from.ahead = 0;
  note_taken(from, {compare.number, number_, true});
}

void replica::on(peer& from, const peer_stored& stored) {
  if (stored.life != how_.life) return;
  peer_stored what{stored.life, std::min(stored.up_to, number_), std::min(stored.whole, number_)};
  if (from.list <= where_.list) return note_stored(from, from.list, what);
  what.up_to = std::max(from.early.what.up_to, what.up_to);
  what.whole = std::max(from.early.what.whole, what.whole);
  from.early = {from.list, what};
}

/// What was streamed is the whole as long as nothing came from other peers.
void replica::note_stored(peer& by, std::uint64_t list, const peer_stored& what) {
  const auto raise = [&](state_number& whole) {
    whole = std::max(whole, what.whole);
    if (foreign_ <= whole) whole = std::max(whole, what.up_to);
  };
  by.stored = std::max(by.stored, what.up_to);
  raise(by.whole);
  if (list == where_.list) raise(by.kept);
}

void replica::on(peer& from, const peer_ask& wish, const replica_state& own, time_point now) {
  if (wish.life != how_.life) return;
  auto difference = own.difference(wish.state_vector.view());
  if (!difference) return;  // it asks again
  if (!from.is_streaming && from.is_target() && may_begin_flows()) begin_flow(from, own, now);
  answer(from, *std::move(difference), peer_fill{from.life, {}, number_}, now);
}

void replica::on(peer& from, const peer_load& load, const replica_state& own, time_point now) {
  peer_loaded last{.life = from.life, .update = {}, .is_whole = true, .round = load.round};
  if (load.digest == own.digest()) {
    from.load.reset();
    const bool has_nothing = load.state_vector.size <= 1;
    if (has_nothing && (is_looked_for_ || number_ > 0))
      last.update = shared_bytes::copy_of(byte_view{update_without_contents});
    return push(from, std::move(last));
  }
  auto difference = own.difference(load.state_vector.view());
  if (difference) answer(from, *std::move(difference), std::move(last), now);
}

/// A large answer goes one part at a time, so that neither the link nor the other end is flooded.
template <class Last>
void replica::answer(peer& to, std::vector<byte_buffer> parts, Last last, time_point now) {
  constexpr bool is_load = std::is_same_v<Last, peer_loaded>;
  const answer_to what = is_load ? answer_to::load : answer_to::ask;
  parts_of(to, what).reset();
  if (std::ranges::any_of(parts,
                          [&](const auto& each) { return each.size() > how_.update_bytes_max; })) {
    is_unsendable_ = true;
    return;
  }
  answer_parts all;
  last.update = shared_bytes::copy_of(parts.back());
  parts.pop_back();
  for (const byte_buffer& each : parts) all.left.push_back(shared_bytes::copy_of(each));
  all.last = std::move(last);
  parts_of(to, what) = std::move(all);
  send_part(to, what, now);
}

void replica::send_part(peer& to, answer_to what, time_point now) {
  auto& parts = parts_of(to, what);
  if (parts->left.empty()) {
    push(to, std::move(parts->last));
    return parts.reset();
  }
  push(to, peer_part{to.life, what, std::move(parts->left.front())});
  parts->left.pop_front();
  parts->sent_at = now;
}

void replica::on(peer& from, const peer_more& more, time_point now) {
  if (more.life == how_.life && parts_of(from, more.to)) send_part(from, more.to, now);
}

/// One that could not be applied is asked for again, with all behind it.
void replica::on_part(peer& from, const peer_part& part, bool worked, const replica_state& own,
                      time_point now) {
  if (part.life != how_.life) return;
  const bool is_load = part.to == answer_to::load;
  if (!worked) {
    if (is_load) return;
    from.is_complete = false;
    return ask(from, own, now);
  }
  if (is_load) {
    if (opening_ != opening::asking) return;
    from.load_part_at = now;
    deadline_ = std::max(deadline_, now + how_.load_timeout);
  } else {
    if (!from.has_asked) return;
    from.asked_at = now;
  }
  push(from, peer_more{from.life, part.to});
}

void replica::ask(peer& from, const replica_state& own, time_point now) {
  if (from.has_asked && now - from.asked_at < how_.compare_interval) return;
  from.has_asked = true;
  from.asked_at = now;
  byte_buffer vector = own.state_vector();
  push(from, peer_ask{from.life, shared_bytes::copy_of(vector)});
}

void replica::on_applied(peer_id id, const document_message& message, bool worked,
                         const replica_state& own, time_point now) {
  peer& from = of(id);
  if (const auto* const loaded = std::get_if<peer_loaded>(&message)) {
    if (worked) on(from, *loaded, own, now);
    return;
  }
  if (const auto* const part = std::get_if<peer_part>(&message))
    return on_part(from, *part, worked, own, now);
  const auto* const streamed = std::get_if<peer_update>(&message);
  if (!worked) {
    from.is_complete = false;
    if (streamed != nullptr) from.missed = std::max(from.missed, streamed->number);
    return ask(from, own, now);
  }
  if (const auto* const fill = std::get_if<peer_fill>(&message)) {
    // Asked for by another replica, which knew something else.
    if (fill->life != how_.life) return;
    from.has_asked = false;
    // While its parts came, something was streamed that needed them: it is not in the answer.
    if (fill->number < from.missed) return ask(from, own, now);
    from.is_complete = true;
    from.missed = 0;
    note_taken(from, {fill->number, number_, true});
    const state_number ahead = std::exchange(from.ahead, 0);
    if (ahead > fill->number) note_taken(from, {ahead, number_, false});
    return;
  }
  // The first that comes of a flow whose beginning this replica has not seen, or while the parts of
  // an answer come.
  if (!from.is_complete) {
    from.ahead = std::max(from.ahead, streamed->number);
    return ask(from, own, now);
  }
  note_taken(from, {streamed->number, number_, false});
}

void replica::on(peer& from, const peer_loaded& answer, const replica_state& own, time_point now) {
  if (answer.life != how_.life || answer.round != round_ || !answer.is_whole) return;
  from.answered_under = from.list;
  check_loaded(own, now);
}

}  // namespace troupe::cluster
