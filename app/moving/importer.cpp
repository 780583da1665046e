#include "app/moving/importer.hpp"

#include <algorithm>

#include "base/document_name.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/wire/update_stream.hpp"
#include "protocol/crdt/wire/update_tools.hpp"

namespace troupe::moving {

namespace {

constexpr std::size_t batch_documents_max = 256;
constexpr std::size_t batch_bytes_max = std::size_t{8} << 20;
constexpr std::uint64_t progress_every = 10'000;

/// A document as bytes make it. Deleted contents stay: a rule of the server may keep them.
class loaded_document {
 public:
  result<void> add(byte_view update) {
    TROUPE_TRY(doc_.load_update(update, repaired_));
    return {};
  }

  result<void> add(const std::string& bytes, update_notation notation) {
    const byte_view all = as_bytes(bytes);
    if (notation == update_notation::v1) return add(all);
    const crdt::limits limit = crdt::limits_of_stored({});
    if (notation == update_notation::v1_or_v2) {
      const auto added = add(all);
      if (added) return {};
      const auto v1 =
          crdt::convert_update(all, crdt::update_format::v2, crdt::update_format::v1, limit);
      return v1 ? add(byte_view{*v1}) : added;
    }
    TROUPE_ASSIGN(const auto list,
                  crdt::read_updates(all, crdt::detect_container(all, limit), limit));
    for (const byte_view each : list.updates) {
      if (list.format() == crdt::update_format::v1) {
        TROUPE_TRY(add(each));
        continue;
      }
      TROUPE_ASSIGN(const byte_buffer v1, crdt::convert_update(each, crdt::update_format::v2,
                                                               crdt::update_format::v1, limit));
      TROUPE_TRY(add(byte_view{v1}));
    }
    return {};
  }

  result<void> add(const storage::stored_document& stored) {
    if (stored.checkpoint.size() > 0) TROUPE_TRY(add(stored.checkpoint.view()));
    for (const shared_slice& each : stored.updates) TROUPE_TRY(add(each.view()));
    return {};
  }

  const crdt::doc& operator*() const noexcept { return doc_; }
  const crdt::doc* operator->() const noexcept { return &doc_; }
  std::size_t repaired() const noexcept { return repaired_.size(); }

 private:
  crdt::doc doc_{crdt::doc_settings{.gc = crdt::garbage_collection::off, .limit = {}}};
  std::vector<crdt::repaired_struct> repaired_;
};

bool holds_nothing(const crdt::doc& doc) {
  return doc.state_vector().empty() && doc.pending_size() == 0;
}

/// What goes to the store with the next batch, and what the document is afterwards.
struct staged_document {
  std::string name;
  shared_bytes update;
  crdt::snapshot expected;
  bool is_new = true;
};

class import_run {
 public:
  import_run(storage::backend* into, const import_settings& settings)
      : into_(into), settings_(settings) {}

  result<import_report> run(document_source& from) {
    found_document found;
    for (;;) {
      TROUPE_ASSIGN(const bool has_more, from.next(found));
      if (!has_more) break;
      TROUPE_TRY(take(found));
      if (staged_.size() >= batch_documents_max || staged_bytes_ >= batch_bytes_max)
        TROUPE_TRY(flush());
    }
    TROUPE_TRY(flush());
    return std::move(report_);
  }

 private:
  result<void> take(const found_document& found) {
    for (const std::string& each : found.problems) report_.add_problem(found.name, each);
    if (found.name.empty() && !found.problems.empty()) return {};
    if (++report_.documents % progress_every == 0 && settings_.progress)
      settings_.progress(report_.documents);
    if (const auto allowed = check_document_name(found.name); !allowed) {
      report_.add_problem(found.name, explain(allowed.error()));
      return {};
    }
    loaded_document read;
    if (!read_all(found, read)) return {};
    report_.repaired += read.repaired();
    if (read->has_gap()) report_.add_waiting(found.name);
    return compare(found.name, *read);
  }

  /// Whether anything could be read.
  bool read_all(const found_document& found, loaded_document& read) {
    std::size_t usable = 0;
    for (std::size_t i = 0; i < found.updates.size(); ++i) {
      const auto added = read.add(found.updates[i], found.notation);
      usable += added ? 1 : 0;
      if (!added)
        report_.add_problem(found.name, "update " + std::to_string(i + 1) + " of " +
                                            std::to_string(found.updates.size()) +
                                            ": not an update: " + to_string(added.error()));
    }
    if (usable == 0) report_.add_problem(found.name, "nothing of it can be read");
    return usable > 0;
  }

  /// Stages what the store lacks of a document.
  result<void> compare(const std::string& name, const crdt::doc& read) {
    const auto is_it = [&](const staged_document& each) { return each.name == name; };
    if (std::any_of(staged_.begin(), staged_.end(), is_it)) TROUPE_TRY(flush());
    storage::stored_document stored;
    if (into_ != nullptr) {
      auto loaded = into_->load(name);
      if (!loaded) return refuse(name, loaded.error());
      stored = std::move(*loaded);
    }
    if (stored.checkpoint.size() > 0 || !stored.updates.empty()) return merge(name, read, stored);
    if (holds_nothing(read)) {
      ++report_.empty;
      return {};
    }
    stage({name, shared_bytes::copy_of(read.encode_state_as_update()), read.snapshot(), true});
    return {};
  }

  result<void> merge(const std::string& name, const crdt::doc& read,
                     const storage::stored_document& stored) {
    loaded_document whole;
    if (const auto loaded = whole.add(stored); !loaded) return refuse(name, loaded.error());
    const crdt::snapshot before = whole->snapshot();
    const std::size_t waiting = whole->pending_size();
    const byte_buffer lacking = read.encode_state_as_update(before.known);
    if (const auto added = whole.add(byte_view{lacking}); !added)
      return refuse(name, added.error());
    crdt::snapshot after = whole->snapshot();
    if (after == before && whole->pending_size() == waiting) {
      ++report_.unchanged;
    } else if (settings_.existing == existing_document::refuse) {
      report_.add_problem(name, "the store has a document of this name, which lacks some of it");
    } else {
      stage({name, shared_bytes::copy_of(lacking), std::move(after), false});
    }
    return {};
  }

  result<void> refuse(const std::string& name, const failure& why) {
    // Of a document, not of the store as a whole.
    if (why.code == errc::storage_failed || why.code == errc::disk_full ||
        why.code == errc::corrupt_store)
      return tl::unexpected(why);
    report_.add_problem(name, "in the store: " + to_string(why));
    return {};
  }

  void stage(staged_document one) {
    staged_bytes_ += one.update.size();
    staged_.push_back(std::move(one));
  }

  result<void> flush() {
    if (!settings_.is_dry_run && !staged_.empty()) {
      storage::batch batch;
      for (const staged_document& each : staged_)
        batch.appends.push_back({std::make_shared<const std::string>(each.name),
                                 storage::next_number,
                                 {shared_slice{each.update}}});
      TROUPE_TRY(into_->write(batch));
    }
    for (const staged_document& each : staged_) {
      if (!settings_.is_dry_run && !is_stored(each)) {
        report_.add_problem(each.name, "what is stored is not what was read");
        continue;
      }
      ++(each.is_new ? report_.imported : report_.merged);
      report_.bytes += each.update.size();
    }
    staged_.clear();
    staged_bytes_ = 0;
    return {};
  }

  bool is_stored(const staged_document& what) {
    const auto stored = into_->load(what.name);
    if (!stored || stored->updates.empty()) return false;
    if (!std::ranges::equal(stored->updates.back().view(), what.update.view())) return false;
    loaded_document loaded;
    return loaded.add(*stored) && loaded->snapshot() == what.expected;
  }

  storage::backend* into_;
  const import_settings& settings_;
  import_report report_;
  std::vector<staged_document> staged_;
  std::size_t staged_bytes_ = 0;
};

}  // namespace

void import_report::add_problem(std::string document, std::string what) {
  ++problems_in_total;
  if (problems.size() < problems_listed_max)
    problems.push_back({std::move(document), std::move(what)});
}

void import_report::add_waiting(std::string document) {
  ++waiting_in_total;
  if (waiting.size() < problems_listed_max) waiting.push_back(std::move(document));
}

result<import_report> import_documents(document_source& from, storage::backend* into,
                                       const import_settings& settings) {
  return import_run{into, settings}.run(from);
}

}  // namespace troupe::moving
