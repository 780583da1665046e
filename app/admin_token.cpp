#include "app/admin_token.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/config/values.hpp"
#include "base/trim.hpp"

namespace troupe {

namespace {

constexpr std::size_t random_bytes = 32;

constexpr std::string_view admin_token_words = "the admin token";

tl::unexpected<failure> refuse(errc code, const std::string& file, std::string_view why,
                               std::string_view what = admin_token_words) {
  return fail(code, std::string{what}.append(" in '").append(file).append("': ").append(why));
}

std::string reason() { return std::strerror(errno); }

}  // namespace

result<secret> read_token_file(std::string_view what, const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return refuse(errc::invalid_config, file, reason(), what);
  // One byte more than may be, so that a longer file is noticed.
  std::string text(admin_token_size_max + 3, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const std::string_view token = trimmed(text);
  if (!is_admin_token(token))
    return refuse(errc::invalid_config, file,
                  "the file must hold one line of " + std::string{admin_token_rule}, what);
  return secret{std::string{token}};
}

namespace {

/// 256 bits of the system's generator, in hexadecimal digits.
result<std::string> make_token(const std::string& file) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, random_bytes> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0)
    return refuse(errc::storage_failed, file, "no random bytes: " + reason());
  std::string token;
  for (const unsigned char byte : bytes) {
    token += digits[byte >> 4];
    token += digits[byte & 15];
  }
  return token;
}

/// Only its owner may read the file, from the moment that it is there.
result<void> write_token(const std::string& file, const std::string& token) {
  const std::string beside = file + ".new";
  ::unlink(beside.c_str());
  const int to = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        S_IRUSR | S_IWUSR);
  if (to < 0) return refuse(errc::storage_failed, file, reason());
  const std::string line = token + "\n";
  const bool is_written =
      ::write(to, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
      ::fsync(to) == 0;
  const std::string why = reason();
  ::close(to);
  if (is_written && ::rename(beside.c_str(), file.c_str()) == 0) return {};
  ::unlink(beside.c_str());
  return refuse(errc::storage_failed, file, is_written ? reason() : why);
}

}  // namespace

result<admin_token> find_admin_token(const config& settings) {
  if (!settings.admin.token.empty())
    return admin_token{secret{settings.admin.token}, admin_token::source::configured, {}};
  if (!settings.admin.token_file.empty()) {
    TROUPE_ASSIGN(secret token,
                  read_token_file("admin.token_file: the admin token", settings.admin.token_file));
    return admin_token{std::move(token), admin_token::source::configured, {}};
  }
  // Only a store on disk has a place for it.
  if (settings.storage.engine != storage_engine::rocksdb) {
    TROUPE_ASSIGN(std::string token, make_token("memory"));
    return admin_token{secret{std::move(token)}, admin_token::source::made, {}};
  }
  const std::string file =
      (std::filesystem::path{settings.storage.path} / admin_token_file_name).string();
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) {
    TROUPE_ASSIGN(secret token, read_token_file(admin_token_words, file));
    return admin_token{std::move(token), admin_token::source::kept, file};
  }
  TROUPE_ASSIGN(std::string token, make_token(file));
  TROUPE_TRY(write_token(file, token));
  return admin_token{secret{std::move(token)}, admin_token::source::made, file};
}

}  // namespace troupe
