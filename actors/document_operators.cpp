// What operators ask of a document: an update to add, its whole state. Functions of the class
// document.
#include "actors/document.hpp"

namespace troupe {

caf::result<imported_update> document::on_import(const import_update& order) {
  auto promise = make_response_promise<imported_update>();
  work_.push(operator_import{order, promise});
  handle_waiting();
  return promise;
}

caf::result<exported_state> document::on_export() {
  auto promise = make_response_promise<exported_state>();
  work_.push(operator_export{promise});
  handle_waiting();
  return promise;
}

bool document::handle(operator_import& import) {
  if (import.order.how == import_update::policy::only_new && durability_.last() > 0) {
    import.promise.deliver(imported_update{imported_update::outcome::exists, false, {}});
    return true;
  }
  look_at_store();
  // Nobody waits for it as for an edit, so it may be as much work as it is.
  work_.run(
      weight::heavy,
      [update = import.order.update, how = import.order.how](hosted_document& on,
                                                             document_effects& out) {
        if (how == import_update::policy::restore)
          on.on_restore(origin::of_server(), update.view(), out);
        else
          on.on_update(origin::of_server(), update.view(), out);
      },
      [this, import] { answer_import(import); });
  return true;
}

/// Others hear of it at once; the operator does when it is durable, as an author would.
void document::answer_import(operator_import import) {
  using outcome = imported_update::outcome;
  document_effects& effects = work_.effects();
  imported_update answer{effects.writes.empty() ? outcome::known : outcome::changed, false, {}};
  if (!effects.refusals.empty()) {
    answer = {outcome::refused, false, std::move(effects.refusals.front().why)};
    effects.refusals.clear();
    note_folding();
    return import.promise.deliver(std::move(answer));
  }
  answer.has_gap = work_.state()->has_gap();
  carry_out(import.order.update, 0);
  imports_.push_back({durability_.last(), std::move(answer), import.promise});
  answer_stored_imports();
}

void document::answer_stored_imports() {
  std::erase_if(imports_, [this](stored_import& each) {
    if (each.number > durability_.confirmed()) return false;
    each.promise.deliver(std::move(each.answer));
    return true;
  });
}

bool document::handle(operator_export& wanted) {
  const auto state = std::make_shared<shared_bytes>();
  work_.run(
      weight_of(durability_.state_size(), heavy_state_bytes),
      [state](hosted_document& of, document_effects&) {
        *state = shared_bytes::copy_of(of.whole_state());
      },
      [state, promise = wanted.promise]() mutable {
        promise.deliver(exported_state{true, std::move(*state)});
      });
  return true;
}

}  // namespace troupe
