// Frames of the Hocuspocus dialect: a byte of length, then that many bytes, again and again. They
// go through the sessions of one connection and the codec to a hosted document. What is accepted
// has an address, and readdressing a frame changes nothing but that.
#include <algorithm>
#include <cstdlib>

#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/dialects/dialects.hpp"
#include "protocol/hosted_document.hpp"
#include "protocol/session/carried_sessions.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace troupe;

void require(bool holds) {
  if (!holds) std::abort();
}

struct one_frame final : frame_sink {
  byte_buffer bytes;
  void add(byte_view head, byte_view body) override {
    bytes.assign(head.begin(), head.end());
    bytes.insert(bytes.end(), body.begin(), body.end());
  }
};

/// A document behind one connection.
class connection {
 public:
  connection() { document_.on_join({1, rights::all(), nullptr}); }
  ~connection() {
    document_.on_leave(1, {});
    document_.end_turn(effects_);
    crdt::check_invariants(document_.state().contents());
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void says(byte_view frame) {
    const auto read = codec_.read_envelope(frame);
    require(read.has_value() || !codec_.decode(frame, decoded_));
    if (!read || read->what == envelope::content::nothing) return;
    require(read->document.size() <= read->address.size());
    readdress(frame, *read);
    const auto [what, of] = sessions_.on_frame(*read, frame, true, {});
    if (what == carried_sessions::step::open) {
      if (const auto token = sessions_.begin(of)) request(*token);
      while (const auto next = sessions_.take(of)) request(*next);
    } else if (what == carried_sessions::step::pass) {
      request(frame);
    } else if (what == carried_sessions::step::leave) {
      sessions_.remove(of);
    }
  }

 private:
  void readdress(byte_view frame, const envelope& read) const {
    one_frame other;
    codec_.readdress(frame, "b", other);
    one_frame again;
    codec_.readdress(other.bytes, read.address, again);
    const auto back = codec_.read_envelope(again.bytes);
    require(back && back->address == read.address && back->what == read.what);
  }
  void request(byte_view frame) {
    if (!codec_.decode(frame, decoded_)) return;
    effects_.clear();
    document_.on_request(1,
                         {decoded_.kind, dialect::hocuspocus, decoded_.body, decoded_.message_id,
                          decoded_.answers_question},
                         {}, effects_);
    for (const auto& each : effects_.deliveries) {
      if (each.what.kind == notice_kind::whole_state) continue;
      one_frame sent;
      codec_.encode(each.what, "a", sent);
      require(sent.bytes.empty() || codec_.read_envelope(sent.bytes).has_value());
    }
  }

  const dialect_codec& codec_ = codec_of(dialect::hocuspocus);
  carried_sessions sessions_{4};
  hosted_document document_{{}};
  document_effects effects_;
  decoded_frame decoded_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  connection of;
  byte_view rest{data, size};
  while (!rest.empty()) {
    const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 1);
    of.says(rest.subspan(1, length));
    rest = rest.subspan(1 + length);
  }
  return 0;
}
