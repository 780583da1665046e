// The documents that one session has opened, by their ids. Most sessions have one only, so the
// first lies in the object itself. Owner: a session actor.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "actors/interfaces.hpp"

namespace troupe {

class document_handles {
 public:
  void add(opened_document one) {
    if (!first_.document) {
      first_ = std::move(one);
      return;
    }
    if (!more_) more_ = std::make_unique<std::vector<opened_document>>();
    more_->push_back(std::move(one));
  }
  void remove(document_id id) {
    if (first_.id == id)
      first_ = {};
    else if (more_)
      std::erase_if(*more_, [id](const opened_document& one) { return one.id == id; });
  }

  /// Null if it was not opened.
  const document_actor* find(document_id id) const {
    if (first_.document && first_.id == id) return &first_.document;
    if (!more_) return nullptr;
    const auto found = std::ranges::find(*more_, id, &opened_document::id);
    return found == more_->end() ? nullptr : &found->document;
  }

  template <class Visit>
  void for_each(Visit&& visit) const {
    if (first_.document) visit(first_);
    if (!more_) return;
    for (const opened_document& one : *more_) visit(one);
  }

  void clear() {
    first_ = {};
    more_.reset();
  }

 private:
  opened_document first_;
  std::unique_ptr<std::vector<opened_document>> more_;  // null: none
};

}  // namespace troupe
