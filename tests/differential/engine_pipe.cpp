// The engine behind a pipe, so that a test in another language can drive it beside another
// implementation. Format, all integers u32 little endian: a request is length, operation (one
// byte), document number, then arguments, each with its length in front; a reply is length, status
// (0 or 1), then the result or the error text. Ends when the input does.
#include <cstdio>
#include <map>
#include <memory>

#include "protocol/crdt/doc.hpp"
#include "protocol/crdt/store/check_invariants.hpp"
#include "protocol/crdt/wire/update_tools.hpp"
#include "protocol/edits/apply.hpp"
#include "tests/differential/edit_pipe.hpp"
#include "tests/differential/reading_pipe.hpp"

namespace troupe {

namespace {

using crdt::update_format;

class request_reader {
 public:
  explicit request_reader(byte_view bytes) : rest_(bytes) {}

  std::uint32_t read_number() {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(rest_[i]) << (8 * i);
    rest_ = rest_.subspan(4);
    return value;
  }
  byte_view read_bytes() {
    const std::uint32_t size = read_number();
    const byte_view bytes = rest_.first(size);
    rest_ = rest_.subspan(size);
    return bytes;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  byte_view rest_;
};

using reply = result<byte_buffer>;

byte_buffer to_bytes(std::string_view text) {
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

class engine {
 public:
  reply carry_out(char operation, request_reader in) {
    const std::uint32_t number = in.read_number();
    switch (operation) {
      case 'n': return create(number, crdt::garbage_collection::on);
      case 'N': return create(number, crdt::garbage_collection::off);
      case 'f': docs_.erase(number); return byte_buffer{};
      case 'a': return apply(number, in.read_bytes(), update_format::v1);
      case 'A': return apply(number, in.read_bytes(), update_format::v2);
      case 'e': return encode(number, in.read_bytes(), update_format::v1);
      case 'E': return encode(number, in.read_bytes(), update_format::v2);
      case 'l': return doc(number).encode_last_change();
      case 's': return doc(number).state_vector().encode();
      case 't': return to_bytes(doc(number).text(as_text(in.read_bytes())));
      case 'j': return to_bytes(doc(number).array_json(as_text(in.read_bytes())));
      case 'm': return to_bytes(doc(number).map_json(as_text(in.read_bytes())));
      case 'p': return byte_buffer{static_cast<std::uint8_t>(doc(number).pending_size() > 0)};
      case 'b': return done(edits_.begin(number, doc(number), as_text(in.read_bytes())));
      case 'o': return edit(number, in);
      case 'k': return commit(number);
      case 'r': return restore(number, in);
      case 'q': return apply_operations(number, in);
      case 'h': return to_bytes(edit_pipe::changes_of(doc(number)));
      case 'x': return merge(in, update_format::v1);
      case 'X': return merge(in, update_format::v2);
      case 'd': return diff(in, update_format::v1);
      case 'D': return diff(in, update_format::v2);
      case 'c': return crdt::convert_update(in.read_bytes(), update_format::v1, update_format::v2);
      case 'C': return crdt::convert_update(in.read_bytes(), update_format::v2, update_format::v1);
      case 'v': return state_vector(in.read_bytes());
      case 'R': return carry_out_reading(doc(number), read_all(in));
      default: return fail(errc::unknown_message, "operation");
    }
  }

 private:
  crdt::doc& doc(std::uint32_t number) { return *docs_.at(number); }

  reply create(std::uint32_t number, crdt::garbage_collection gc) {
    docs_[number] = std::make_unique<crdt::doc>(crdt::doc_settings{gc, {}});
    return byte_buffer{};
  }

  /// Replies with two flags: something changed; the update's own bytes say what.
  reply apply(std::uint32_t number, byte_view update, update_format format) {
    const auto applied = doc(number).apply_update(update, format);
    if (!applied) return tl::unexpected(applied.error());
    crdt::check_invariants(doc(number).contents());
    return byte_buffer{static_cast<std::uint8_t>(applied->changed),
                       static_cast<std::uint8_t>(applied->is_verbatim)};
  }

  static reply done(const result<void>& outcome) {
    if (!outcome) return tl::unexpected(outcome.error());
    return byte_buffer{};
  }

  reply edit(std::uint32_t number, request_reader& in) {
    std::vector<std::string_view> arguments;
    while (!in.at_end()) arguments.push_back(as_text(in.read_bytes()));
    const auto outcome = edits_.carry_out(number, arguments);
    crdt::check_invariants(doc(number).contents());
    return done(outcome);
  }

  /// Replies with a flag: something changed.
  reply commit(std::uint32_t number) {
    const bool has_changed = edits_.commit(number);
    crdt::check_invariants(doc(number).contents());
    return byte_buffer{static_cast<std::uint8_t>(has_changed)};
  }

  /// As `own`, what the document showed in the state `then`. Replies with a flag: something
  /// changed.
  reply restore(std::uint32_t number, request_reader& in) {
    const auto own = edit_pipe::number_of<crdt::client_id>(as_text(in.read_bytes()));
    crdt::doc then;
    if (const auto loaded = then.apply_update(in.read_bytes()); !loaded)
      return tl::unexpected(loaded.error());
    auto edit = doc(number).edit(own);
    if (!edit) return tl::unexpected(edit.error());
    if (const auto restored = edit->restore(then); !restored)
      return tl::unexpected(restored.error());
    crdt::check_invariants(doc(number).contents());
    const bool has_changed = edit->commit().changed;
    crdt::check_invariants(doc(number).contents());
    return byte_buffer{static_cast<std::uint8_t>(has_changed)};
  }

  /// As `own`, edit operations of a program without Yjs. Replies with a flag, and the update.
  reply apply_operations(std::uint32_t number, request_reader& in) {
    const auto own = edit_pipe::number_of<crdt::client_id>(as_text(in.read_bytes()));
    const auto batch = edits::batch::parse(as_text(in.read_bytes()));
    if (!batch) return fail(errc::invalid_edit, edits::to_string(batch.error()));
    const auto applied = edits::apply(*batch, doc(number), own);
    crdt::check_invariants(doc(number).contents());
    if (!applied) return fail(errc::invalid_edit, edits::to_string(applied.error()));
    return applied->update;
  }

  reply encode(std::uint32_t number, byte_view from, update_format format) {
    const auto vector = crdt::state_vector::decode(from);
    if (!vector) return tl::unexpected(vector.error());
    return doc(number).encode_state_as_update(*vector, format);
  }

  static reply merge(request_reader& in, update_format format) {
    std::vector<byte_view> updates;
    while (!in.at_end()) updates.push_back(in.read_bytes());
    return crdt::merge_updates(updates, format);
  }

  static reply diff(request_reader& in, update_format format) {
    const byte_view update = in.read_bytes();
    const auto vector = crdt::state_vector::decode(in.read_bytes());
    if (!vector) return tl::unexpected(vector.error());
    return crdt::diff_update(update, *vector, format);
  }

  static reply state_vector(byte_view update) {
    const auto vector = crdt::state_vector_from_update(update);
    if (!vector) return tl::unexpected(vector.error());
    return vector->encode();
  }

  static std::vector<byte_view> read_all(request_reader& in) {
    std::vector<byte_view> arguments;
    while (!in.at_end()) arguments.push_back(in.read_bytes());
    return arguments;
  }

  std::map<std::uint32_t, std::unique_ptr<crdt::doc>> docs_;
  edit_pipe edits_;  // behind the documents, which it edits
};

bool read_exactly(std::uint8_t* to, std::size_t size) {
  return std::fread(to, 1, size, stdin) == size;
}

void write_reply(const reply& answer) {
  const byte_buffer body = answer ? *answer : to_bytes(to_string(answer.error()));
  const auto size = static_cast<std::uint32_t>(body.size() + 1);
  for (unsigned i = 0; i < 4; ++i) std::fputc(static_cast<int>(size >> (8 * i) & 0xff), stdout);
  std::fputc(answer ? 0 : 1, stdout);
  if (!body.empty()) std::fwrite(body.data(), 1, body.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

}  // namespace troupe

int main() {
  troupe::engine engine;
  std::uint8_t head[4];
  while (troupe::read_exactly(head, sizeof head)) {
    const std::uint32_t size = troupe::request_reader{head}.read_number();
    troupe::byte_buffer body(size);
    if (size == 0 || !troupe::read_exactly(body.data(), size)) return 1;
    troupe::write_reply(engine.carry_out(
        static_cast<char>(body[0]), troupe::request_reader{troupe::byte_view{body}.subspan(1)}));
  }
  return 0;
}
