#include <algorithm>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "bench/load/history.hpp"
#include "bench/load/modes.hpp"
#include "bench/load/swarm.hpp"
#include "protocol/crdt/doc.hpp"

namespace troupe::load {

namespace {

constexpr std::chrono::seconds writing_max{60};
constexpr std::chrono::seconds joining_max{60};
constexpr std::chrono::milliseconds settling{300};
/// What all states may take that are kept until the end; beyond, each is compared as it comes.
constexpr std::size_t rooms_size_max = std::size_t{512} << 20;

/// One client writes a document with a long history; then all others join it at once. The time of
/// each runs from the moment at which all begin to connect until it has the whole state. The
/// memory for that is there before, and it is looked at afterwards: what is measured is not what
/// a generator makes of many states on one thread.
class join final : client_events {
 public:
  explicit join(const options& given)
      : given_(given),
        probe_(given.server_processes),
        swarm_(given.where),
        history_(given.file.empty() ? make_history(given.size, given.characters)
                                    : read_history(given.file)) {}

  report run() {
    if (!history_.is_whole) report_.fail("the history is no whole document");
    if (report_.has_failed() || !write_history()) return report_;
    add_clients();
    const usage from = probe_.read();
    begun_ = from.at;
    const bool have_joined = swarm_.open_all(given_.clients, joining_max, report_);
    const usage to = probe_.read();
    if (!have_joined) return report_;
    for (const auto& [index, state] : in_rooms_) keep(index, state);
    add_figures(from, to);
    check_states();
    return report_;
  }

 private:
  /// In memory of its own, or in pieces_room_.
  struct kept_piece {
    byte_buffer own;
    byte_view in_room;
    byte_view view() const { return own.empty() ? in_room : byte_view{own}; }
  };

  /// The writer's last question is answered once the server has worked through all updates before
  /// it. It asks as a newcomer does: what a server keeps for newcomers is there when they come.
  bool write_history() {
    client& writer = swarm_.add(0, 0, *this);
    if (!swarm_.open_all(1, joining_max, report_)) return false;
    for (const byte_buffer& each : history_.updates) writer.send_update(each);
    writer.ask_for_state(crdt::state_vector{}.encode());
    const bool is_written = swarm_.loop().turn_until(
        [&] { return is_answered_ || writer.is_closed(); }, loop_clock::now() + writing_max);
    if (!is_answered_) report_.fail("the history could not be written: " + writer.trouble());
    swarm_.loop().turn_until([] { return false; }, loop_clock::now() + settling);
    return is_written && is_answered_;
  }

  /// Each with room for a state somewhat longer than ours: servers may encode it differently.
  void add_clients() {
    const std::size_t state_size = history_.document->encode_state_as_update().size();
    const std::size_t room = state_size + state_size / 8 + 4096;
    if (2 * room * given_.clients <= rooms_size_max) {
      rooms_.resize(room * given_.clients);
      pieces_room_.resize(room * given_.clients);
    }
    for (std::size_t i = 0; i < given_.clients; ++i) {
      client& added = swarm_.add(0, swarm_.clients().size(), *this);
      if (!rooms_.empty()) added.lend(std::span{rooms_}.subspan(i * room, room));
    }
  }

  bool is_in_room(byte_view state) const {
    const std::less<const std::uint8_t*> before;
    return !rooms_.empty() && !before(state.data(), rooms_.data()) &&
           before(state.data(), rooms_.data() + rooms_.size());
  }

  void on_state(client&, byte_view) override { is_answered_ = true; }

  /// A server may send a large state as several updates and the rest as the answer.
  void on_update(client& by, byte_view update) override {
    if (by.index() == 0 || by.has_joined()) return;
    std::vector<kept_piece>& pieces = pieces_[by.index()];
    if (pieces_used_ + update.size() > pieces_room_.size()) {
      pieces.push_back({byte_buffer{update.begin(), update.end()}, {}});
      return;
    }
    const auto place = pieces_room_.begin() + static_cast<std::ptrdiff_t>(pieces_used_);
    std::ranges::copy(update, place);
    pieces.push_back({{}, byte_view{place, update.size()}});
    pieces_used_ += update.size();
  }

  void on_joined(client& by, byte_view state) override {
    if (by.index() == 0) return;  // the writer, to a document that is empty
    times_.record(loop_clock::now() - begun_);
    if (is_in_room(state))
      in_rooms_.emplace_back(by.index(), state);
    else
      keep(by.index(), state);
  }

  /// All states that are the same bytes are kept once.
  void keep(std::size_t index, byte_view last) {
    std::vector<byte_buffer> state;
    for (const kept_piece& each : pieces_[index])
      state.emplace_back(each.view().begin(), each.view().end());
    state.emplace_back(last.begin(), last.end());
    if (states_.empty() || states_.back() != state) states_.push_back(std::move(state));
  }

  void add_figures(const usage& from, const usage& to) {
    const auto count = static_cast<double>(given_.clients);
    report_.add("clients", count);
    std::size_t state_size = 0;
    if (!states_.empty())
      for (const byte_buffer& piece : states_[0]) state_size += piece.size();
    report_.add("state_kb", static_cast<double>(state_size) / 1e3);
    report_.add("seconds", seconds_between(from.at, to.at));
    report_.add_latencies("join", times_);
    if (probe_.has_server())
      report_.add("server_cpu_ms_per_join",
                  microseconds(to.server_cpu - from.server_cpu) / 1e3 / count);
    report_.add_usage(probe_, from, to);
  }

  void check_states() {
    swarm_.check(report_);
    for (const std::vector<byte_buffer>& each : states_) {
      crdt::doc doc;
      const bool is_valid = std::ranges::all_of(each, [&](const byte_buffer& piece) -> bool {
        return doc.apply_update(piece).has_value();
      });
      if (!is_valid || doc.state_vector() != history_.document->state_vector() ||
          doc.pending_size() > 0 || doc.text("text") != history_.document->text("text"))
        return report_.fail("a client got another document than was written");
    }
  }

  const options& given_;
  usage_probe probe_;
  report report_{"join"};
  swarm swarm_;
  const history history_;
  loop_clock::time_point begun_;
  histogram times_;
  std::map<std::size_t, std::vector<kept_piece>> pieces_;    // of states, by client
  std::vector<std::pair<std::size_t, byte_view>> in_rooms_;  // states, not yet looked at
  std::vector<std::vector<byte_buffer>> states_;             // those that differ, in their pieces
  byte_buffer rooms_;  // one behind the other, one for each client
  byte_buffer pieces_room_;
  std::size_t pieces_used_ = 0;
  bool is_answered_ = false;
};

}  // namespace

report run_join(const options& given) { return std::make_unique<join>(given)->run(); }

}  // namespace troupe::load
