#include "actors/node_watch.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"

namespace troupe::node_watch_test {

using namespace std::chrono_literals;

constexpr std::chrono::seconds patience{10};

/// A table in memory, which can be out of reach.
class memory_table final : public storage::node_table {
 public:
  result<std::vector<storage::node_row>> note_present(const storage::node_row& self,
                                                      std::chrono::milliseconds) override {
    const std::lock_guard lock{mutex_};
    ++asked_;
    if (fails) return fail(errc::storage_failed, "the test says so");
    if (std::ranges::find(rows_, self) == rows_.end()) rows_.push_back(self);
    return rows_;
  }
  result<void> note_gone(const storage::document_id& id) override {
    const std::lock_guard lock{mutex_};
    std::erase_if(rows_, [&](const auto& each) { return each.id == id; });
    return {};
  }
  std::size_t count() {
    const std::lock_guard lock{mutex_};
    return rows_.size();
  }
  int asked() {
    const std::lock_guard lock{mutex_};
    return asked_;
  }

  std::atomic<bool> fails = false;

 private:
  std::mutex mutex_;
  std::vector<storage::node_row> rows_;
  int asked_ = 0;
};

storage::node_row row_of(std::uint64_t number) {
  return {row_id_of({7, number}), "c", "n" + std::to_string(number),
          "127.0.0.1:" + std::to_string(4000 + number)};
}

class bed {
 public:
  bed() {
    test::register_types_once();
    config_.set("caf.logger.console.verbosity", "quiet");
    system_ = std::make_unique<caf::actor_system>(config_);
    owner_ = std::make_unique<caf::scoped_actor>(*system_);
  }
  ~bed() {
    caf::anon_send_exit(it, caf::exit_reason::user_shutdown);
    (*owner_)->wait_for(it);
    it = nullptr;
    owner_.reset();
  }
  void spawn() {
    it = system_->spawn<node_watch, caf::detached>(table, row_of(1),
                                                   caf::actor_cast<cluster_actor>(owner_->ptr()));
  }
  std::vector<cluster::member> next() {
    std::vector<cluster::member> nodes;
    (*owner_)->receive([&](const nodes_present& news) { nodes = news.nodes; },
                       caf::after(patience) >> [] { FAIL("nobody is there"); });
    return nodes;
  }
  void drain() {
    (*owner_)
        ->request(it, patience, drain_node{})
        .receive([](const node_drained&) {},
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
  }

  std::shared_ptr<memory_table> table = std::make_shared<memory_table>();
  node_watch_actor it;

 private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<caf::scoped_actor> owner_;
};

TEST_CASE("a node says that it is there, and hears who else is", "[actors][shared]") {
  bed on;
  REQUIRE(on.table->note_present(row_of(2), 1s));
  on.spawn();
  const auto nodes = on.next();
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[0] == cluster::member{{7, 2}, "n2", "127.0.0.1:4002"});
  CHECK(nodes[1].id == cluster::node_uuid{7, 1});
}

TEST_CASE("a node that ends is not there any more", "[actors][shared]") {
  bed on;
  on.spawn();
  on.next();
  on.drain();
  CHECK(on.table->count() == 0);
}

TEST_CASE("while the store cannot be reached nobody hears anything", "[actors][shared]") {
  bed on;
  on.table->fails = true;
  on.spawn();
  on.drain();  // behind the first attempt, or before it
  CHECK(on.table->asked() <= 1);
  CHECK(on.table->count() == 0);
}

TEST_CASE("a uuid stands in the table as it is shown", "[actors][shared]") {
  const cluster::node_uuid id{0x0123456789abcdef, 0xfedcba9876543210};
  const storage::document_id row = row_id_of(id);
  CHECK(row.front() == 0x01);
  CHECK(row.back() == 0x10);
  CHECK(uuid_of(row) == id);
}

}  // namespace troupe::node_watch_test
