#include "app/moving/folder_source.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/moving/file_name.hpp"
#include "base/printable.hpp"

namespace troupe::moving {

namespace {

namespace fs = std::filesystem;

/// Which documents lie in which files, and how.
struct folder_rules {
  result<std::string> (*name_of)(std::string_view path);
  update_notation notation;
};

class folder_source final : public document_source {
 public:
  explicit folder_source(folder_rules rules) : rules_(rules) {}

  result<void> open(const std::string& folder) {
    std::error_code why;
    if (!fs::is_directory(folder, why))
      return fail(errc::storage_failed, in_single_quotes(folder) + ": no such folder");
    folder_ = folder;
    at_ = fs::recursive_directory_iterator{folder, why};
    if (why) return fail(errc::storage_failed, in_single_quotes(folder) + ": " + why.message());
    return {};
  }

  result<bool> next(found_document& into) override {
    into.clear();
    into.notation = rules_.notation;
    for (std::error_code why; at_ != fs::recursive_directory_iterator{};) {
      const fs::path path = at_->path();
      std::error_code ignored;
      const bool is_folder = at_->is_directory(ignored);
      at_.increment(why);
      if (why) return fail(errc::storage_failed, in_single_quotes(folder_) + ": " + why.message());
      if (is_folder) continue;
      read(path, into);
      return true;
    }
    return false;
  }

 private:
  void read(const fs::path& path, found_document& into) const {
    const std::string below = path.lexically_relative(folder_).string();
    auto name = rules_.name_of(below);
    auto bytes = name ? read_whole_file(path.string()) : result<std::string>{};
    if (!name || !bytes) {
      into.problems.push_back(in_single_quotes(below) + ": " +
                              (name ? bytes.error() : name.error()).detail);
      return;
    }
    into.name = std::move(*name);
    into.updates.push_back(std::move(*bytes));
  }

  folder_rules rules_;
  std::string folder_;
  fs::recursive_directory_iterator at_;
};

result<std::unique_ptr<document_source>> open_folder(const std::string& folder,
                                                     folder_rules rules) {
  auto source = std::make_unique<folder_source>(rules);
  TROUPE_TRY(source->open(folder));
  return source;
}

}  // namespace

result<std::unique_ptr<document_source>> open_updates_folder(const std::string& folder) {
  return open_folder(folder, {name_of_path, update_notation::any_of});
}

result<std::unique_ptr<document_source>> open_s3_dump(const std::string& folder) {
  return open_folder(folder, {name_of_object, update_notation::v1});
}

result<std::string> read_whole_file(const std::string& path) {
  std::error_code why;
  if (!fs::is_regular_file(path, why)) return fail(errc::storage_failed, "it is no file");
  const std::uintmax_t size = fs::file_size(path, why);
  if (why) return fail(errc::storage_failed, "it cannot be read: " + why.message());
  if (size > document_size_bytes_max)
    return fail(errc::update_too_large,
                "it is larger than " + std::to_string(document_size_bytes_max) + " bytes");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  if (file.read(bytes.data(), static_cast<std::streamsize>(size))) return bytes;
  return fail(errc::storage_failed, std::string{"it cannot be read: "} + std::strerror(errno));
}

}  // namespace troupe::moving
