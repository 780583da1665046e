// What bearers of tokens have asked for without a session and has not been answered yet: requests
// over HTTP that change something, and edits of programs. A change of access waits for those that
// it concerns, so that nothing of them takes effect once it has been answered. One per node, part
// of its access_control. Thread: any.
//
// A request begins before its rights are looked at: so a change that it did not see waits for it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "actors/operator_view.hpp"

namespace troupe {

class requests_under_way {
 public:
  /// Under way until the last copy of what is returned is gone.
  std::shared_ptr<void> begin(std::string user, std::string token_id, std::string document);

  /// Calls `then` once all that are under way now and that the change concerns are over, on the
  /// thread of the last; at once if there are none. The use_count() of what is returned says how
  /// many of them are left.
  std::weak_ptr<const void> when_over(const access_change& change, std::function<void()> then);

 private:
  class waiting;
  struct entry {
    std::string user;
    std::string token_id;
    std::string document;
    std::vector<std::shared_ptr<waiting>> held = {};
  };
  /// Outlives the requests, whoever holds them.
  struct all {
    std::mutex mutex;  // guards the rest
    std::uint64_t last = 0;
    std::map<std::uint64_t, entry> entries;
  };

  /// A request, for whoever keeps it.
  class one {
   public:
    one(std::shared_ptr<all> in, std::uint64_t number) : in_(std::move(in)), number_(number) {}
    one(const one&) = delete;
    one& operator=(const one&) = delete;
    ~one();

   private:
    const std::shared_ptr<all> in_;
    const std::uint64_t number_;
  };

  const std::shared_ptr<all> all_ = std::make_shared<all>();
};

}  // namespace troupe
