#include "actors/inspection.hpp"

#include <algorithm>

#include "actors/inspect_wire.hpp"

namespace troupe::inspection {

namespace {

/// By which number a row comes first; ids ascend behind it.
std::uint64_t weight_of(const session_load& of, session_order order) {
  switch (order) {
    case session_order::queue: return of.queued_bytes;
    case session_order::in: return of.bytes_in;
    case session_order::out: return of.bytes_out;
    case session_order::documents: return of.documents;
    case session_order::idle: return static_cast<std::uint64_t>(of.idle.count());
    case session_order::id: return 0;
  }
  return of.queued_bytes;
}

std::uint64_t weight_of(const document_info& of, document_order order) {
  switch (order) {
    case document_order::size: return of.state_bytes;
    case document_order::memory: return of.memory_bytes;
    case document_order::sessions: return of.sessions;
    case document_order::name: return 0;
  }
  return of.state_bytes;
}

/// The rows that come first by `weight`, then by `key`.
template <class Row, class Weight, class Key>
std::vector<Row> first_rows(const std::vector<Row>& all, std::size_t limit, Weight weight,
                            Key key) {
  std::vector<const Row*> rows;
  rows.reserve(all.size());
  for (const Row& each : all) rows.push_back(&each);
  const std::size_t count = std::min(rows.size(), limit);
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(),
                    [&](const Row* a, const Row* b) {
                      const auto of_a = weight(*a);
                      const auto of_b = weight(*b);
                      return of_a != of_b ? of_a > of_b : key(*a) < key(*b);
                    });
  std::vector<Row> first;
  first.reserve(count);
  for (std::size_t i = 0; i < count; ++i) first.push_back(*rows[i]);
  return first;
}

}  // namespace

std::vector<surveyed_session> first_of(const gathered_sessions& all, std::uint8_t order,
                                       std::size_t limit) {
  return first_rows(
      all.sessions, limit,
      [by = static_cast<session_order>(order)](const surveyed_session& each) {
        return weight_of(each.load, by);
      },
      [](const surveyed_session& each) { return each.load.id; });
}

std::vector<document_info> first_of(const gathered_documents& all, std::uint8_t order,
                                    std::size_t limit) {
  return first_rows(
      all.documents, limit,
      [by = static_cast<document_order>(order)](const document_info& each) {
        return weight_of(each, by);
      },
      [](const document_info& each) -> const std::string& { return each.name; });
}

}  // namespace troupe::inspection
