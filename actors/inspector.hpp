// The actor that answers `troupe inspect` (inspect_wire.hpp). The node spawns it on a thread of its
// own and publishes it at its inspection port; it only looks, and changes nothing.
//
// It never holds up those whom it asks: at most once a second, for all who ask meanwhile, it walks
// through the sessions of each I/O unit and through the open documents in slices of a fraction of a
// millisecond, one after the other, and it asks for details only of the rows that it shows. A walk
// through very many documents takes longer than a second; whoever asks meanwhile receives the last
// one, or what there is so far. A document that does not answer is named, and the walk continues.
//
// Its mailbox is filled by whoever reaches the port. What waits for an answer is bounded
// (inspection::askers_max); beyond that it answers with an error at once. If it fails, the node
// runs without it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <caf/typed_response_promise.hpp>

#include "actors/caf_compat.hpp"
#include "actors/cluster_links.hpp"
#include "actors/connection_slots.hpp"
#include "actors/inspect_wire.hpp"
#include "actors/inspection.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "actors/session_table.hpp"
#include "actors/store_health.hpp"
#include "storage/archive.hpp"

namespace troupe {

/// An actor that is asked how long it takes to answer.
struct named_actor {
  std::string name;
  caf::actor who;
};

/// What the inspector looks at. What may be null is not there.
struct inspector_parts {
  std::string program;  ///< Version of troupe.
  std::string node;     ///< cluster.node; may be empty.
  directory_actor directory;
  std::vector<hub_actor> hubs;
  cluster_actor cluster;  ///< May be null.
  std::vector<named_actor> actors;
  std::shared_ptr<storage::archive> archive;
  std::shared_ptr<const connection_slots> slots;
  std::shared_ptr<const store_health> health;
  std::shared_ptr<const node_metrics> metrics;
  std::shared_ptr<const newest_links> links;  ///< May be null.
};

/// Beside what others may ask, a note to itself: continue with the documents.
using local_inspector_actor =
    inspector_actor::extend<caf::result<void>(flush_atom),
                            caf::result<void>(flush_atom, std::uint64_t)>;  // of a unit

class inspector final : public local_inspector_actor::base {
 public:
  using time_point = inspection::clock::time_point;

  /// Questions about one document in a second.
  static constexpr std::size_t document_questions_max = 50;

  inspector(caf::actor_config& config, inspector_parts parts);

  const char* name() const override { return "troupe.inspector"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  struct gathered_node {
    inspected_node shown;
    described_cluster cluster;
  };
  using session_details = std::unordered_map<session_id, session_info>;
  /// A question about sessions, whose rows are being looked up.
  struct row_search {
    std::vector<inspection::surveyed_session> rows;
    inspected_sessions answer;
    std::shared_ptr<session_details> details;
    std::vector<std::pair<std::size_t, std::vector<session_id>>> missing;  // by unit, in pieces
    caf::typed_response_promise<inspected_sessions> promise;
  };

  caf::result<inspect_welcome> on_hello(const inspect_hello& from) const;
  caf::result<inspected_node> on_node(const inspect_node& which);
  caf::result<inspected_actors> on_actors(const inspect_actors& which);
  caf::result<inspected_documents> on_documents(const inspect_documents& which);
  caf::result<inspected_document> on_document(const inspect_document& which);
  caf::result<inspected_sessions> on_sessions(const inspect_sessions& which);

  template <class Answer, class Gathered, class Then, class Begin>
  caf::result<Answer> answer_from(const inspect_mark& mark, inspection::shared_gather<Gathered>& of,
                                  Then then, Begin begin);

  void gather_node();
  void finish_node(gathered_node all);
  template <class Then>
  void with_cluster(Then then);

  void gather_actors();
  void note_answer(const std::string& name, std::int64_t took);
  void end_of_answer();

  void gather_documents();
  void survey_documents_on();
  void describe_slice(const surveyed_documents& heard);
  void end_slice();
  void finish_documents(bool is_partial);
  document_row row_of(const document_info& of, const described_cluster* cluster) const;
  void place(document_row& row, const described_cluster& cluster) const;
  void answer_document(inspected_document answer,
                       caf::typed_response_promise<inspected_document> promise);
  void add_stored(inspected_document& to) const;

  void gather_sessions();
  void survey_unit(std::size_t unit);
  void end_unit(bool is_partial);
  void search_rows(const std::shared_ptr<row_search>& search);
  void answer_rows(row_search& search) const;

  inspector_parts parts_;
  time_point started_;

  inspection::shared_gather<gathered_node> node_;
  inspection::shared_gather<inspected_actors> actors_;
  inspection::shared_gather<inspection::gathered_documents> documents_;
  inspection::shared_gather<inspection::gathered_sessions> sessions_;

  // What is being gathered.
  inspected_actors new_actors_;
  std::size_t answers_missing_ = 0;
  inspection::gathered_documents new_documents_;
  survey_place documents_place_;
  bool documents_go_on_ = false;
  std::size_t descriptions_missing_ = 0;
  time_point documents_began_;
  std::vector<std::vector<inspection::surveyed_session>> new_sessions_;  // by unit
  std::vector<survey_place> session_places_;  // where each unit continues
  bool new_sessions_are_partial_ = false;
  std::size_t units_missing_ = 0;
  std::shared_ptr<session_details> details_;  // of the newest survey, as far as they were shown

  time_point second_began_;
  std::size_t document_questions_ = 0;  // since then
};

}  // namespace troupe
