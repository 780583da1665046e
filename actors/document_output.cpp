#include "actors/document_output.hpp"

#include <algorithm>

#include "actors/framing.hpp"
#include "protocol/crdt/wire/update_tools.hpp"
#include "protocol/dialects/dialects.hpp"

namespace troupe {

namespace {

/// Longer updates are not worth merging.
constexpr std::size_t merge_size_max = 4096;
/// How many are merged at once.
constexpr std::size_t merge_count_max = 4096;

/// Whether the bytes hold U+FFFD. yjs writes it for a lone half of a surrogate pair, and the
/// document that wrote both halves as two updates gets the same text as the others only from two
/// updates.
bool has_replacement_character(byte_view bytes) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  return as_text(bytes).find(replacement) != std::string_view::npos;
}

}  // namespace

/// Puts the frames of a codec into the block of a part, or into memory of their own.
class document_output::appender final : public frame_sink {
 public:
  appender(part& to_part, frame_kind kind, audience to, session_id session, traffic what)
      : part_(to_part), kind_(kind), to_(to), session_(session), what_(what) {}

  void add(byte_view head, byte_view body) override {
    const framed frame{kind_, head, body};
    if (frame.needs_own_memory()) {
      part_.deliveries.push_back({to_, session_, what_, shared_slice{frame.copy()}});
      return;
    }
    part_.deliveries.push_back({to_, session_, what_, {{}, part_.block.size(), frame.size()}});
    frame.append_to(part_.block);
  }

 private:
  part& part_;
  frame_kind kind_;
  audience to_;
  session_id session_;
  traffic what_;
};

document_output::part& document_output::part_of(dialect in) {
  if (parts_.size() <= index_of(in)) parts_.resize(index_of(in) + 1);
  return parts_[index_of(in)];
}

void document_output::add(const document_effects::delivery& what) {
  if (what.sessions.empty())
    return what.in.for_each([&](dialect in) { add(what.to, what.session, in, what.what); });
  what.in.for_each([&](dialect in) {
    const auto frames = encode_block(in, what.what, std::string_view{*document_});
    for (const session_id each : what.sessions) add_frames(each, in, frames);
  });
}

void document_output::add(audience to, session_id session, dialect in, const notice& what) {
  const dialect_traits& traits = codec_of(in).traits();
  const bool is_echo = what.kind == notice_kind::ack && traits.acknowledges_by_echo;
  if (is_echo && what.body.empty()) return;
  const bool is_update = what.kind == notice_kind::update || is_echo;
  if (is_update && traits.merges_updates) return add_update(to, session, in, what.body.view());
  if (traits.merges_updates) end_run();
  if (what.pieces.empty()) return encode(to, session, in, what);
  // In one push, of which the write queue takes any size.
  add_frames(session, in, encode_block(in, what, std::string_view{*document_}));
}

void document_output::add_update(audience to, session_id session, dialect in, byte_view update) {
  const bool merges = update.size() <= merge_size_max && !has_replacement_character(update);
  const bool continues = merges && run_.to == to && run_.session == session && run_in_ == in &&
                         run_.updates.size() < merge_count_max;
  if (!continues) end_run();
  if (!merges)
    return encode(to, session, in, {.kind = notice_kind::update, .body = update, .extra = {}});
  run_.to = to;
  run_.session = session;
  run_in_ = in;
  run_.updates.emplace_back(run_.bytes.size(), update.size());
  run_.bytes.insert(run_.bytes.end(), update.begin(), update.end());
}

void document_output::end_run() {
  if (run_.updates.empty()) return;
  std::vector<byte_view> updates;
  updates.reserve(run_.updates.size());
  for (const auto& [offset, size] : run_.updates)
    updates.push_back(byte_view{run_.bytes}.subspan(offset, size));
  const auto send = [this](byte_view update) {
    encode(run_.to, run_.session, run_in_,
           {.kind = notice_kind::update, .body = update, .extra = {}});
  };
  result<byte_buffer> merged = byte_buffer{};
  if (updates.size() > 1) merged = crdt::merge_updates(updates);
  if (merged && !merged->empty()) {
    send(*merged);
    coalesced_ += updates.size() - 1;
  } else {
    for (const byte_view update : updates) send(update);
  }
  run_.updates.clear();
  run_.bytes.clear();
}

void document_output::encode(audience to, session_id session, dialect in, const notice& what) {
  const dialect_codec& codec = codec_of(in);
  const traffic kind = what.kind == notice_kind::presence ? traffic::presence : traffic::content;
  appender out{part_of(in), codec.traits().frames, to, session, kind};
  codec.encode(what, std::string_view{*document_}, out);
}

void document_output::add_frames(session_id to, dialect in,
                                 const std::vector<shared_slice>& frames) {
  if (codec_of(in).traits().merges_updates) end_run();
  for (const shared_slice& frame : frames)
    part_of(in).deliveries.push_back({audience::one, to, traffic::content, frame});
}

bool document_output::empty() const noexcept {
  return run_.updates.empty() &&
         std::ranges::all_of(parts_, [](const part& one) { return one.deliveries.empty(); });
}

void document_output::release_memory() {
  if (!empty()) return;
  parts_ = {};
  run_ = {};
}

deliveries_by_dialect document_output::take() {
  end_run();
  deliveries_by_dialect taken;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    part& from = parts_[i];
    if (from.deliveries.empty()) continue;
    const shared_bytes block = shared_bytes::copy_of(from.block);
    for (delivery& each : from.deliveries)
      if (each.frames.bytes.empty()) each.frames.bytes = block;
    from.block.clear();
    taken.in(static_cast<dialect>(i)) = std::exchange(from.deliveries, {});
  }
  return taken;
}

}  // namespace troupe
