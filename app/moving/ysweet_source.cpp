#include "app/moving/ysweet_source.hpp"

#include <filesystem>

#include "app/moving/folder_source.hpp"
#include "app/moving/ysweet_checkpoint.hpp"
#include "base/printable.hpp"

namespace troupe::moving {

namespace {

namespace fs = std::filesystem;

constexpr const char* checkpoint_name = "data.ysweet";

class ysweet_source final : public document_source {
 public:
  result<void> open(const std::string& folder) {
    std::error_code why;
    if (!fs::is_directory(folder, why))
      return fail(errc::storage_failed, in_single_quotes(folder) + ": no such folder");
    folder_ = folder;
    at_ = fs::directory_iterator{folder, why};
    if (why) return fail(errc::storage_failed, in_single_quotes(folder) + ": " + why.message());
    return {};
  }

  result<bool> next(found_document& into) override {
    into.clear();
    into.notation = update_notation::v1;
    if (at_ == fs::directory_iterator{}) return false;
    const fs::path path = at_->path();
    std::error_code why;
    at_.increment(why);
    if (why) return fail(errc::storage_failed, in_single_quotes(folder_) + ": " + why.message());
    read(path, into);
    return true;
  }

 private:
  static void read(const fs::path& path, found_document& into) {
    const std::string name = path.filename().string();
    std::error_code why;
    if (!fs::is_regular_file(path / checkpoint_name, why)) {
      into.problems.push_back(in_single_quotes(name) + ": no folder with a file data.ysweet");
      return;
    }
    into.name = name;
    const auto bytes = read_whole_file((path / checkpoint_name).string());
    if (!bytes) {
      into.problems.push_back(bytes.error().detail);
      return;
    }
    const auto found = decode_ysweet_checkpoint(as_bytes(*bytes));
    if (!found) {
      into.problems.push_back("data.ysweet: " + to_string(found.error()));
      return;
    }
    for (const byte_view each : found->updates) into.updates.emplace_back(as_text(each));
    // A document that nobody has written to; y-sweet keeps a file without a state.
    if (into.updates.empty()) into.updates.emplace_back("\0\0", 2);
  }

  std::string folder_;
  fs::directory_iterator at_;
};

}  // namespace

result<std::unique_ptr<document_source>> open_ysweet(const std::string& folder) {
  auto source = std::make_unique<ysweet_source>();
  TROUPE_TRY(source->open(folder));
  return source;
}

}  // namespace troupe::moving
