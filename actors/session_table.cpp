#include "actors/session_table.hpp"

#include <algorithm>

#include "actors/survey.hpp"
#include "base/hash.hpp"
#include "protocol/dialects/dialects.hpp"

namespace troupe {

namespace {

constexpr std::size_t failures_kept_max = 256;

void add_to(std::vector<frame_run>& list, const shared_slice& frames) {
  if (list.empty() || !list.back().merge(frames)) list.push_back({frames});
}

bool is_for(const delivery& one, session_id id) {
  switch (one.to) {
    case audience::one: return one.session == id;
    case audience::all_but_one: return one.session != id;
    case audience::all: return true;
  }
  return false;
}

}  // namespace

// --- the plan of a batch ---

void delivery_plan::make(const delivery_list& deliveries) {
  deliveries_ = &deliveries;
  common_.clear();
  common_without_presence_.clear();
  named_.clear();
  has_presence_ = false;
  for (const delivery& each : deliveries) {
    if (each.to != audience::all) named_.push_back(each.session);
    if (each.to == audience::one) continue;
    add_to(common_, each.frames);
    if (each.what == traffic::presence)
      has_presence_ = true;
    else
      add_to(common_without_presence_, each.frames);
  }
  std::ranges::sort(named_);
}

bool delivery_plan::is_named(session_id id) const {
  return std::binary_search(named_.begin(), named_.end(), id);
}

std::size_t delivery_plan::first_for(session_id id) const {
  const auto first = std::ranges::find_if(*deliveries_, [id](const delivery& one) {
    return one.to == audience::one && one.session == id;
  });
  return static_cast<std::size_t>(first - deliveries_->begin());
}

template <class Push>
void delivery_plan::for_each_run(session_id id, std::size_t from, bool without_presence,
                                 Push&& push) const {
  frame_run gathered;
  for (; from < deliveries_->size(); ++from) {
    const delivery& each = (*deliveries_)[from];
    if (!is_for(each, id)) continue;
    if (without_presence && each.what == traffic::presence && each.to != audience::one) continue;
    if (gathered.merge(each.frames)) continue;
    if (!gathered.bytes.empty()) push(gathered);
    gathered = {each.frames};
  }
  if (!gathered.bytes.empty()) push(gathered);
}

// --- subscribing ---

subscriber_session* session_table::find(session_id id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second;
}

session_table::subscriber* session_table::find_subscriber(document_id document, session_id id) {
  const auto found = subscribers_.find(document);
  if (found == subscribers_.end()) return nullptr;
  const auto one = std::ranges::find(found->second, id, &subscriber::id);
  return one == found->second.end() ? nullptr : &*one;
}

session_table::failed_list::const_iterator session_table::find_failed(document_id document) const {
  return std::ranges::find(failed_, document, &failed_list::value_type::first);
}

close_reason session_table::why_failed(document_id document) const {
  const auto found = find_failed(document);
  return found == failed_.end() ? close_reason::document_failed : found->second;
}

bool session_table::subscribe(document_id document, session_id id) {
  if (find_failed(document) != failed_.end()) return false;
  if (subscriber_session* const session = find(id))
    subscribers_[document].push_back({id, session, &session->output(), {}, {}});
  return true;
}

void session_table::enable_dialect(document_id document, session_id id, dialect spoken) {
  subscriber* const one = find_subscriber(document, id);
  if (one == nullptr || one->hears.contains(spoken)) return;
  if (codec_of(spoken).traits().joins == joining::by_sync)
    one->awaits_reply.insert(spoken);
  else
    one->hears.insert(spoken);
}

void session_table::disable_dialect(document_id document, session_id id, dialect spoken) {
  subscriber* const one = find_subscriber(document, id);
  if (one == nullptr) return;
  one->hears.erase(spoken);
  one->awaits_reply.erase(spoken);
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

// --- delivering ---

void session_table::deliver(const deliver_batch& batch) {
  if (const auto found = subscribers_.find(batch.document); found != subscribers_.end())
    batch.deliveries.for_each([&](dialect in, const delivery_list& deliveries) {
      deliver(batch.document, found->second, deliveries, in);
    });
  for (const deliver_batch::handled& progress : batch.progress)
    if (subscriber_session* const session = find(progress.session))
      session->on_handled(batch.document, progress.amount);
  for (const session_id each : batch.probes)
    if (subscriber_session* const session = find(each)) session->on_probe(batch.document);
  for (const deliver_batch::closing& closing : batch.closings)
    if (subscriber_session* const session = find(closing.session)) session->close(closing.reason);
}

void session_table::deliver(document_id document, subscriber_list& to,
                            const delivery_list& deliveries, dialect in) {
  plan_.make(deliveries);
  std::uint64_t pushed = 0;
  for (subscriber& s : to) {
    std::size_t from = 0;
    if (s.awaits_reply.contains(in)) {
      from = plan_.first_for(s.id);
      if (from == plan_.size()) continue;
      s.awaits_reply.erase(in);
      s.hears.insert(in);
    }
    if (!s.hears.contains(in)) continue;
    const auto push = [&](const frame_run& frames) {
      s.output->send(frames.bytes, frames.count);
      ++pushed;
    };
    if (plan_.is_named(s.id)) {
      const bool skips = plan_.has_presence() && s.session->skips_presence(document);
      plan_.for_each_run(s.id, from, skips, push);
    } else if (!plan_.common(false).empty()) {
      const bool skips = plan_.has_presence() && s.session->skips_presence(document);
      for (const frame_run& frames : plan_.common(skips)) push(frames);
    }
  }
  tally_.add_deliveries(pushed);
}

// --- for all ---

void session_table::close_subscribers(document_id document, close_reason reason) {
  failed_.emplace_back(document, reason);
  if (failed_.size() > failures_kept_max) failed_.pop_front();
  const auto found = subscribers_.find(document);
  if (found == subscribers_.end()) return;
  const subscriber_list list = found->second;  // a session may leave by this
  for (const subscriber& s : list) s.session->on_document_failed(document, reason);
}

void session_table::close_all(close_reason reason, unsigned share) {
  for (const auto& [id, session] : sessions_)
    if (splitmix64(id) % all_sessions < share) session->close(reason);
}

changed_access session_table::change_access(const access_change& change) {
  changed_access changed;
  for (const auto& [id, session] : sessions_) session->change_access(change, changed);
  std::ranges::sort(changed.documents);
  changed.documents.erase(std::unique(changed.documents.begin(), changed.documents.end()),
                          changed.documents.end());
  return changed;
}

void session_table::on_second(subscriber_session::time_point now) {
  tally_.begin_picture();
  for (const auto& [id, session] : sessions_) session->on_second(now);
}

void session_table::on_pause_ended(subscriber_session::time_point now) {
  for (const auto& [id, session] : sessions_) session->on_pause_ended(now);
}

listed_sessions session_table::list(const list_sessions& which) const {
  listed_sessions page;
  std::vector<std::pair<session_id, const subscriber_session*>> behind;
  for (const auto& [id, session] : sessions_) {
    if (!which.document.empty() && !session->has_joined(which.document)) continue;
    ++page.count;
    if (id > which.after) behind.emplace_back(id, session);
  }
  const std::size_t on_page = std::min(behind.size(), which.limit);
  std::ranges::partial_sort(behind, behind.begin() + static_cast<std::ptrdiff_t>(on_page));
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < on_page && bytes < listed_bytes_max; ++i) {
    page.sessions.push_back(behind[i].second->describe());
    for (const std::string& name : page.sessions.back().documents) bytes += name.size();
  }
  page.has_more = page.sessions.size() < behind.size();
  return page;
}

listed_sessions session_table::describe(const describe_sessions& which) const {
  listed_sessions listed;
  for (const session_id id : which.sessions)
    if (const subscriber_session* const known = find(id))
      listed.sessions.push_back(known->describe());
  listed.count = sessions_.size();
  return listed;
}

surveyed_sessions session_table::survey(const survey_sessions& which) const {
  surveyed_sessions heard;
  const survey_slice slice =
      visit_slice(sessions_, which.from, std::clamp<std::size_t>(which.limit, 1, survey_slice_max),
                  [&](const auto& entry) { heard.sessions.push_back(entry.second->load()); });
  heard.next = slice.next;
  heard.has_more = slice.has_more;
  heard.begins_anew = slice.begins_anew;
  return heard;
}

}  // namespace troupe
