#include "app/moving/file_name.hpp"

namespace troupe::moving {

namespace {

/// Of a piece, so that an ending fits behind it in the 255 bytes of a name.
constexpr std::size_t piece_size_max = 200;
constexpr std::string_view digits = "0123456789ABCDEF";

bool stands_for_itself(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

int value_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

result<std::string> unescaped(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      name.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? value_of(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? value_of(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return fail(errc::invalid_name, "a % is not followed by two hexadecimal digits");
    name.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return name;
}

result<std::string_view> without_ending(std::string_view path) {
  if (!path.ends_with(file_ending)) return fail(errc::invalid_name, "it does not end with .bin");
  path.remove_suffix(file_ending.size());
  return path;
}

}  // namespace

std::string path_of_name(std::string_view name) {
  std::string path;
  std::size_t size = 0;  // of the piece
  for (const char c : name) {
    if (size + 3 > piece_size_max) {
      path.append("+/");
      size = 0;
    }
    if (stands_for_itself(c) && (c != '.' || size > 0)) {
      path.push_back(c);
      size += 1;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    path.push_back('%');
    path.push_back(digits[byte >> 4]);
    path.push_back(digits[byte & 15]);
    size += 3;
  }
  return path.append(file_ending);
}

result<std::string> name_of_path(std::string_view path) {
  TROUPE_ASSIGN(path, without_ending(path));
  std::string joined;
  for (;;) {
    const std::size_t end = path.find('/');
    const std::string_view piece = path.substr(0, end);
    if (end == std::string_view::npos) {
      joined.append(piece);
      break;
    }
    path.remove_prefix(end + 1);
    if (piece.ends_with('+'))
      joined.append(piece.substr(0, piece.size() - 1));
    else
      joined.append(piece).append("/");
  }
  return unescaped(joined);
}

result<std::string> name_of_object(std::string_view path) {
  TROUPE_ASSIGN(const std::string_view name, without_ending(path));
  return std::string{name};
}

}  // namespace troupe::moving
