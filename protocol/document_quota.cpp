#include "protocol/document_quota.hpp"

#include <utility>

namespace troupe {

/// What a ticket gives back.
struct document_quota::held_places {
  std::shared_ptr<document_quota> of;
  places held;

  held_places(std::shared_ptr<document_quota> quota, const places& holds)
      : of(std::move(quota)), held(holds) {}
  held_places(const held_places&) = delete;
  held_places& operator=(const held_places&) = delete;
  ~held_places() { of->release(held); }
};

document_quota::answer document_quota::acquire(const std::string& user, const std::string& address,
                                               const std::string& document) {
  struct owner {
    std::string name;
    std::size_t max = 0;  // 0: does not count
  };
  std::array<owner, 2> owners;
  if (!user.empty() && limits_.per_user > 0) owners[0] = {"user " + user, limits_.per_user};
  if (!address.empty() && limits_.per_address > 0)
    owners[1] = {"address " + address, limits_.per_address};
  if (owners[0].max == 0 && owners[1].max == 0) return {};
  places held;
  {
    const std::scoped_lock lock{mutex_};
    for (const owner& each : owners)
      if (const auto found = held_.find(each.name);
          each.max > 0 && found != held_.end() && !has_room(found->second, document, each.max))
        return {.is_refused = true, .ticket = nullptr};
    for (std::size_t i = 0; i < owners.size(); ++i) {
      if (owners[i].max == 0) continue;
      owner_table::value_type& of = *held_.try_emplace(std::move(owners[i].name)).first;
      held[i] = {&of, of.second.try_emplace(document).first};
      ++held[i].document->second;
    }
  }
  return {.is_refused = false,
          .ticket = std::make_shared<const held_places>(shared_from_this(), held)};
}

bool document_quota::has_room(const documents& held, const std::string& document, std::size_t max) {
  return held.size() < max || held.contains(document);
}

void document_quota::release(const places& held) {
  const std::scoped_lock lock{mutex_};
  for (const place& each : held) {
    if (each.owner == nullptr || --each.document->second > 0) continue;
    documents& of = each.owner->second;
    of.erase(each.document);
    if (of.empty()) held_.erase(held_.find(each.owner->first));
  }
}

std::size_t document_quota::held_by(const std::string& owner) const {
  const std::scoped_lock lock{mutex_};
  const auto of = held_.find(owner);
  return of == held_.end() ? 0 : of->second.size();
}

}  // namespace troupe
