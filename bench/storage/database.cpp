// The store in PostgreSQL beside the same database with one COMMIT for each update, in turns.
#include <algorithm>
#include <memory>
#include <vector>

#include "bench/storage/tasks.hpp"
#include "storage/postgresql/backend.hpp"
#include "storage/postgresql/schema.hpp"

namespace troupe::bench {
namespace {

using clock = std::chrono::steady_clock;
using load::microseconds;
using load::quotient;
using load::seconds_between;
using storage::postgresql::connection;
using storage::postgresql::parameters;

constexpr const char* schema = "store_bench";

/// What a server does that stores each update by itself.
class single_commits {
 public:
  result<void> open(const storage::postgresql::connection_settings& at) {
    TROUPE_ASSIGN(to_, connection::open(at));
    to_->send_text("CREATE TABLE IF NOT EXISTS single (document text, number bigint, data bytea, "
                   "PRIMARY KEY (document, number))");
    return to_->run();
  }
  result<void> write(std::string_view document, byte_view update) {
    to_->send("INSERT INTO single (document, number, data) VALUES ($1, $2, $3)",
              parameters{}.add(document).add(++number_).add(update));
    return to_->run();
  }

 private:
  std::unique_ptr<connection> to_;
  std::uint64_t number_ = 0;
};

/// Begins with a schema that is empty.
result<void> make_schema(const storage::postgresql::connection_settings& at) {
  TROUPE_ASSIGN(const auto by, connection::open(at));
  by->send_text(std::string{"DROP SCHEMA IF EXISTS "}.append(schema).append(" CASCADE"));
  by->send_text(std::string{"CREATE SCHEMA "}.append(schema));
  return by->run();
}

struct opened {
  std::unique_ptr<storage::postgresql_backend> store;
  single_commits single;
};

result<opened> open_all(const std::string& url) {
  storage::postgresql_settings settings;
  settings.connection.url = url;
  settings.connection.schema = schema;
  TROUPE_TRY(make_schema(settings.connection));
  {
    TROUPE_ASSIGN(const auto at, connection::open(settings.connection));
    TROUPE_TRY(storage::postgresql::migrate(*at, schema));
  }
  opened all;
  TROUPE_ASSIGN(all.store, storage::postgresql_backend::open(settings));
  TROUPE_TRY(all.single.open(settings.connection));
  return all;
}

/// What a turn measures.
struct rates {
  load::histogram times;
  std::uint64_t updates = 0;
  double seconds = 0;

  void record(clock::time_point begun, std::size_t count) {
    const auto end = clock::now();
    times.record(end - begun);
    seconds += seconds_between(begun, end);
    updates += count;
  }
  double per_second() const { return quotient(static_cast<double>(updates), seconds); }
};

class writers {
 public:
  writers(const task_options& given, opened& to) : given_(given), to_(to) {
    for (std::size_t i = 0; i < given.documents; ++i) {
      names_.push_back(std::make_shared<const std::string>(given.prefix + std::to_string(i)));
      authors_.emplace_back(given.of, static_cast<std::uint32_t>(i));
    }
  }

  /// One update of each document, durable as one.
  result<void> write_batch(rates& to) {
    storage::batch batch;
    for (std::size_t i = 0; i < names_.size(); ++i)
      batch.appends.push_back({names_[i], numbers_ + 1, {shared_bytes::copy_of(next(i))}});
    ++numbers_;
    const auto begun = clock::now();
    TROUPE_TRY(to_.store->write(batch));
    to.record(begun, names_.size());
    return {};
  }
  result<void> write_single(rates& to) {
    const std::size_t i = to.updates % names_.size();
    const byte_view update = next(i);
    const auto begun = clock::now();
    TROUPE_TRY(to_.single.write(*names_[i], update));
    to.record(begun, 1);
    return {};
  }

 private:
  byte_view next(std::size_t of) {
    return authors_[of].next(given_.update_size_min, given_.update_size_max);
  }

  const task_options& given_;
  opened& to_;
  std::vector<std::shared_ptr<const std::string>> names_;
  std::vector<author> authors_;
  storage::sequence numbers_ = 0;
};

}  // namespace

void run_database(const task_options& given, load::report& out) {
  constexpr unsigned turns = 8;
  auto all = open_all(given.path);
  if (!all) return out.fail(to_string(all.error()));
  writers by{given, *all};
  rates warm_up;
  rates batches;
  rates singles;
  for (unsigned turn = 0; turn <= turns; ++turn)
    for (const bool is_batch : {true, false}) {
      rates& to = turn == 0 ? warm_up : is_batch ? batches : singles;
      const auto end = clock::now() + std::chrono::duration<double>{given.seconds / turns};
      while (clock::now() < end)
        if (const auto written = is_batch ? by.write_batch(to) : by.write_single(to); !written)
          return out.fail(to_string(written.error()));
    }
  out.add("updates_per_second", batches.per_second());
  out.add_latencies("batch", batches.times);
  out.add("commits_per_second", singles.per_second());
  out.add_latencies("commit", singles.times);
  out.add("rate_per_commit_rate", quotient(batches.per_second(), singles.per_second()));
  out.add("batch_p50_per_commit_p50",
          quotient(microseconds(batches.times.at(0.5)), microseconds(singles.times.at(0.5))));
}

void run_commit(const task_options& given, load::report& out) {
  storage::postgresql::connection_settings at;
  at.url = given.path;
  at.schema = schema;
  single_commits single;
  result<void> done = make_schema(at);
  if (done) done = single.open(at);
  author by{given.of, 0};
  rates all;
  const auto end = clock::now() + std::chrono::duration<double>{given.seconds};
  while (done && clock::now() < end) {
    const byte_view update = by.next(given.update_size_min, given.update_size_max);
    const auto begun = clock::now();
    done = single.write("floor", update);
    all.record(begun, 1);
  }
  if (!done) return out.fail(to_string(done.error()));
  out.add("commits_per_second", all.per_second());
  out.add_latencies("commit", all.times);
}

}  // namespace troupe::bench
