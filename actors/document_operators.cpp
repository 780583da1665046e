// What operators ask of a document: an update to add, its whole state, what its sessions show, and
// whether it has handled what it was sent. Functions of the class document.
#include "actors/document.hpp"

#include <algorithm>
#include <map>

#include "protocol/edits/apply.hpp"

namespace troupe {

caf::result<imported_update> document::on_import(const import_update& order) {
  auto promise = make_response_promise<imported_update>();
  if (peers_) peers_->core().on_reader();
  look_if_unused();
  queue(operator_import{order, promise});
  return promise;
}

caf::result<exported_state> document::on_export(const export_state& which) {
  auto promise = make_response_promise<exported_state>();
  operator_export wanted{promise, which.wants_state};
  if (which.is_local) {
    // Not held until others have answered.
    work_.push(std::move(wanted));
    handle_waiting();
    return promise;
  }
  if (peers_) peers_->core().on_reader();
  look_if_unused();
  queue(std::move(wanted));
  return promise;
}

namespace {

/// What came of the work on an import.
struct import_work {
  bool is_unmatched = false;
  std::string version;
};

/// What makes a document exist that has nothing in it.
constexpr std::uint8_t no_contents[] = {0, 0};

void add_to(hosted_document& on, const import_update& order, document_effects& out) {
  using policy = import_update::policy;
  if (order.edits)
    on.on_edit(origin::of_server(), *order.edits, order.origin_name, out);
  else if (order.how == policy::restore)
    on.on_restore(origin::of_server(), order.update.view(), out);
  else if (!order.update.empty())
    on.on_update(origin::of_server(), order.update.view(), out);
  if (order.how == policy::create && out.writes.empty() && out.refusals.empty())
    out.writes.push_back(
        {byte_view{no_contents}, origin::of_server(), dialect::y_websocket, std::nullopt});
  for (document_effects::storage_write& write : out.writes) write.origin_name = order.origin_name;
}

/// The weight of edits on a document whose encoded state has this size, about. An edit of one step
/// walks to its place; for others the document is copied.
weight weight_of(const edits::batch& what, std::size_t state_size, bool is_folded) {
  if (troupe::weight_of(what.size(), heavy_update_bytes) == weight::heavy) return weight::heavy;
  const bool only_walks = !is_folded && !edits::needs_copy(what);
  return troupe::weight_of(state_size, only_walks ? heavy_state_bytes : heavy_update_bytes);
}

void add_if_allowed(hosted_document& on, const import_update& order, bool exists,
                    document_effects& out, import_work& done) {
  done.is_unmatched =
      !order.condition.allows(exists) ||
      (!order.condition.one_of.empty() && !order.condition.allows_version(on.state_version()));
  if (!done.is_unmatched) add_to(on, order, out);
  if (order.wants_version) done.version = on.state_version();
}

}  // namespace

bool document::handle(operator_import& import) {
  using policy = import_update::policy;
  const bool exists = durability_.last() > 0;
  const policy how = import.order.how;
  if (exists && (how == policy::only_new || how == policy::create)) {
    import.promise.deliver(imported_update{imported_update::outcome::exists, false, {}});
    return true;
  }
  check_store();
  // Nobody waits for an update as for an edit, so it may be as much work as it is.
  const weight of_order =
      import.order.edits
          ? weight_of(*import.order.edits, durability_.state_size(), work_.state()->is_folded())
          : weight::heavy;
  const auto outcome_of = std::make_shared<import_work>();
  work_.run(
      of_order,
      [order = import.order, exists, outcome_of](hosted_document& on, document_effects& out) {
        add_if_allowed(on, order, exists, out, *outcome_of);
      },
      [this, import, outcome_of] {
        imported_update answer;
        answer.version = std::move(outcome_of->version);
        if (outcome_of->is_unmatched) answer.what = imported_update::outcome::unmatched;
        answer_import(import, std::move(answer));
      });
  return true;
}

/// Others receive it at once; the operator is answered when it is durable, as an author would.
void document::answer_import(operator_import import, imported_update answer) {
  using outcome = imported_update::outcome;
  document_effects& effects = work_.effects();
  if (answer.what == outcome::unmatched) {
    note_folding();
    return import.promise.deliver(std::move(answer));
  }
  answer.what = effects.writes.empty() ? outcome::known : outcome::changed;
  if (!effects.writes.empty()) reporter_.on_edit_by(import.order.user, import.order.origin_name);
  if (!effects.refusals.empty()) {
    answer.what = outcome::refused;
    answer.edit_index = effects.refusals.front().edit_index;
    answer.refusal = std::move(effects.refusals.front().why);
    effects.refusals.clear();
    note_folding();
    return import.promise.deliver(std::move(answer));
  }
  answer.has_gap = work_.state()->has_gap();
  carry_out(import.order.update, 0);
  imports_.push_back({durability_.last(), std::move(answer), import.promise, current_time()});
  answer_stored_imports();
}

void document::answer_stored_imports() {
  std::erase_if(imports_, [this](stored_import& each) {
    if (each.number > durability_.confirmed()) return false;
    each.promise.deliver(std::move(each.answer));
    return true;
  });
}

/// The document has it, and so will its keepers once they can be reached; but nobody waits for
/// ever.
void document::give_up_imports(hosted_document::time_point now) {
  std::erase_if(imports_, [&](stored_import& each) {
    if (now - each.since < peers_->links().settings.load_timeout) return false;
    each.answer.what = imported_update::outcome::unconfirmed;
    each.promise.deliver(std::move(each.answer));
    return true;
  });
}

bool document::handle(operator_export& wanted) {
  const auto exported = std::make_shared<exported_state>();
  exported->exists = durability_.last() > 0;
  if (!wanted.wants_state) {
    wanted.promise.deliver(std::move(*exported));
    return true;
  }
  work_.run(
      weight_of(durability_.state_size(), heavy_state_bytes),
      [exported](hosted_document& of, document_effects&) {
        exported->state = shared_bytes::copy_of(of.whole_state());
        exported->version = of.state_version();
      },
      [exported, promise = wanted.promise]() mutable { promise.deliver(std::move(*exported)); });
  return true;
}

caf::result<settled_documents> document::on_settle() {
  auto promise = make_response_promise<settled_documents>();
  queue(awaited_settling{promise});
  return promise;
}

bool document::handle(awaited_settling& settling) {
  settling.promise.deliver(settled_documents{{*name_}});
  return true;
}

/// While its state is lent there is nothing to show; an operator asks again. Of several states of
/// one session the last is listed.
listed_presence document::on_list_presence(const list_presence& which) const {
  std::map<session_id, std::string_view> shown;
  if (!work_.state()) return {};
  for (const auto& [owner, state] : work_.state()->presence().states_by_owner())
    if (std::ranges::binary_search(which.sessions, owner)) shown[owner] = state;
  listed_presence listed;
  for (const auto& [owner, state] : shown)
    listed.states.push_back({owner, std::string{state.substr(0, listed_presence_bytes_max)},
                             state.size() > listed_presence_bytes_max});
  return listed;
}

/// While its state is lent there is nothing to show, as above.
listed_clients document::on_list_clients(const list_clients& which) const {
  listed_clients page;
  page.is_open = true;
  if (!work_.state()) return page;
  const sync::awareness& presence = work_.state()->presence();
  auto shown = presence.shown();
  std::ranges::sort(shown);
  page.count = shown.size();
  for (const auto id : shown) {
    if (which.after && id <= *which.after) continue;
    if (page.clients.size() == which.limit) {
      page.has_more = true;
      break;
    }
    const std::string_view state = presence.state_of(id);
    page.clients.push_back({id, presence.owner_of(id),
                            std::string{state.substr(0, listed_presence_bytes_max)},
                            state.size() > listed_presence_bytes_max});
  }
  return page;
}

document_info document::on_describe() const {
  document_info info{settings_.name, audience_.session_count(), is_unloading_};
  info.state_bytes = durability_.state_size();
  if (!work_.state()) return info;  // lent to a worker
  const foldable_state::figures state = work_.state()->describe();
  info.memory_bytes = state.size_in_memory;
  info.client_ids = state.client_count;
  info.is_folded = work_.state()->is_folded();
  return info;
}

}  // namespace troupe
