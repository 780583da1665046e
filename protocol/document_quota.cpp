#include "protocol/document_quota.hpp"

#include <utility>
#include <vector>

namespace troupe {

/// What a ticket gives back.
struct document_quota::held_places {
  std::shared_ptr<document_quota> of;
  std::string document;
  std::vector<std::string> owners;

  held_places(std::shared_ptr<document_quota> quota, std::string name,
              std::vector<std::string> holders)
      : of(std::move(quota)), document(std::move(name)), owners(std::move(holders)) {}
  held_places(const held_places&) = delete;
  held_places& operator=(const held_places&) = delete;
  ~held_places() {
    for (const std::string& owner : owners) of->release(owner, document);
  }
};

document_quota::answer document_quota::acquire(const std::string& user, const std::string& address,
                                               const std::string& document) {
  std::vector<std::pair<std::string, std::size_t>> owners;
  if (!user.empty() && limits_.per_user > 0) owners.emplace_back("user " + user, limits_.per_user);
  if (!address.empty() && limits_.per_address > 0)
    owners.emplace_back("address " + address, limits_.per_address);
  if (owners.empty()) return {};
  std::vector<std::string> holders;
  {
    const std::scoped_lock lock{mutex_};
    for (const auto& [owner, max] : owners)
      if (!has_room(owner, document, max)) return {.is_refused = true, .ticket = nullptr};
    for (auto& [owner, max] : owners) {
      ++held_[owner][document];
      holders.push_back(std::move(owner));
    }
  }
  return {.is_refused = false,
          .ticket = std::make_shared<const held_places>(shared_from_this(), document,
                                                        std::move(holders))};
}

bool document_quota::has_room(const std::string& owner, const std::string& document,
                              std::size_t max) const {
  const auto found = held_.find(owner);
  return found == held_.end() || found->second.contains(document) || found->second.size() < max;
}

void document_quota::release(const std::string& owner, const std::string& document) {
  const std::scoped_lock lock{mutex_};
  const auto of = held_.find(owner);
  if (of == held_.end()) return;
  const auto place = of->second.find(document);
  if (place == of->second.end() || --place->second > 0) return;
  of->second.erase(place);
  if (of->second.empty()) held_.erase(of);
}

std::size_t document_quota::held_by(const std::string& owner) const {
  const std::scoped_lock lock{mutex_};
  const auto of = held_.find(owner);
  return of == held_.end() ? 0 : of->second.size();
}

}  // namespace troupe
