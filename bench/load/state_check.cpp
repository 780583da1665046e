#include "bench/load/state_check.hpp"

#include "protocol/crdt/doc.hpp"

namespace troupe::load {

namespace {

constexpr std::chrono::seconds joining_max{20};

class newcomer final : public client_events {
 public:
  void on_joined(client&, byte_view state) override { take(state); }
  void on_update(client&, byte_view update) override { take(update); }

  const crdt::doc& doc() const noexcept { return doc_; }
  bool has_refused() const noexcept { return has_refused_; }

 private:
  void take(byte_view update) { has_refused_ = has_refused_ || !doc_.apply_update(update); }

  crdt::doc doc_;
  bool has_refused_ = false;
};

}  // namespace

void check_document(swarm& clients, std::size_t document,
                    const std::vector<const update_maker*>& authors, report& out,
                    std::size_t server) {
  const auto events = std::make_unique<newcomer>();
  client& joined = clients.add(document, clients.clients().size(), *events, server);
  const bool has_joined = clients.open_all(1, joining_max, out);
  joined.close();
  if (!has_joined) return;
  if (events->has_refused()) return out.fail("the state of the document is no valid update");
  if (events->doc().pending_size() > 0) out.fail("the state of the document has gaps");
  const crdt::state_vector known = events->doc().state_vector();
  for (const update_maker* each : authors)
    if (known.clock_of(each->author()) != each->clock())
      out.fail("the document has " + std::to_string(known.clock_of(each->author())) +
               " characters of an author who wrote " + std::to_string(each->clock()));
  if (authors.size() == 1 && events->doc().text("text") != authors[0]->text())
    out.fail("the document has another text than was written");
}

}  // namespace troupe::load
