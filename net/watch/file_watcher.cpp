#include "net/watch/file_watcher.hpp"

#include <fcntl.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "net/asio.hpp"
#include "net/io_unit.hpp"
#include "net/watch/debouncer.hpp"
#include "net/watch/watch_tree.hpp"

namespace troupe {
namespace {

using stream_descriptor = asio::posix::basic_stream_descriptor<io_executor>;

// Bounds on the work of one turn, so that the unit serves its sockets in between.
constexpr std::size_t scanned_entries_per_turn_max = 512;
constexpr std::size_t reported_changes_per_turn_max = 128;

/// Files waiting to be reported. Beyond, events stay in the kernel; if its queue overflows, the
/// watcher compares the directories with what was known.
constexpr std::size_t waiting_files_max = 65'536;

/// Files without a document reported one by one; beyond that, one report says that there are more.
constexpr std::size_t refused_files_max = 100;

constexpr std::chrono::seconds reopen_interval{1};

/// The part of the watcher that all its directories share.
struct shared_callbacks {
  file_watcher::change_callback on_change;
  file_watcher::problem_callback on_problem;
  std::atomic<bool> stopped{false};
};

/// One watched directory on the unit's thread. Its pending operations keep it alive.
class root_watch : public std::enable_shared_from_this<root_watch> {
 public:
  /// `descriptor` is a copy of the tree's own and belongs to the watch.
  root_watch(io_unit& unit, std::unique_ptr<watch_tree> tree, int descriptor,
             std::chrono::milliseconds quiet, std::shared_ptr<shared_callbacks> callbacks)
      : unit_(unit),
        tree_(std::move(tree)),
        events_(unit.context(), descriptor),
        timer_(unit.context()),
        reopen_timer_(unit.context()),
        debouncer_(quiet),
        callbacks_(std::move(callbacks)) {}

  void start() {
    if (callbacks_->stopped) return;
    collect();
    wait_for_events();
  }

  void close() {
    error_code ignored;
    events_.close(ignored);
    timer_.cancel();
    reopen_timer_.cancel();
  }

 private:
  void wait_for_events() {
    if (callbacks_->stopped || is_waiting_) return;
    is_waiting_ = true;
    events_.async_wait(stream_descriptor::wait_read, [self = shared_from_this()](error_code error) {
      self->is_waiting_ = false;
      if (error || self->callbacks_->stopped) return;
      self->tree_->read_events();
      self->collect();
      if (self->debouncer_.size() < waiting_files_max) self->wait_for_events();
    });
  }

  /// Moves what the tree found into the debouncer, and schedules what is due next.
  void collect() {
    for (const std::string& path : tree_->take_touched()) debouncer_.note(path, unit_.now());
    for (const std::string& problem : tree_->take_problems()) report_problem(problem);
    if (callbacks_->stopped) return;
    arm_timer();
    if (tree_->has_directories_to_scan()) scan_later();
    if (tree_->is_lost()) reopen_later();
  }

  void scan_later() {
    if (std::exchange(is_scanning_, true)) return;
    asio::post(unit_.context(), [self = shared_from_this()] {
      self->is_scanning_ = false;
      if (self->callbacks_->stopped) return;
      self->tree_->scan(scanned_entries_per_turn_max);
      self->collect();
    });
  }

  void reopen_later() {
    if (std::exchange(is_reopening_, true)) return;
    reopen_timer_.expires_after(reopen_interval);
    reopen_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      self->is_reopening_ = false;
      if (cancelled || self->callbacks_->stopped) return;
      self->tree_->reopen();
      self->collect();
    });
  }

  void arm_timer() {
    const auto next = debouncer_.next_look();
    if (!next || std::exchange(is_timing_, true)) return;
    timer_.expires_at(*next);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      self->is_timing_ = false;
      if (!cancelled) self->report_due();
    });
  }

  void report_due() {
    for (std::size_t i = 0; i < reported_changes_per_turn_max && !callbacks_->stopped; ++i) {
      const auto path = debouncer_.take_due(unit_.now());
      if (!path) break;
      if (tree_->settle(*path)) report_change(*path);
    }
    if (callbacks_->stopped) return;
    collect();
    wait_for_events();
  }

  void report_change(const std::string& path) {
    auto document = document_of_file(tree_->settings(), path);
    if (document) return callbacks_->on_change({*std::move(document), path});
    if (refused_.size() > refused_files_max || !refused_.insert(path).second) return;
    const std::string& directory = tree_->settings().directory;
    if (refused_.size() > refused_files_max)
      return report_problem(directory + " has more files that belong to no document");
    report_problem("changes of " + directory + "/" + path +
                   " cannot be reported: " + document.error().detail);
  }

  void report_problem(const std::string& text) {
    if (!callbacks_->stopped) callbacks_->on_problem(text);
  }

  io_unit& unit_;
  std::unique_ptr<watch_tree> tree_;
  stream_descriptor events_;
  io_timer timer_, reopen_timer_;
  debouncer debouncer_;
  std::shared_ptr<shared_callbacks> callbacks_;
  std::set<std::string> refused_;
  bool is_waiting_ = false;
  bool is_scanning_ = false;
  bool is_reopening_ = false;
  bool is_timing_ = false;
};

/// Opens and lists one directory.
result<std::unique_ptr<watch_tree>> open_tree(watched_directory settings) {
  TROUPE_ASSIGN(auto tree, watch_tree::open(std::move(settings)));
  while (tree->has_directories_to_scan()) tree->scan(std::numeric_limits<std::size_t>::max());
  const std::string& directory = tree->settings().directory;
  if (tree->is_lost())
    return fail(errc::watch_failed, "cannot watch " + directory + ": it is gone");
  // Reporting only some changes would be worse than none: the operator would notice much later.
  if (tree->is_out_of_watches())
    return fail(errc::watch_failed, "cannot watch all directories in " + directory +
                                        ": the limit " + std::string{watches_limit_key} +
                                        " of the system is reached");
  tree->begin_reporting();
  return tree;
}

}  // namespace

/// All watched directories. All functions except stop() are used at the start only.
class file_watcher::core {
 public:
  core(io_unit& unit, change_callback on_change, problem_callback on_problem)
      : unit_(unit), callbacks_(std::make_shared<shared_callbacks>()) {
    callbacks_->on_change = std::move(on_change);
    callbacks_->on_problem = std::move(on_problem);
  }

  result<void> add(watched_directory settings, std::chrono::milliseconds quiet) {
    TROUPE_ASSIGN(auto tree, open_tree(std::move(settings)));
    // Asio closes its descriptor, and so does the tree.
    const int descriptor = ::fcntl(tree->descriptor(), F_DUPFD_CLOEXEC, 0);
    if (descriptor < 0)
      return fail(errc::watch_failed,
                  "cannot watch " + tree->settings().directory + ": " + std::strerror(errno));
    roots_.push_back(
        std::make_shared<root_watch>(unit_, std::move(tree), descriptor, quiet, callbacks_));
    return {};
  }

  void start() {
    for (const auto& root : roots_) asio::post(unit_.context(), [root] { root->start(); });
  }

  void stop() {
    if (callbacks_->stopped.exchange(true)) return;
    for (const auto& root : roots_) asio::post(unit_.context(), [root] { root->close(); });
  }

 private:
  io_unit& unit_;
  std::shared_ptr<shared_callbacks> callbacks_;
  std::vector<std::shared_ptr<root_watch>> roots_;
};

file_watcher::file_watcher(std::shared_ptr<core> state) : core_(std::move(state)) {}

file_watcher::~file_watcher() { stop(); }

void file_watcher::stop() { core_->stop(); }

result<std::unique_ptr<file_watcher>> file_watcher::open(io_unit& unit, watch_settings settings,
                                                         change_callback on_change,
                                                         problem_callback on_problem) {
  auto state = std::make_shared<core>(unit, std::move(on_change), std::move(on_problem));
  for (watched_directory& each : settings.directories)
    TROUPE_TRY(state->add(std::move(each), settings.debounce));
  state->start();
  return std::unique_ptr<file_watcher>{new file_watcher{std::move(state)}};
}

}  // namespace troupe
