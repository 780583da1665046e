// What programs without a Yjs library change in documents. Functions of the class archivist.
#include "actors/archivist.hpp"

namespace troupe {

/// Answered when it is durable.
void archivist::send_edit(const admin::edit_order& order) {
  if (!order) return finish(order.error());
  const unsigned status = order->how == import_update::policy::create ? 201 : 200;
  send_import(*order, [this, status](const imported_update& outcome) {
    finish(admin::show_edited(document(), outcome, status));
  });
}

void archivist::create_document() {
  send_edit(admin::read_new_document(*request_, document(), desk_->settings().update_bytes_max));
}

void archivist::edit_document() { send_edit(admin::read_edits(*request_, document())); }

void archivist::set_text() { send_edit(admin::read_text(*request_, document(), page_.id)); }

void archivist::add_update() {
  send_edit(admin::read_update(*request_, document(), desk_->settings().update_bytes_max));
}

/// The documents are asked at once, and answer in any order.
void archivist::carry_out_batch() {
  const auto orders = admin::read_batch(*request_);
  if (!orders) return finish(orders.error());
  struct progress {
    std::vector<http_answer> answers;
    std::size_t left = 0;
  };
  const auto all = std::make_shared<progress>();
  all->answers.resize(orders->size());
  all->left = orders->size();
  if (orders->empty()) return finish(admin::show_batch({}));
  const auto note = [this, all](std::size_t at, http_answer answer) {
    all->answers[at] = std::move(answer);
    if (--all->left == 0) finish(admin::show_batch(all->answers));
  };
  for (std::size_t i = 0; i < orders->size(); ++i) {
    const admin::edit_order& order = (*orders)[i];
    if (!order) {
      note(i, order.error());
      continue;
    }
    ask_import(*order, [note, i, name = order->document](const import_result& outcome) {
      note(i, outcome ? admin::show_edited(name, *outcome) : outcome.error());
    });
  }
}

}  // namespace troupe
