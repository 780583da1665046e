#include "storage/rocksdb_scan.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "storage/rocksdb_text.hpp"

namespace troupe::storage {
namespace {

rocksdb::Slice slice_of(std::string_view text) { return {text.data(), text.size()}; }

class stretch_scan {
 public:
  stretch_scan(rocksdb::Iterator& at, std::string_view end, const entry_visitor& visit,
               const gap_visitor& gap)
      : at_(at), end_(end), visit_(visit), gap_(gap) {}

  void run(std::string_view begin) {
    last_ = begin;
    at_.Seek(slice_of(begin));
    for (;;) {
      while (is_inside()) {
        last_ = text_of(at_.key());
        visit_(last_, text_of(at_.value()));
        at_.Next();
      }
      if (at_.status().ok()) return;
      const rocksdb::Status why = at_.status();
      const auto place = find_readable();
      visit_near_side(place, why);
      if (!place) return;
      at_.Seek(slice_of(*place));
    }
  }

 private:
  bool is_inside() const { return at_.Valid() && (end_.empty() || text_of(at_.key()) < end_); }

  /// A key behind the last one from which it continues. The candidates are ever farther away: the
  /// first key that does not begin as the last one does, in ever fewer bytes.
  std::optional<std::string> find_readable() {
    for (std::size_t size = last_.size(); size > 0; --size) {
      const auto byte = static_cast<unsigned char>(last_[size - 1]);
      if (byte == 0xFF) continue;
      std::string candidate = last_.substr(0, size);
      candidate.back() = static_cast<char>(byte + 1);
      if (!end_.empty() && candidate >= end_) return std::nullopt;
      at_.Seek(slice_of(candidate));
      if (at_.status().ok()) return candidate;
    }
    return std::nullopt;
  }

  /// What can be read in front of a place, or of the end, down to the block that cannot.
  void visit_near_side(const std::optional<std::string>& place, const rocksdb::Status& why) {
    std::vector<std::pair<std::string, std::string>> found;
    if (place)
      at_.SeekForPrev(slice_of(*place));
    else if (end_.empty())
      at_.SeekToLast();
    else
      at_.SeekForPrev(slice_of(end_));
    for (; at_.Valid() && text_of(at_.key()) > last_; at_.Prev()) {
      const std::string_view key = text_of(at_.key());
      // The place itself comes next; the end is not part of it.
      if ((place && key == *place) || (!end_.empty() && key >= end_)) continue;
      found.emplace_back(key, text_of(at_.value()));
    }
    const std::string after = last_;
    gap_(after, found.empty() ? (place ? std::string_view{*place} : end_) : found.back().first,
         why);
    for (auto each = found.rbegin(); each != found.rend(); ++each)
      visit_(each->first, each->second);
    if (!found.empty()) last_ = found.front().first;
    if (place && last_ < *place) last_ = *place;
  }

  rocksdb::Iterator& at_;
  std::string_view end_;
  const entry_visitor& visit_;
  const gap_visitor& gap_;
  std::string last_;
};

}  // namespace

void scan(rocksdb::Iterator& at, std::string_view begin, std::string_view end,
          const entry_visitor& visit, const gap_visitor& gap) {
  stretch_scan{at, end, visit, gap}.run(begin);
}

}  // namespace troupe::storage
