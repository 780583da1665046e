#include "actors/sweeper.hpp"

#include <utility>

#include "base/steady_time.hpp"

namespace troupe {

namespace {

constexpr std::chrono::milliseconds sweep_tick{50};

}  // namespace

sweeper::sweeper(caf::actor_config& config, std::shared_ptr<storage::archive> archive,
                 directory_actor directory, cluster::sweep_settings settings)
    : sweeper_actor::base(config),
      archive_(std::move(archive)),
      directory_(std::move(directory)),
      sweep_(settings) {}

sweeper::behavior_type sweeper::make_behavior() {
  end_on_exception(this);
  tell(this, sweeper_actor{this}, flush_atom_v);
  return {
      [this](const cluster_changed& change) { on_changed(change); },
      [this](const link_changed& change) {
        if (change.is_up) sweep_.on_peer_up(change.peer, current_time());
      },
      [this](const document_left_behind& what) {
        sweep_.on_left_behind(what.document, what.lacking, current_time());
      },
      [this](flush_atom) {
        go_on();
        tell_later(this, sweeper_actor{this}, sweep_tick, flush_atom_v);
      },
  };
}

void sweeper::on_exit() {
  directory_ = nullptr;
  owner_ = nullptr;
  links_ = nullptr;
  archive_ = nullptr;
}

/// Documents that are open may have updates that are not stored yet, so they are visited, too.
void sweeper::on_changed(const cluster_changed& change) {
  owner_ = caf::actor_cast<cluster_actor>(current_sender());
  const bool is_new = !links_ || links_->list.number() != change.links->list.number();
  links_ = change.links;
  const auto now = current_time();
  const std::uint64_t number = links_->list.number();
  if (is_new && number > 0) {
    using enum cluster::sweep::moved_before;
    list_documents open;
    open.limit = static_cast<std::size_t>(-1);
    request(directory_, caf::infinite, open)
        .then(
            [this, number, before = links_->has_moved ? yes : no](const listed_documents& page) {
              if (links_->list.number() != number) return;
              std::vector<std::string> names;
              for (const document_info& each : page.documents) names.push_back(each.name);
              sweep_.on_list(number, before, std::move(names), current_time());
              if (links_->all_moved) sweep_.on_all_moved(number, current_time());
            },
            [](const caf::error&) {});
    return;
  }
  if (links_->all_moved) sweep_.on_all_moved(number, now);
}

void sweeper::go_on() {
  if (!links_ || !links_->is_member) return;
  const auto now = current_time();
  while (const auto page = sweep_.next_page(now)) list_page(*page);
  while (const auto next = sweep_.next_visit(now)) visit(*next);
  if (const auto moved = sweep_.take_moved()) {
    log_line(log_severity::info, "all documents of this node are where member list " +
                                     std::to_string(*moved) + " wants them");
    tell(this, owner_, documents_moved{*moved, false});
  }
  const std::uint64_t list = links_->list.number();
  if (sweep_.may_drop(now) && std::exchange(dropped_for_, list) != list)
    tell(this, owner_, documents_moved{list, true});
}

void sweeper::list_page(const cluster::sweep::page_request& wanted) {
  using enum cluster::sweep::page_end;
  storage::document_query which;
  which.after = wanted.after;
  which.limit = wanted.count;
  which.with_removed = true;
  const auto page = archive_->list(which);
  if (!page) {
    log_line(log_severity::error, "stored documents cannot be listed: " + to_string(page.error()));
    return sweep_.on_page(wanted.pass, {}, wanted.after, more, current_time());
  }
  std::vector<std::string> names;
  for (const storage::document_info& each : page->documents) names.push_back(each.name);
  std::string after = names.empty() ? wanted.after : names.back();
  if (wanted.skips_kept)
    std::erase_if(names,
                  [this](const std::string& each) { return links_->place(each).keeps_itself; });
  sweep_.on_page(wanted.pass, std::move(names), std::move(after), page->has_more ? more : last,
                 current_time());
}

/// What was removed has nothing to be opened, but its keepers must know that it was: one that was
/// away has it still.
void sweeper::visit(const std::string& document) {
  const auto take = [this, document](const visited_document& outcome) {
    on_visited(document, outcome);
  };
  const auto give_up = [this, document](const caf::error& why) {
    log_line(log_severity::debug,
             "document '" + document + "' is visited later: " + caf::to_string(why));
    sweep_.on_visit_failed(document, current_time());
    go_on();
  };
  const auto info = archive_->info(document);
  if (info && *info && (*info)->is_removed)
    request(directory_, caf::infinite, spread_generation{document}).then(take, give_up);
  else
    request(directory_, caf::infinite, visit_document{document}).then(take, give_up);
}

void sweeper::on_visited(const std::string& document, const visited_document& outcome) {
  const auto now = current_time();
  if (!outcome.lacking.empty() || outcome.list != links_->list.number())
    log_line(log_severity::debug,
             "document '" + document + "' is visited again: under member list " +
                 std::to_string(outcome.list) + ", " + std::to_string(outcome.lacking.size()) +
                 " of its keepers have not confirmed all of it");
  sweep_.on_visited(document, outcome.list, outcome.lacking, now);
  if (outcome.may_be_dropped) drop(document);
  go_on();
}

void sweeper::drop(const std::string& document) {
  request(directory_, caf::infinite, drop_copy{document})
      .then(
          [document](const dropped_copy& outcome) {
            if (outcome.is_dropped)
              log_line(log_severity::debug,
                       "the copy of document '" + document + "' is dropped; other nodes keep it");
          },
          [](const caf::error&) {});
}

}  // namespace troupe
