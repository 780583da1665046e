#include "actors/inspector.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include <caf/actor_registry.hpp>
#include <caf/sec.hpp>

#include "actors/actor_metrics.hpp"
#include "actors/inspector_rows.hpp"

namespace troupe {

namespace {

/// An actor that does not answer within this time is left out.
constexpr std::chrono::seconds inspector_patience{2};
/// A document that does not is named as one that is silent, and the walk continues.
constexpr std::chrono::seconds description_patience{2};
/// Whoever asks for documents waits no longer than this for the end of a walk.
constexpr std::chrono::seconds documents_patience{1};
/// Documents in a slice, and the pause behind it: at most 2,000 documents are asked in a second.
constexpr std::size_t documents_in_slice = 100;
constexpr std::chrono::milliseconds documents_pause{50};
/// Behind a slice of sessions, so that a survey takes little of the cores at any moment.
constexpr std::chrono::milliseconds sessions_pause{10};
/// Sessions that are described at once.
constexpr std::size_t details_at_once = 64;

inspection::clock::time_point current_time() { return inspection::clock::now(); }

std::uint64_t milliseconds_since(inspection::clock::time_point then) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(current_time() - then).count());
}

caf::error other_version() {
  return caf::make_error(caf::sec::invalid_argument, "this node speaks version " +
                                                         std::to_string(inspection::version) +
                                                         " of inspection");
}

caf::error too_many_questions() {
  return caf::make_error(caf::sec::runtime_error, "too many ask at once");
}

std::uint64_t memory_of_process() {
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t cpu_milliseconds_of_process() {
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) != 0) return 0;
  const auto of = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
           static_cast<std::uint64_t>(time.tv_usec) / 1000;
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

std::size_t limit_of(std::uint64_t wanted) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(wanted, inspection::rows_max));
}

}  // namespace

inspector::inspector(caf::actor_config& config, inspector_parts parts)
    : local_inspector_actor::base(config),
      parts_(std::move(parts)),
      started_(current_time()),
      details_(std::make_shared<session_details>()) {}

inspector::behavior_type inspector::make_behavior() {
  end_on_exception(this);
  // What others send by mistake is answered, and not written to the standard output.
  set_default_handler(caf::drop);
  return {
      [this](const inspect_hello& from) { return on_hello(from); },
      [this](const inspect_node& which) { return on_node(which); },
      [this](const inspect_actors& which) { return on_actors(which); },
      [this](const inspect_documents& which) { return on_documents(which); },
      [this](const inspect_document& which) { return on_document(which); },
      [this](const inspect_sessions& which) { return on_sessions(which); },
      [this](flush_atom) { survey_documents_on(); },
      [this](flush_atom, std::uint64_t unit) { survey_unit(unit); },
  };
}

void inspector::on_exit() {
  node_.clear();
  actors_.clear();
  documents_.clear();
  sessions_.clear();
  parts_ = {};
}

caf::result<inspect_welcome> inspector::on_hello(const inspect_hello& from) const {
  if (from.mark.tag != inspection::tag) return other_version();
  return inspect_welcome{{}, inspection::cut(parts_.program), inspection::cut(parts_.node)};
}

/// Answers from what was gathered within the last second, or what will be: `then(gathered, taken,
/// promise)`.
template <class Answer, class Gathered, class Then, class Begin>
caf::result<Answer> inspector::answer_from(const inspect_mark& mark,
                                           inspection::shared_gather<Gathered>& of, Then then,
                                           Begin begin) {
  using verdict = typename inspection::shared_gather<Gathered>::verdict;
  if (!mark.is_ours()) return other_version();
  auto promise = this->template make_response_promise<Answer>();
  const verdict what =
      of.ask(current_time(), [then, promise](const Gathered& all, time_point taken) mutable {
        then(all, taken, promise);
      });
  if (what == verdict::refused) promise.deliver(too_many_questions());
  if (what == verdict::begins) begin();
  return promise;
}

// --- the node ---

caf::result<inspected_node> inspector::on_node(const inspect_node& which) {
  return answer_from<inspected_node>(
      which.mark, node_,
      [](const gathered_node& all, time_point taken, auto& promise) {
        inspected_node answer = all.shown;
        answer.source.age = milliseconds_since(taken);
        promise.deliver(std::move(answer));
      },
      [this] { gather_node(); });
}

void inspector::gather_node() {
  gathered_node all;
  inspected_node& shown = all.shown;
  shown.program = inspection::cut(parts_.program);
  shown.name = inspection::cut(parts_.node);
  shown.process = static_cast<std::uint64_t>(::getpid());
  shown.uptime = milliseconds_since(started_);
  shown.memory_bytes = memory_of_process();
  shown.cpu_time = cpu_milliseconds_of_process();
  shown.running_actors = home_system().registry().running();
  shown.connections = parts_.slots->connections();
  shown.messages = static_cast<std::uint64_t>(parts_.metrics->traffic().messages->value());
  shown.unstored_bytes = parts_.health->waiting();
  if (const auto why = parts_.health->problem())
    shown.storage_refusal = inspection::cut(to_string(*why));
  request(parts_.directory, inspector_patience, survey_documents{{}, 1})
      .then(
          [this, all](const surveyed_documents& heard) mutable {
            all.shown.open_documents = heard.count;
            finish_node(std::move(all));
          },
          [this, all](const caf::error&) mutable {
            all.shown.source.is_partial = true;
            finish_node(std::move(all));
          });
}

void inspector::finish_node(gathered_node all) {
  if (!parts_.cluster) return node_.finish(std::move(all), current_time());
  request(parts_.cluster, inspector_patience, describe_cluster{})
      .then(
          [this, all](const described_cluster& cluster) mutable {
            all.cluster = cluster;
            add_cluster(all.shown, cluster);
            node_.finish(std::move(all), current_time());
          },
          [this, all](const caf::error&) mutable {
            all.shown.source.is_partial = true;
            node_.finish(std::move(all), current_time());
          });
}

/// Calls `then(cluster)` with how it was within the last second; null: there is none.
template <class Then>
void inspector::with_cluster(Then then) {
  if (!parts_.cluster) return then(nullptr);
  using verdict = inspection::shared_gather<gathered_node>::verdict;
  const verdict what = node_.ask(
      current_time(), [then](const gathered_node& all, time_point) mutable { then(&all.cluster); });
  if (what == verdict::refused) then(nullptr);
  if (what == verdict::begins) gather_node();
}

// --- actors ---

caf::result<inspected_actors> inspector::on_actors(const inspect_actors& which) {
  return answer_from<inspected_actors>(
      which.mark, actors_,
      [](const inspected_actors& all, time_point taken, auto& promise) {
        inspected_actors answer = all;
        answer.source.age = milliseconds_since(taken);
        promise.deliver(std::move(answer));
      },
      [this] { gather_actors(); });
}

/// Each says its name, which CAF has every actor do; how long that takes is how long a message
/// waits for it.
void inspector::gather_actors() {
  new_actors_ = {};
  new_actors_.source.total = home_system().registry().running();
  for (const measured_actors& each : read_actor_metrics(home_system().metrics()))
    new_actors_.actors.push_back(to_row(each));
  std::vector<named_actor> asked = parts_.actors;
  for (const auto& [name, who] : home_system().registry().named_actors())
    if (who) asked.push_back({name, caf::actor_cast<caf::actor>(who)});
  answers_missing_ = asked.size() + 1;
  const time_point began = current_time();
  for (const named_actor& each : asked)
    request(each.who, inspector_patience, caf::sys_atom_v, caf::get_atom_v, std::string{"info"})
        .then(
            [this, began, name = each.name](caf::ok_atom, const std::string&,
                                            const caf::strong_actor_ptr&, const std::string&) {
              note_answer(name, std::chrono::nanoseconds{current_time() - began}.count());
            },
            [this, name = each.name](const caf::error&) {
              note_answer(name, actor_row::not_known);
            });
  end_of_answer();
}

void inspector::note_answer(const std::string& name, std::int64_t took) {
  auto row = std::ranges::find(new_actors_.actors, name, &actor_row::name);
  if (row == new_actors_.actors.end())
    row = new_actors_.actors.insert(row, actor_row{.name = name});
  ++row->asked;
  row->silent += took == actor_row::not_known;
  row->answer = std::max(row->answer, took);
  end_of_answer();
}

void inspector::end_of_answer() {
  if (--answers_missing_ > 0) return;
  std::ranges::sort(new_actors_.actors, {}, &actor_row::name);
  if (new_actors_.actors.size() > inspection::rows_max)
    new_actors_.actors.resize(inspection::rows_max);
  actors_.finish(std::move(new_actors_), current_time());
}

// --- documents ---

caf::result<inspected_documents> inspector::on_documents(const inspect_documents& which) {
  auto later = answer_from<inspected_documents>(
      which.mark, documents_,
      [this, which](const inspection::gathered_documents& all, time_point taken, auto& promise) {
        inspected_documents answer;
        answer.source = {milliseconds_since(taken), all.count, all.is_partial};
        for (const std::string& each : all.silent)
          if (answer.silent.size() < inspection::rows_max)
            answer.silent.push_back(inspection::cut(each));
        const auto rows = inspection::first_of(all, which.order, limit_of(which.limit));
        with_cluster([this, answer, rows, promise](const described_cluster* cluster) mutable {
          for (const document_info& each : rows) answer.documents.push_back(row_of(each, cluster));
          promise.deliver(std::move(answer));
        });
      },
      [this] { gather_documents(); });
  // A walk that takes long has an older one behind it, unless it is the first.
  if (documents_.has_askers() && documents_.newest() &&
      current_time() - documents_began_ > documents_patience)
    documents_.answer(*documents_.newest(), documents_.taken());
  return later;
}

void inspector::gather_documents() {
  new_documents_ = {};
  documents_place_ = {};
  documents_began_ = current_time();
  survey_documents_on();
}

void inspector::survey_documents_on() {
  request(parts_.directory, inspector_patience,
          survey_documents{documents_place_, documents_in_slice})
      .then([this](const surveyed_documents& heard) { describe_slice(heard); },
            [this](const caf::error&) { finish_documents(true); });
}

void inspector::describe_slice(const surveyed_documents& heard) {
  if (heard.begins_anew) new_documents_ = {};
  documents_place_ = heard.next;
  documents_go_on_ = heard.has_more;
  new_documents_.count = heard.count;
  descriptions_missing_ = heard.documents.size() + 1;
  for (const surveyed_documents::entry& each : heard.documents)
    request(each.document, description_patience, describe_document{})
        .then(
            [this, is_unloading = each.is_unloading](const document_info& info) {
              new_documents_.documents.push_back(info);
              new_documents_.documents.back().is_unloading = is_unloading || info.is_unloading;
              end_slice();
            },
            [this, name = each.name](const caf::error& why) {  // else it has ended meanwhile
              if (why == caf::sec::request_timeout) new_documents_.silent.push_back(name);
              end_slice();
            });
  end_slice();
}

void inspector::end_slice() {
  if (--descriptions_missing_ > 0) return;
  if (!documents_go_on_) return finish_documents(false);
  const time_point now = current_time();
  if (documents_.has_askers() && now - documents_began_ > documents_patience) {
    inspection::gathered_documents part = new_documents_;
    part.is_partial = true;
    documents_.newest() ? documents_.answer(*documents_.newest(), documents_.taken())
                        : documents_.answer(part, now);
  }
  tell_later(this, local_inspector_actor{this}, documents_pause, flush_atom_v);
}

void inspector::finish_documents(bool is_partial) {
  new_documents_.is_partial = is_partial || !new_documents_.silent.empty();
  documents_.finish(std::exchange(new_documents_, {}), current_time());
}

document_row inspector::row_of(const document_info& of, const described_cluster* cluster) const {
  document_row row = to_row(of);
  if (cluster != nullptr) place(row, *cluster);
  return row;
}

/// By the member list, as all nodes do.
void inspector::place(document_row& row, const described_cluster& cluster) const {
  const cluster_links_ptr links = parts_.links ? parts_.links->get() : nullptr;
  if (links && !links->list.members().empty())
    add_place(row, links->list, links->replication, cluster);
}

caf::result<inspected_document> inspector::on_document(const inspect_document& which) {
  if (!which.mark.is_ours()) return other_version();
  if (!which.is_well_formed())
    return caf::make_error(caf::sec::invalid_argument, "the name is too long");
  const time_point now = current_time();
  if (now - second_began_ >= std::chrono::seconds{1}) {
    second_began_ = now;
    document_questions_ = 0;
  }
  if (++document_questions_ > document_questions_max) return too_many_questions();
  auto promise = make_response_promise<inspected_document>();
  const list_documents only{.after = {}, .limit = 1, .only = which.name};
  request(parts_.directory, description_patience, only)
      .then(
          [this, promise, name = which.name](const listed_documents& open) mutable {
            inspected_document answer;
            answer.is_open = !open.documents.empty();
            answer.row =
                to_row(answer.is_open ? open.documents.front() : document_info{.name = name});
            answer_document(std::move(answer), std::move(promise));
          },
          [this, promise, name = which.name](const caf::error& why) mutable {
            if (why != caf::sec::request_timeout) return promise.deliver(why);
            inspected_document answer;
            answer.is_silent = true;
            answer.row = to_row(document_info{.name = name});
            answer_document(std::move(answer), std::move(promise));
          });
  return promise;
}

/// Adds what others than the document know of it.
void inspector::answer_document(inspected_document answer,
                                caf::typed_response_promise<inspected_document> promise) {
  add_stored(answer);
  with_cluster([this, promise, answer](const described_cluster* cluster) mutable {
    if (cluster != nullptr) place(answer.row, *cluster);
    promise.deliver(std::move(answer));
  });
}

/// Reads a little from the disk, on the thread of the inspector.
void inspector::add_stored(inspected_document& to) const {
  const auto stored = parts_.archive->info(to.row.name);
  if (!stored) {
    to.damage = inspection::cut(to_string(stored.error()));
    return;
  }
  if (!*stored) return;
  to.is_stored = true;
  to.is_removed = (*stored)->is_removed;
  to.created_at = (*stored)->created_at;
  to.changed_at = (*stored)->changed_at;
  to.updates = (*stored)->last;
  to.log_records = (*stored)->log_records;
  to.log_bytes = (*stored)->log_bytes;
  to.checkpoint_bytes = (*stored)->checkpoint_size;
  to.damage = inspection::cut((*stored)->damage);
}

// --- sessions ---

caf::result<inspected_sessions> inspector::on_sessions(const inspect_sessions& which) {
  return answer_from<inspected_sessions>(
      which.mark, sessions_,
      [this, which](const inspection::gathered_sessions& all, time_point taken, auto& promise) {
        const auto search = std::make_shared<row_search>();
        search->rows = inspection::first_of(all, which.order, limit_of(which.limit));
        search->answer.source = {milliseconds_since(taken), all.sessions.size(), all.is_partial};
        for (const inspection::surveyed_session& each : all.sessions) {
          search->answer.queued_bytes += each.load.queued_bytes;
          search->answer.bytes_in += each.load.bytes_in;
          search->answer.bytes_out += each.load.bytes_out;
        }
        search->details = details_;
        search->missing = missing_details(search->rows, *details_, details_at_once);
        search->promise = promise;
        search_rows(search);
      },
      [this] { gather_sessions(); });
}

/// All units at once, each slice by slice.
void inspector::gather_sessions() {
  new_sessions_.assign(parts_.hubs.size(), {});
  new_sessions_are_partial_ = false;
  units_missing_ = parts_.hubs.size() + 1;
  session_places_.assign(parts_.hubs.size(), {});
  for (std::size_t unit = 0; unit < parts_.hubs.size(); ++unit) survey_unit(unit);
  end_unit(false);
}

void inspector::survey_unit(std::size_t unit) {
  request(parts_.hubs[unit], inspector_patience,
          survey_sessions{session_places_[unit], session_table::survey_slice_max})
      .then(
          [this, unit](const surveyed_sessions& heard) {
            auto& all = new_sessions_[unit];
            if (heard.begins_anew) all.clear();
            for (const session_load& each : heard.sessions) all.push_back({each, unit});
            if (!heard.has_more) return end_unit(false);
            session_places_[unit] = heard.next;
            tell_later(this, local_inspector_actor{this}, sessions_pause, flush_atom_v,
                       std::uint64_t{unit});
          },
          [this](const caf::error&) { end_unit(true); });
}

void inspector::end_unit(bool is_partial) {
  new_sessions_are_partial_ = new_sessions_are_partial_ || is_partial;
  if (--units_missing_ > 0) return;
  inspection::gathered_sessions all;
  all.is_partial = new_sessions_are_partial_;
  for (const auto& of_unit : std::exchange(new_sessions_, {}))
    all.sessions.insert(all.sessions.end(), of_unit.begin(), of_unit.end());
  details_ = std::make_shared<session_details>();
  sessions_.finish(std::move(all), current_time());
}

/// Asks for one piece after the other, so that no unit has two of them before it.
void inspector::search_rows(const std::shared_ptr<row_search>& search) {
  if (search->missing.empty()) return answer_rows(*search);
  auto [unit, ids] = std::move(search->missing.back());
  search->missing.pop_back();
  request(parts_.hubs[unit], inspector_patience, describe_sessions{std::move(ids)})
      .then(
          [this, search](const listed_sessions& heard) {
            for (const session_info& each : heard.sessions) search->details->emplace(each.id, each);
            search_rows(search);
          },
          [this, search](const caf::error&) {
            search->answer.source.is_partial = true;
            search_rows(search);
          });
}

void inspector::answer_rows(row_search& search) const {
  const auto now = std::chrono::system_clock::now();
  for (const inspection::surveyed_session& each : search.rows) {
    const auto known = search.details->find(each.load.id);
    const session_info* const details =
        known == search.details->end() ? nullptr : &known->second;  // it has gone meanwhile
    search.answer.sessions.push_back(to_row(each.load, details, now));
  }
  search.promise.deliver(std::move(search.answer));
}

}  // namespace troupe
