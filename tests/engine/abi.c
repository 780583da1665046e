/* The C interface of the engine (troupe.h), called from C11: each function, its failures, who owns
 * what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <troupe.h>

static int failures = 0;

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, troupe_error_message()); \
      ++failures;                                                                                  \
    }                                                                                              \
  } while (0)

#define OK(call) CHECK((call) == TROUPE_OK)

/** Whether a result is this text; frees it. */
static int is_text(troupe_buffer* result, const char* expected) {
  const int same = result->data != NULL && result->size == strlen(expected) &&
                   memcmp(result->data, expected, result->size + 1) == 0;
  if (!same)
    fprintf(stderr, "  is: %s\n", result->data == NULL ? "(nothing)" : (char*)result->data);
  troupe_buffer_free(result);
  return same;
}

static troupe_doc* new_doc(uint64_t client_id) {
  troupe_options options = TROUPE_OPTIONS_INIT;
  troupe_doc* doc = NULL;
  options.client_id = client_id;
  OK(troupe_doc_new(&options, &doc));
  return doc;
}

/** Brings everything of one document into another. */
static void bring(const troupe_doc* from, troupe_doc* to, troupe_format format) {
  troupe_buffer known, update;
  OK(troupe_doc_encode_state_vector(to, &known));
  OK(troupe_doc_encode_update(from, known.data, known.size, format, &update));
  OK(troupe_doc_apply_update(to, update.data, update.size, format, NULL));
  troupe_buffer_free(&known);
  troupe_buffer_free(&update);
}

static void test_library(void) {
  troupe_buffer empty = {NULL, 0};
  CHECK(troupe_abi_version() == TROUPE_ABI_VERSION);
  CHECK(strchr(troupe_version(), '.') != NULL);
  CHECK(strcmp(troupe_status_text(TROUPE_OUT_OF_RANGE), "out of range") == 0);
  CHECK(strcmp(troupe_status_text(TROUPE_BROKEN), "broken document") == 0);
  CHECK(strcmp(troupe_status_text(-1), "unknown status") == 0);
  CHECK(strcmp(troupe_status_text(11), "unknown status") == 0);
  troupe_buffer_free(&empty);
  troupe_buffer_free(NULL);
  troupe_doc_free(NULL);
}

static void test_text(void) {
  troupe_doc* doc = new_doc(1);
  troupe_buffer out;
  uint32_t length = 99;
  OK(troupe_text_read(doc, "/t", &out));
  CHECK(is_text(&out, ""));
  OK(troupe_length(doc, "/t", &length));
  CHECK(length == 0);
  OK(troupe_text_insert(doc, "/t", 0, "hello", TROUPE_NUL_TERMINATED, NULL));
  OK(troupe_text_insert(doc, "/t", 5, " \xf0\x9f\x98\x80!xx", 6, "{\"bold\":true}"));
  OK(troupe_text_format(doc, "/t", 0, 2, "{\"em\":1}"));
  OK(troupe_length(doc, "/t", &length));
  CHECK(length == 9);
  OK(troupe_text_read(doc, "/t", &out));
  CHECK(is_text(&out, "hello \xf0\x9f\x98\x80!"));
  OK(troupe_text_read_delta(doc, "/t", &out));
  CHECK(is_text(&out, "[{\"insert\":\"he\",\"attributes\":{\"em\":1}},{\"insert\":\"llo\"},"
                      "{\"insert\":\" \xf0\x9f\x98\x80!\",\"attributes\":{\"bold\":true}}]"));
  OK(troupe_text_format(doc, "/t", 0, 9, "{\"em\":null,\"bold\":null}"));
  OK(troupe_text_delete(doc, "/t", 0, 6));
  OK(troupe_text_set(doc, "/t", "\xf0\x9f\x98\x80? yes", TROUPE_NUL_TERMINATED));
  OK(troupe_doc_read(doc, "/t", &out));
  CHECK(is_text(&out, "\"\xf0\x9f\x98\x80? yes\""));
  OK(troupe_text_insert(doc, "[\"t\"]", 0, "a\0b", 3, NULL));
  OK(troupe_text_read(doc, "/t", &out));
  CHECK(out.size == 12 && out.data[1] == 0);
  troupe_buffer_free(&out);

  CHECK(troupe_text_insert(doc, "/t", 99, "x", 1, NULL) == TROUPE_OUT_OF_RANGE);
  CHECK(strlen(troupe_error_message()) > 0);
  CHECK(troupe_text_insert(doc, "/t", 4, "x", 1, NULL) ==
        TROUPE_OUT_OF_RANGE); /* inside of a pair */
  CHECK(troupe_text_insert(doc, "/t", 0, "\xff", 1, NULL) == TROUPE_INVALID_INPUT);
  CHECK(troupe_text_insert(doc, "/t", 0, "x", 1, "[]") == TROUPE_INVALID_EDIT);
  CHECK(troupe_text_insert(doc, "/t", 0, "x", 1, "{") == TROUPE_INVALID_INPUT);
  CHECK(troupe_text_insert(doc, "/t", 0, NULL, 1, NULL) == TROUPE_INVALID_ARGUMENT);
  CHECK(troupe_text_insert(doc, NULL, 0, "x", 1, NULL) == TROUPE_INVALID_ARGUMENT);
  CHECK(troupe_text_insert(NULL, "/t", 0, "x", 1, NULL) == TROUPE_INVALID_ARGUMENT);
  CHECK(troupe_text_insert(doc, "t", 0, "x", 1, NULL) == TROUPE_INVALID_INPUT);
  CHECK(troupe_text_insert(doc, "/t", 0, "x", TROUPE_TEXT_SIZE_MAX + 1, NULL) == TROUPE_LIMIT);
  CHECK(troupe_text_delete(doc, "/t", 0, 99) == TROUPE_OUT_OF_RANGE);
  CHECK(troupe_text_format(doc, "/t", 0, 1, NULL) == TROUPE_INVALID_ARGUMENT);
  CHECK(troupe_text_read(doc, "/t/0/x", &out) == TROUPE_NOT_FOUND);
  CHECK(out.data == NULL && out.size == 0);
  CHECK(troupe_text_read(doc, "/t", NULL) == TROUPE_INVALID_ARGUMENT);
  troupe_doc_free(doc);
}

static void test_maps_and_arrays(void) {
  troupe_doc* doc = new_doc(1);
  troupe_buffer out;
  uint32_t length = 0;
  troupe_effects effects = 99;
  OK(troupe_map_set(doc, "/m", "a/b", "{\"x\": [1, null, \"\xc3\xa4\"]}"));
  OK(troupe_map_set(doc, "/m", "", "1.5"));
  OK(troupe_map_get(doc, "/m", "a/b", &out));
  CHECK(is_text(&out, "{\"x\":[1,null,\"\xc3\xa4\"]}"));
  OK(troupe_doc_read(doc, "/m/a~1b", &out));
  CHECK(is_text(&out, "{\"x\":[1,null,\"\xc3\xa4\"]}"));
  OK(troupe_map_delete(doc, "/m", "a/b"));
  OK(troupe_map_delete(doc, "/m", "never there"));
  CHECK(troupe_map_get(doc, "/m", "a/b", &out) == TROUPE_NOT_FOUND);
  CHECK(troupe_map_get(doc, "/none", "k", &out) == TROUPE_NOT_FOUND);
  CHECK(troupe_doc_read(doc, "/none", &out) == TROUPE_NOT_FOUND);
  OK(troupe_array_insert(doc, "/a", 0, " [1, \"two\", {\"three\": 3}] "));
  OK(troupe_array_insert(doc, "/a", 1, "[true]"));
  OK(troupe_array_delete(doc, "/a", 0, 1));
  OK(troupe_array_get(doc, "/a", 2, &out));
  CHECK(is_text(&out, "{\"three\":3}"));
  OK(troupe_length(doc, "/a", &length));
  CHECK(length == 3);
  CHECK(troupe_array_get(doc, "/a", 3, &out) == TROUPE_OUT_OF_RANGE);
  CHECK(troupe_array_insert(doc, "/a", 9, "[1]") == TROUPE_OUT_OF_RANGE);
  CHECK(troupe_array_insert(doc, "/a", 0, "1") == TROUPE_INVALID_INPUT);
  CHECK(troupe_array_insert(doc, "/m", 0, "[1]") == TROUPE_INVALID_EDIT);
  CHECK(troupe_text_insert(doc, "/m", 0, "x", 1, NULL) == TROUPE_INVALID_EDIT);
  CHECK(troupe_map_set(doc, "/a", "k", "1") == TROUPE_INVALID_EDIT);
  CHECK(troupe_map_set(doc, "/m", "k", "01") == TROUPE_INVALID_INPUT);
  OK(troupe_doc_edit(doc,
                     "[{\"op\":\"set\",\"path\":\"/m/n\",\"type\":\"array\",\"value\":[]},"
                     "{\"op\":\"push\",\"path\":\"/x\",\"type\":\"xml\",\"value\":"
                     "{\"name\":\"p\",\"attributes\":{\"k\":\"v\"},\"children\":[\"in\"]}}]",
                     &effects));
  CHECK(effects == TROUPE_CHANGED);
  OK(troupe_array_insert(doc, "/m/n", 0, "[7]"));
  OK(troupe_map_set(doc, "/x/0", "k2", "\"v2\""));
  CHECK(troupe_array_insert(doc, "/x/0", 0, "[7]") == TROUPE_INVALID_EDIT);
  OK(troupe_xml_read(doc, "/x", &out));
  CHECK(is_text(&out, "<p k=\"v\" k2=\"v2\">in</p>"));
  CHECK(troupe_doc_edit(doc,
                        "[{\"op\":\"set\",\"path\":\"/m/z\",\"value\":1},"
                        "{\"op\":\"test\",\"path\":\"/m/n/0\",\"value\":8}]",
                        &effects) == TROUPE_CONFLICT);
  CHECK(effects == 0);
  CHECK(troupe_doc_edit(doc, "[{\"op\":\"no\",\"path\":\"/m\"}]", NULL) == TROUPE_INVALID_EDIT);
  CHECK(troupe_doc_edit(doc, "[", NULL) == TROUPE_INVALID_INPUT);
  OK(troupe_doc_read(doc, NULL, &out));
  CHECK(is_text(&out, "{\"a\":[true,\"two\",{\"three\":3}],\"m\":{\"\":1.5,\"n\":[7]},"
                      "\"x\":\"<p k=\\\"v\\\" k2=\\\"v2\\\">in</p>\"}"));
  troupe_doc_free(doc);
}

static void test_convergence(void) {
  troupe_doc *a = new_doc(1), *b = new_doc(2);
  troupe_buffer left, right;
  for (unsigned i = 0; i < 200; ++i) {
    uint32_t length = 0;
    const char letter = (char)('a' + i % 26);
    troupe_doc* by = i % 3 == 0 ? a : b;
    OK(troupe_length(by, "/t", &length));
    OK(troupe_text_insert(by, "/t", length == 0 ? 0 : i * 7 % length, &letter, 1, NULL));
    if (i % 5 == 0) OK(troupe_text_delete(by, "/t", i % (length + 1), 1));
    if (i % 17 == 0) bring(a, b, TROUPE_V1);
    if (i % 19 == 0) bring(b, a, TROUPE_V2);
  }
  bring(a, b, TROUPE_V2);
  bring(b, a, TROUPE_V1);
  OK(troupe_doc_read(a, NULL, &left));
  OK(troupe_doc_read(b, NULL, &right));
  CHECK(left.size > 100 && left.size == right.size &&
        memcmp(left.data, right.data, left.size) == 0);
  troupe_buffer_free(&left);
  troupe_buffer_free(&right);
  troupe_doc_free(a);
  troupe_doc_free(b);
}

static void test_updates(void) {
  troupe_doc *doc = new_doc(1), *other = new_doc(2);
  troupe_buffer first, second, merged, v2, out, known;
  troupe_effects effects = 0;
  troupe_bytes parts[2];
  uint64_t id = 0;
  OK(troupe_text_insert(doc, "/t", 0, "ab", 2, NULL));
  OK(troupe_doc_encode_last_change(doc, TROUPE_V1, &first));
  OK(troupe_text_insert(doc, "/t", 2, "cd", 2, NULL));
  OK(troupe_doc_encode_last_change(doc, TROUPE_V1, &second));
  OK(troupe_doc_apply_update(other, second.data, second.size, TROUPE_V1, &effects));
  CHECK(effects == TROUPE_WAITING);
  OK(troupe_doc_apply_update(other, first.data, first.size, TROUPE_V1, &effects));
  CHECK((effects & TROUPE_CHANGED) != 0);
  OK(troupe_text_read(other, "/t", &out));
  CHECK(is_text(&out, "abcd"));
  parts[0].data = second.data, parts[0].size = second.size;
  parts[1].data = first.data, parts[1].size = first.size;
  OK(troupe_merge_updates(parts, 2, TROUPE_V1, &merged));
  OK(troupe_convert_update(merged.data, merged.size, TROUPE_V1, TROUPE_V2, &v2));
  OK(troupe_state_vector_of_update(first.data, first.size, TROUPE_V1, &known));
  OK(troupe_diff_update(v2.data, v2.size, known.data, known.size, TROUPE_V2, &out));
  CHECK(out.size < v2.size + 8);
  troupe_doc_free(other);
  other = new_doc(3);
  OK(troupe_doc_apply_update(other, first.data, first.size, TROUPE_V1, NULL));
  OK(troupe_doc_apply_update(other, out.data, out.size, TROUPE_V2, &effects));
  CHECK(effects == TROUPE_CHANGED);
  troupe_buffer_free(&out);
  OK(troupe_text_read(other, "/t", &out));
  CHECK(is_text(&out, "abcd"));

  CHECK(troupe_doc_apply_update(other, first.data, first.size - 1, TROUPE_V1, &effects) ==
        TROUPE_INVALID_INPUT);
  CHECK(troupe_doc_apply_update(other, first.data, first.size, 3, NULL) == TROUPE_INVALID_ARGUMENT);
  CHECK(troupe_doc_apply_update(other, NULL, 1, TROUPE_V1, NULL) == TROUPE_INVALID_ARGUMENT);
  CHECK(troupe_doc_apply_update(other, NULL, 0, TROUPE_V1, NULL) == TROUPE_INVALID_INPUT);
  CHECK(troupe_doc_apply_update(other, first.data, TROUPE_UPDATE_SIZE_MAX + 1, TROUPE_V1, NULL) ==
        TROUPE_LIMIT);
  CHECK(troupe_doc_encode_update(other, first.data, 1, TROUPE_V1, &out) == TROUPE_INVALID_INPUT);
  CHECK(troupe_merge_updates(parts, 0, TROUPE_V1, &out) == TROUPE_INVALID_ARGUMENT);
  CHECK(troupe_merge_updates(NULL, 1, TROUPE_V1, &out) == TROUPE_INVALID_ARGUMENT);
  CHECK(troupe_merge_updates(parts, TROUPE_UPDATES_MAX + 1, TROUPE_V1, &out) == TROUPE_LIMIT);
  CHECK(troupe_convert_update(v2.data, v2.size, TROUPE_V2, 0, &out) == TROUPE_INVALID_ARGUMENT);
  CHECK(troupe_convert_update(NULL, 0, TROUPE_V2, TROUPE_V1, &out) == TROUPE_INVALID_INPUT);

  /* Somebody else writes under the id of `other`, so it takes another one, as in Yjs. */
  troupe_doc_free(other);
  other = new_doc(1);
  OK(troupe_doc_apply_update(other, merged.data, merged.size, TROUPE_V1, NULL));
  OK(troupe_doc_client_id(other, &id));
  CHECK(id != 1);
  troupe_buffer_free(&first);
  troupe_buffer_free(&second);
  troupe_buffer_free(&merged);
  troupe_buffer_free(&v2);
  troupe_buffer_free(&known);
  troupe_doc_free(other);
  troupe_doc_free(doc);
}

static void test_options(void) {
  troupe_options options = TROUPE_OPTIONS_INIT;
  troupe_doc* doc = NULL;
  uint64_t one = 0, two = 0;
  static char text[200000];
  OK(troupe_doc_new(NULL, &doc));
  OK(troupe_doc_client_id(doc, &one));
  troupe_doc_free(doc);
  OK(troupe_doc_new(&options, &doc));
  OK(troupe_doc_client_id(doc, &two));
  CHECK(one != two && one < ((uint64_t)1 << 32));
  troupe_doc_free(doc);
  options.client_id = (uint64_t)1 << 53;
  CHECK(troupe_doc_new(&options, &doc) == TROUPE_INVALID_ARGUMENT);
  CHECK(doc == NULL);
  options.client_id = 7;
  options.document_size_max = 100000;
  OK(troupe_doc_new(&options, &doc));
  memset(text, 'x', sizeof text);
  CHECK(troupe_text_insert(doc, "/t", 0, text, sizeof text, NULL) == TROUPE_LIMIT);
  OK(troupe_text_insert(doc, "/t", 0, text, 1000, NULL));
  troupe_doc_free(doc);
  options.struct_size = 1;
  CHECK(troupe_doc_new(&options, &doc) == TROUPE_INVALID_ARGUMENT);
  CHECK(troupe_doc_new(NULL, NULL) == TROUPE_INVALID_ARGUMENT);
}

/** What observers have heard. */
struct heard {
  troupe_doc* doc;
  troupe_doc* copy;
  char changes[1000];
  unsigned calls;
  uint64_t id;
  int frees;
};

static void on_change(const troupe_event* event, void* context) {
  struct heard* heard = context;
  troupe_buffer out;
  ++heard->calls;
  CHECK(event->struct_size == sizeof *event);
  CHECK(strlen(event->changes) == event->changes_size);
  snprintf(heard->changes, sizeof heard->changes, "%s", event->changes);
  if (heard->copy != NULL)
    OK(troupe_doc_apply_update(heard->copy, event->update, event->update_size, TROUPE_V1, NULL));
  OK(troupe_doc_read(heard->doc, NULL, &out));
  troupe_buffer_free(&out);
  CHECK(troupe_text_insert(heard->doc, "/t", 0, "x", 1, NULL) == TROUPE_BUSY);
  if (heard->id != 0) OK(troupe_doc_unobserve(heard->doc, heard->id));
  if (heard->frees) troupe_doc_free(heard->doc);
}

static void test_observers(void) {
  troupe_doc *doc = new_doc(1), *author = new_doc(3);
  struct heard one = {doc, new_doc(2), "", 0, 0, 0}, two = {doc, NULL, "", 0, 0, 0};
  troupe_buffer left, right;
  uint64_t id = 0;
  OK(troupe_doc_observe(doc, on_change, &one, &id));
  OK(troupe_doc_observe(doc, on_change, &two, &two.id));
  OK(troupe_doc_edit(doc,
                     "[{\"op\":\"set\",\"path\":\"/m/k\",\"type\":\"map\",\"value\":{}},"
                     "{\"op\":\"insertText\",\"path\":\"/t\",\"index\":0,\"text\":\"hi\"}]",
                     NULL));
  CHECK(
      strcmp(one.changes,
             "{\"local\":true,\"changes\":[{\"path\":[\"m\"],\"sequence\":false,\"keys\":[\"k\"]},"
             "{\"path\":[\"t\"],\"sequence\":true,\"keys\":[]}]}") == 0);
  OK(troupe_map_set(doc, "/m/k", "x", "1"));
  CHECK(strcmp(one.changes,
               "{\"local\":true,\"changes\":[{\"path\":[\"m\",\"k\"],\"sequence\":false,"
               "\"keys\":[\"x\"]}]}") == 0);
  bring(doc, author, TROUPE_V1);
  OK(troupe_text_delete(author, "/t", 0, 1));
  bring(author, doc, TROUPE_V1);
  CHECK(
      strcmp(one.changes,
             "{\"local\":false,\"changes\":[{\"path\":[\"t\"],\"sequence\":true,\"keys\":[]}]}") ==
      0);
  bring(author, doc, TROUPE_V1); /* brings nothing new */
  CHECK(troupe_text_delete(doc, "/t", 5, 1) == TROUPE_OUT_OF_RANGE);
  CHECK(one.calls == 3 && two.calls == 1);
  OK(troupe_doc_read(doc, NULL, &left));
  OK(troupe_doc_read(one.copy, NULL, &right));
  CHECK(left.size == right.size && memcmp(left.data, right.data, left.size) == 0);
  troupe_buffer_free(&left);
  troupe_buffer_free(&right);
  CHECK(troupe_doc_unobserve(doc, 99) == TROUPE_NOT_FOUND);
  CHECK(troupe_doc_observe(doc, NULL, NULL, NULL) == TROUPE_INVALID_ARGUMENT);
  for (unsigned i = 1; i < TROUPE_OBSERVERS_MAX; ++i)
    OK(troupe_doc_observe(doc, on_change, &two, NULL));
  CHECK(troupe_doc_observe(doc, on_change, &two, NULL) == TROUPE_LIMIT);
  troupe_doc_free(doc);
  troupe_doc_free(one.copy);

  one.doc = author, one.copy = NULL, one.frees = 1;
  OK(troupe_doc_observe(author, on_change, &one, NULL));
  OK(troupe_text_insert(author, "/t", 0, "last", 4, NULL)); /* frees it */
}

int main(void) {
  test_library();
  test_text();
  test_maps_and_arrays();
  test_convergence();
  test_updates();
  test_options();
  test_observers();
  if (failures > 0) fprintf(stderr, "%d checks failed\n", failures);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
