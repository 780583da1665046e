#include <stdio.h>
#include <troupe.h>

int main(void) {
  troupe_doc* doc = NULL;
  troupe_buffer text;
  if (troupe_doc_new(NULL, &doc) != TROUPE_OK) return 1;
  if (troupe_text_insert(doc, "/t", 0, "in C", TROUPE_NUL_TERMINATED, NULL) != TROUPE_OK) return 1;
  if (troupe_text_read(doc, "/t", &text) != TROUPE_OK) return 1;
  printf("%s\n", (const char*)text.data);
  troupe_buffer_free(&text);
  troupe_doc_free(doc);
  return 0;
}
