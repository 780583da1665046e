// What the node shows of its cluster where nobody can wait for an actor: /readyz. Thread: any.
#pragma once

#include <mutex>
#include <optional>
#include <string>

namespace troupe {

class cluster_state {
 public:
  /// Why the node cannot serve as a member; nothing: it can.
  std::optional<std::string> why_not() const {
    const std::lock_guard lock{mutex_};
    return why_not_.empty() ? std::nullopt : std::optional{why_not_};
  }
  void note(std::string why_not) {
    const std::lock_guard lock{mutex_};
    why_not_ = std::move(why_not);
  }

 private:
  mutable std::mutex mutex_;
  std::string why_not_ = "the cluster is being looked for";
};

}  // namespace troupe
