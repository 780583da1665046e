// The frames that answer the sync of a session that has nothing, kept from one change of the
// document to the next: all that join in between share them. Pure; owner: a document actor.
#pragma once

#include <cstdint>
#include <vector>

#include "actors/framing.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

class newcomer_state {
 public:
  /// The frames for a dialect at this version of the document; null: not known.
  const std::vector<shared_slice>* find(dialect in, std::uint64_t version) {
    for (const entry& each : entries_)
      if (each.in == in && each.version == version) {
        was_used_ = true;
        return &each.frames;
      }
    return nullptr;
  }

  const std::vector<shared_slice>& keep(dialect in, std::uint64_t version,
                                        std::vector<shared_slice> frames) {
    std::erase_if(entries_,
                  [&](const entry& each) { return each.in == in || each.version != version; });
    was_used_ = true;
    entries_.push_back({in, version, std::move(frames)});
    return entries_.back().frames;
  }

  /// Encodes them anew. Cost: linear in the state.
  static std::vector<shared_slice> encode(const hosted_document& of, dialect in,
                                          std::string_view document) {
    return encode_block(in, of.whole_state_notice(in), document);
  }

  /// Frames that nobody has asked for since the last call are dropped.
  void on_tick() {
    if (!std::exchange(was_used_, false)) clear();
  }
  void clear() { std::vector<entry>{}.swap(entries_); }

 private:
  struct entry {
    dialect in;
    std::uint64_t version;
    std::vector<shared_slice> frames;
  };

  std::vector<entry> entries_;
  bool was_used_ = false;
};

}  // namespace troupe
