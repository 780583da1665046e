#include "base/document_name.hpp"

#include <algorithm>
#include <string>

#include "base/bytes.hpp"
#include "base/utf8.hpp"

namespace troupe {
namespace {

bool is_control(char character) noexcept {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7F;
}

}  // namespace

result<void> check_document_name(std::string_view name) {
  if (name.empty()) return fail(errc::invalid_name, "the document name is empty");
  if (name.size() > document_name_size_bytes_max) {
    return fail(errc::invalid_name, "the document name is longer than " +
                                        std::to_string(document_name_size_bytes_max) + " bytes");
  }
  if (std::any_of(name.begin(), name.end(), is_control))
    return fail(errc::invalid_name, "the document name has control characters");
  if (!is_valid_utf8(as_bytes(name)))
    return fail(errc::invalid_name, "the document name is not valid UTF-8");
  return {};
}

}  // namespace troupe
