#include "actors/version_maker.hpp"

namespace troupe {

version_maker::version_maker(caf::actor_config& config,
                             std::shared_ptr<const version_keeper> keeper,
                             std::shared_ptr<changed_documents> changes,
                             std::shared_ptr<worker_pool> workers,
                             std::shared_ptr<const newest_links> homes)
    : version_maker_actor::base(config),
      keeper_(std::move(keeper)),
      changes_(std::move(changes)),
      workers_(std::move(workers)),
      homes_(std::move(homes)) {}

version_maker::behavior_type version_maker::make_behavior() {
  end_on_exception(this);
  tell_later(this, version_maker_actor{this}, std::chrono::seconds{1}, second_passed{});
  return {
      [this](const second_passed&) { on_second(); },
      [this](const version_made& made) { on_made(made); },
  };
}

void version_maker::on_exit() {
  keeper_.reset();
  changes_.reset();
  workers_.reset();
  homes_.reset();
}

void version_maker::on_second() {
  make_next();
  tell_later(this, version_maker_actor{this}, std::chrono::seconds{1}, second_passed{});
}

/// The others have had the change as long as the home, which makes its version at about this time.
version_schedule::name version_maker::take_due() const {
  for (;;) {
    auto due = changes_->take_due();
    if (!due || !homes_ || homes_->is_home(*due, std::chrono::steady_clock::now())) return due;
  }
}

void version_maker::make_next() {
  if (is_making_) return;
  const auto document = take_due();
  if (!document) return;
  is_making_ = true;
  const auto made = std::make_shared<version_made>();
  made->document = document;
  workers_->submit(
      [made, keeper = keeper_] {
        try {
          if (const auto kept = keeper->keep_if_changed(*made->document); !kept)
            made->why = kept.error();
        } catch (const std::exception& error) {
          made->why = failure{errc::storage_failed, error.what()};
        }
      },
      [made, to = version_maker_actor{this}] { tell_anonymously(to, *made); });
}

void version_maker::on_made(const version_made& made) {
  is_making_ = false;
  if (made.why && made.why->code != errc::document_removed) {
    changes_->note(made.document);
    const std::uint64_t count =
        failures_logged_.note(to_string(made.why->code), std::chrono::steady_clock::now());
    if (count > 0)
      log_line(log_severity::warning, "no version was made of '" + *made.document +
                                          "': " + to_string(*made.why) + since_last_line(count));
  }
  make_next();
}

}  // namespace troupe
