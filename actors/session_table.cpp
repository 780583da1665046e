#include "actors/session_table.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::size_t failed_max = 256;

void join(std::vector<frame_run>& list, const shared_slice& frames) {
  if (list.empty() || !list.back().join(frames)) list.push_back({frames});
}

bool is_for(const deliver_batch::delivery& delivery, session_id id) {
  switch (delivery.to) {
    case audience::one: return delivery.session == id;
    case audience::all_but_one: return delivery.session != id;
    case audience::all: return true;
  }
  return false;
}

}  // namespace

subscriber_session* session_table::find(session_id id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second;
}

bool session_table::subscribe(document_id document, session_id id) {
  if (std::ranges::find(failed_, document) != failed_.end()) return false;
  if (subscriber_session* const session = find(id))
    subscribers_[document].push_back({id, session, {}, false});
  return true;
}

void session_table::hear(document_id document, session_id id, dialect spoken) {
  const auto found = subscribers_.find(document);
  if (found == subscribers_.end()) return;
  const auto one = std::ranges::find(found->second, id, &subscriber::id);
  if (one == found->second.end()) return;
  if (spoken == dialect::json && !one->hears.contains(spoken))
    one->awaits_json = true;
  else
    one->hears.insert(spoken);
}

void session_table::unsubscribe(document_id document, session_id id) {
  const auto found = subscribers_.find(document);
  if (found == subscribers_.end()) return;
  subscriber_list& list = found->second;
  const auto one = std::ranges::find(list, id, &subscriber::id);
  if (one == list.end()) return;
  *one = list.back();
  list.pop_back();
  if (list.empty()) subscribers_.erase(found);
}

void session_table::deliver(const deliver_batch& batch) {
  if (const auto found = subscribers_.find(batch.document); found != subscribers_.end()) {
    deliver(batch.document, found->second, batch.binary, dialect::binary);
    deliver(batch.document, found->second, batch.json, dialect::json);
  }
  for (const deliver_batch::handled& progress : batch.progress)
    if (subscriber_session* const session = find(progress.session))
      session->on_handled(batch.document, progress);
  for (const deliver_batch::closing& closing : batch.closings)
    if (subscriber_session* const session = find(closing.session)) session->close(closing.reason);
}

void session_table::deliver(document_id document, subscriber_list& to,
                            const delivery_list& deliveries, dialect which) {
  if (deliveries.empty()) return;
  collect_common(deliveries);
  for (subscriber& s : to) {
    std::size_t from = 0;
    if (which == dialect::json && s.awaits_json && !begins_to_hear(s, deliveries, from)) continue;
    if (!s.hears.contains(which)) continue;
    if (is_named(s.id)) {
      deliver_to_one(document, s, deliveries, from);
    } else if (!common_.empty()) {
      const bool skips = has_presence_ && s.session->skips_presence(document);
      for (const frame_run& frames : skips ? common_no_presence_ : common_)
        s.session->deliver(frames);
    }
  }
  common_.clear();
  common_no_presence_.clear();
}

/// Looks for the first message that is for this session alone; returns whether there is one, and
/// where.
bool session_table::begins_to_hear(subscriber& who, const delivery_list& deliveries,
                                   std::size_t& from) {
  const auto first = std::ranges::find_if(deliveries, [&](const deliver_batch::delivery& one) {
    return one.to == audience::one && one.session == who.id;
  });
  if (first == deliveries.end()) return false;
  from = static_cast<std::size_t>(first - deliveries.begin());
  who.awaits_json = false;
  who.hears.insert(dialect::json);
  return true;
}

void session_table::collect_common(const delivery_list& deliveries) {
  named_.clear();
  has_presence_ = false;
  for (const deliver_batch::delivery& delivery : deliveries) {
    if (delivery.to != audience::all) named_.push_back(delivery.session);
    if (delivery.to == audience::one) continue;
    join(common_, delivery.frames);
    if (delivery.what == traffic::presence)
      has_presence_ = true;
    else
      join(common_no_presence_, delivery.frames);
  }
  std::ranges::sort(named_);
}

bool session_table::is_named(session_id id) const {
  return std::binary_search(named_.begin(), named_.end(), id);
}

void session_table::deliver_to_one(document_id document, const subscriber& to,
                                   const delivery_list& deliveries, std::size_t from) {
  const bool skips = has_presence_ && to.session->skips_presence(document);
  frame_run gathered;
  for (; from < deliveries.size(); ++from) {
    const deliver_batch::delivery& delivery = deliveries[from];
    if (!is_for(delivery, to.id)) continue;
    if (skips && delivery.what == traffic::presence && delivery.to != audience::one) continue;
    if (gathered.join(delivery.frames)) continue;
    if (!gathered.bytes.empty()) to.session->deliver(gathered);
    gathered = {delivery.frames};
  }
  if (!gathered.bytes.empty()) to.session->deliver(gathered);
}

void session_table::close_subscribers(document_id document, close_reason reason) {
  failed_.push_back(document);
  if (failed_.size() > failed_max) failed_.pop_front();
  const auto found = subscribers_.find(document);
  if (found == subscribers_.end()) return;
  const subscriber_list list = found->second;  // a session may leave by this
  for (const subscriber& s : list) s.session->on_document_failed(document, reason);
}

void session_table::close_all(close_reason reason) {
  for (const auto& [id, session] : sessions_) session->close(reason);
}

void session_table::on_second(subscriber_session::time_point now) {
  for (const auto& [id, session] : sessions_) session->on_second(now);
}

std::vector<session_info> session_table::list() const {
  std::vector<session_info> all;
  all.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) all.push_back(session->describe());
  return all;
}

}  // namespace troupe
