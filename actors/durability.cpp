#include "actors/durability.hpp"

namespace troupe {

void durability::on_stored(keeper_id by, storage::sequence up_to) {
  const auto known = std::ranges::find(keepers_, by, &keeper::id);
  if (known == keepers_.end())
    keepers_.push_back({by, up_to});
  else
    known->stored = std::max(known->stored, up_to);
  // The highest number that as many keepers as needed have reached. They are few.
  for (const keeper& candidate : keepers_) {
    const auto reached = std::ranges::count_if(
        keepers_, [&](const keeper& each) { return each.stored >= candidate.stored; });
    if (static_cast<std::size_t>(reached) >= confirmations_needed_)
      confirmed_ = std::max(confirmed_, candidate.stored);
  }
}

}  // namespace troupe
