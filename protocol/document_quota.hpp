// How many documents each user, and each address, holds open on a node, so that one of them cannot
// shut everybody else out of limits.max_documents. A document counts once for a user or an address,
// however many of its sessions have joined it, and as long as one of them is joined. Made by the
// node, asked by the directory; a ticket goes with the join and is given back when nobody has it
// any more. Thread: any.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace troupe {

/// Holds a place as long as it lives.
using quota_ticket = std::shared_ptr<const void>;

struct quota_limits {
  std::size_t per_user = 0;  ///< 0: no limit.
  std::size_t per_address = 0;
};

class document_quota : public std::enable_shared_from_this<document_quota> {
 public:
  explicit document_quota(quota_limits limits) noexcept : limits_(limits) {}

  struct answer {
    bool is_refused = false;
    quota_ticket ticket;  ///< Null where nothing is limited.
  };

  /// A session joins a document. `user`, `address`: empty where it does not count.
  answer acquire(const std::string& user, const std::string& address, const std::string& document);

  /// How many documents are held open by an owner, "user ..." or "address ...".
  std::size_t held_by(const std::string& owner) const;

 private:
  using documents = std::map<std::string, std::size_t>;  // by name: how many tickets
  using owner_table = std::unordered_map<std::string, documents>;
  /// One document of one owner. The nodes stay where they are for as long as a ticket holds them.
  struct place {
    owner_table::value_type* owner = nullptr;  ///< Null: none.
    documents::iterator document;
  };
  using places = std::array<place, 2>;  // of a user, of an address
  struct held_places;

  static bool has_room(const documents& held, const std::string& document, std::size_t max);
  void release(const places& held);

  quota_limits limits_;
  mutable std::mutex mutex_;
  owner_table held_;
};

}  // namespace troupe
