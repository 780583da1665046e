#include "actors/document_handles.hpp"

#include <caf/actor_cast.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"

namespace troupe::document_handles_test {

namespace {

using ids = std::vector<document_id>;

/// Handles to documents that only have addresses.
class handles_bed {
 public:
  handles_bed() : first_(node_.system()), second_(node_.system()) {}
  ~handles_bed() { handles.clear(); }

  /// Odd documents have one address, even ones the other.
  document_actor address_of(document_id id) {
    return caf::actor_cast<document_actor>(id % 2 == 1 ? first_.ptr() : second_.ptr());
  }
  void add(document_id id) { handles.add({id, address_of(id)}); }
  bool has(document_id id) {
    const document_actor* const found = handles.find(id);
    return found != nullptr && *found == address_of(id);
  }
  ids all() const {
    ids found;
    handles.for_each([&](const opened_document& each) { found.push_back(each.id); });
    std::ranges::sort(found);
    return found;
  }

 private:
  test::actor_node node_;
  caf::scoped_actor first_;
  caf::scoped_actor second_;

 public:
  document_handles handles;
};

}  // namespace

TEST_CASE("a session without documents has no handles", "[document_handles]") {
  handles_bed bed;
  CHECK(bed.handles.find(0) == nullptr);
  CHECK(bed.handles.find(1) == nullptr);
  CHECK(bed.all().empty());
  bed.handles.remove(1);
  bed.handles.clear();
  CHECK(bed.all().empty());
}

TEST_CASE("each document that was opened is found by its id", "[document_handles]") {
  handles_bed bed;
  for (const document_id id : {5, 8, 3}) bed.add(id);
  for (const document_id id : {5, 8, 3}) CHECK(bed.has(id));
  CHECK(bed.handles.find(4) == nullptr);
  CHECK(bed.handles.find(0) == nullptr);
  CHECK(bed.all() == ids{3, 5, 8});
}

TEST_CASE("the other handles stay when one is removed, whichever it is", "[document_handles]") {
  for (const document_id gone : {5, 8, 3}) {
    handles_bed bed;
    for (const document_id id : {5, 8, 3}) bed.add(id);
    bed.handles.remove(gone);
    bed.handles.remove(gone);
    CHECK(bed.handles.find(gone) == nullptr);
    CHECK(bed.all().size() == 2);
    for (const document_id id : {5, 8, 3}) CHECK(bed.has(id) == (id != gone));
    bed.add(9);
    CHECK(bed.has(9));
    CHECK(bed.all().size() == 3);
  }
}

TEST_CASE("handles can be let go all at once", "[document_handles]") {
  handles_bed bed;
  for (const document_id id : {5, 8, 3}) bed.add(id);
  bed.handles.clear();
  CHECK(bed.all().empty());
  bed.add(8);
  CHECK(bed.all() == ids{8});
}

}  // namespace troupe::document_handles_test
