// The C interface of the engine (troupe.h) as a program would use it that passes on bytes of
// others: a list of calls whose paths, texts, JSON and updates are any bytes. None of them breaks a
// document or leaves something in a buffer when it fails; what observers hear makes a second
// document the same.
//
// Input: calls one after the other, each a number, two numbers of a byte for indices, a text (a
// byte for its size) and bytes (two for their size, big endian).
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <troupe.h>

#include "tests/fuzz/fuzz_target.hpp"

namespace {

constexpr unsigned calls_max = 40;

void require(bool holds) {
  if (!holds) std::abort();
}

class input {
 public:
  input(const std::uint8_t* data, std::size_t size) : at_(data), left_(size) {}

  bool is_empty() const { return left_ == 0; }
  std::uint8_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *at_++;
  }
  std::string text() { return take(byte()); }
  std::string bytes() {
    const std::size_t high = byte();
    return take(high << 8 | byte());
  }

 private:
  std::string take(std::size_t size) {
    if (size > left_) size = left_;
    std::string taken(reinterpret_cast<const char*>(at_), size);
    at_ += size;
    left_ -= size;
    return taken;
  }

  const std::uint8_t* at_;
  std::size_t left_;
};

struct call {
  troupe_doc* doc;
  std::uint8_t index, length;
  std::string text;
  std::string bytes;

  const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }
  const char* path() const { return text.c_str(); }
  const char* json() const { return bytes.c_str(); }
  troupe_format format() const { return length % 4; }  // 0 and 3 are none
};

troupe_status edit(const call& with, unsigned which) {
  troupe_doc* const doc = with.doc;
  switch (which) {
    case 0:
      return troupe_text_insert(doc, with.path(), with.index, with.bytes.data(), with.bytes.size(),
                                nullptr);
    case 1: return troupe_text_insert(doc, with.path(), with.index, "new", 3, with.json());
    case 2: return troupe_text_delete(doc, with.path(), with.index, with.length);
    case 3: return troupe_text_format(doc, with.path(), with.index, with.length, with.json());
    case 4: return troupe_text_set(doc, with.path(), with.bytes.data(), with.bytes.size());
    case 5: return troupe_map_set(doc, with.path(), with.index % 2 == 0 ? "k" : "", with.json());
    case 6: return troupe_map_set(doc, "/m", with.path(), with.json());
    case 7: return troupe_map_delete(doc, "/m", with.path());
    case 8: return troupe_array_insert(doc, with.path(), with.index, with.json());
    case 9: return troupe_array_delete(doc, with.path(), with.index, with.length);
    case 10: return troupe_doc_edit(doc, with.json(), nullptr);
    default:
      return troupe_doc_apply_update(doc, with.data(), with.bytes.size(), with.format(), nullptr);
  }
}

troupe_status read(const call& with, unsigned which, troupe_buffer& out) {
  const troupe_bytes twice[] = {{with.data(), with.bytes.size()}, {with.data(), with.bytes.size()}};
  switch (which) {
    case 0: return troupe_doc_read(with.doc, with.path(), &out);
    case 1: return troupe_text_read(with.doc, with.path(), &out);
    case 2: return troupe_text_read_delta(with.doc, with.path(), &out);
    case 3: return troupe_xml_read(with.doc, with.path(), &out);
    case 4: return troupe_map_get(with.doc, with.path(), with.json(), &out);
    case 5: return troupe_array_get(with.doc, with.path(), with.index, &out);
    case 6:
      return troupe_doc_encode_update(with.doc, with.data(), with.bytes.size(), with.format(),
                                      &out);
    case 7: return troupe_merge_updates(twice, 2, with.format(), &out);
    case 8:
      return troupe_diff_update(with.data(), with.bytes.size(),
                                reinterpret_cast<const std::uint8_t*>(with.text.data()),
                                with.text.size(), with.format(), &out);
    case 9:
      return troupe_convert_update(with.data(), with.bytes.size(), with.format(),
                                   with.index % 2 == 0 ? TROUPE_V1 : TROUPE_V2, &out);
    case 10:
      return troupe_state_vector_of_update(with.data(), with.bytes.size(), with.format(), &out);
    default: return troupe_doc_encode_last_change(with.doc, with.format(), &out);
  }
}

void on_change(const troupe_event* event, void* copy) {
  require(std::strlen(event->changes) == event->changes_size);
  require(troupe_doc_apply_update(static_cast<troupe_doc*>(copy), event->update, event->update_size,
                                  TROUPE_V1, nullptr) == TROUPE_OK);
}

troupe_doc* new_doc(std::uint64_t client, std::uint64_t size_max) {
  troupe_options options = TROUPE_OPTIONS_INIT;
  options.client_id = client;
  options.document_size_max = size_max;
  options.pending_size_max = 1 << 16;
  troupe_doc* made = nullptr;
  require(troupe_doc_new(&options, &made) == TROUPE_OK);
  return made;
}

std::string contents_of(const troupe_doc* doc) {
  troupe_buffer json;
  require(troupe_doc_read(doc, nullptr, &json) == TROUPE_OK);
  std::string text(reinterpret_cast<const char*>(json.data), json.size);
  troupe_buffer_free(&json);
  return text;
}

constexpr const char* start =
    R"([{"op":"setText","path":"/t","text":"text \ud83d\ude00 here"},
        {"op":"push","path":"/a","values":[1,"two",{"3":3}]},
        {"op":"set","path":"/m/k","type":"map","value":{"n":{"$type":"array","value":[1]}}},
        {"op":"push","path":"/x","type":"xml","value":{"name":"p","children":["in it"]}}])";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  troupe_doc* const doc = new_doc(1, 1 << 22);
  troupe_doc* const copy = new_doc(2, 1 << 26);  // never full before the other
  require(troupe_doc_observe(doc, on_change, copy, nullptr) == TROUPE_OK);
  require(troupe_doc_edit(doc, start, nullptr) == TROUPE_OK);
  input in{data, size};
  for (unsigned count = 0; count < calls_max && !in.is_empty(); ++count) {
    const unsigned which = in.byte() % 24;
    const std::uint8_t index = in.byte();
    const std::uint8_t length = in.byte();
    std::string text = in.text();
    const call with{doc, index, length, std::move(text), in.bytes()};
    troupe_buffer out{nullptr, 0};
    const troupe_status status = which < 12 ? edit(with, which) : read(with, which - 12, out);
    require(status >= TROUPE_OK && status < TROUPE_NO_MEMORY);
    require((status == TROUPE_OK) == (troupe_error_message()[0] == '\0'));
    require(which < 12 || (out.data != nullptr) == (status == TROUPE_OK));
    troupe_buffer_free(&out);
  }
  require(contents_of(doc) == contents_of(copy));
  troupe_doc_free(doc);
  troupe_doc_free(copy);
  return 0;
}
