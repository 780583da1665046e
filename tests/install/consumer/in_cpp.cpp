#include <iostream>
#include <memory>

#include <troupe.h>

int main() {
  troupe_doc* made = nullptr;
  if (troupe_doc_new(nullptr, &made) != TROUPE_OK) return 1;
  const std::unique_ptr<troupe_doc, decltype(&troupe_doc_free)> doc{made, troupe_doc_free};
  if (troupe_map_set(doc.get(), "/m", "from", "\"C++\"") != TROUPE_OK) return 1;
  troupe_buffer json{};
  if (troupe_doc_read(doc.get(), nullptr, &json) != TROUPE_OK) return 1;
  std::cout << reinterpret_cast<const char*>(json.data) << '\n';
  troupe_buffer_free(&json);
}
