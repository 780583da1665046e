#include "app/storage/raw_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/printable.hpp"

namespace troupe {

namespace {

result<void> write_file(const std::string& path, std::string_view bytes) {
  errno = 0;
  std::ofstream file{path, std::ios::binary};
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
  if (file) return {};
  return fail(errc::storage_failed,
              in_single_quotes(path) + ": cannot be written: " + std::strerror(errno));
}

std::string hex_of(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) {
    digits += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    digits += "0123456789abcdef"[byte & 15];
  }
  return digits;
}

/// "record 17" as the name of a file: "record-17".
std::string file_name(std::string_view label) {
  std::string name{label};
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

}  // namespace

result<void> raw_folder::add(const storage::broken_document& broken) {
  const std::string folder = path_ + "/" + broken.id + "/";
  std::error_code why;
  std::filesystem::create_directories(folder, why);
  if (why) return fail(errc::storage_failed, in_single_quotes(folder) + ": " + why.message());
  std::string index = "document " +
                      (broken.name.empty() ? "(its name is lost)" : in_single_quotes(broken.name)) +
                      "\nid " + broken.id + "\n\nwhat is wrong\n";
  for (const std::string& each : broken.damages) index += "  " + printable(each) + "\n";
  index += "\nfile, bytes, key, state\n";
  for (std::size_t i = 0; i < broken.raw.size(); ++i) {
    const storage::raw_value& each = broken.raw[i];
    // Damaged keys may share a label.
    const std::string name = std::to_string(i + 1) + "-" + file_name(each.label) + ".value";
    TROUPE_TRY(write_file(folder + name, each.value));
    index += name + ", " + std::to_string(each.value.size()) + ", " + hex_of(each.key) + ", " +
             (each.damage.empty() ? "whole" : printable(each.damage)) + "\n";
  }
  index += "\nupdates, for `troupe doc`\n";
  const auto write_update = [&](const std::string& label, byte_view bytes) {
    const std::string name = file_name(label) + ".update";
    index += name + ", " + std::to_string(bytes.size()) + "\n";
    return write_file(folder + name, as_text(bytes));
  };
  for (const storage::rescued_checkpoint& each : broken.checkpoints)
    TROUPE_TRY(write_update(each.generation == 0 ? "newest version"
                                                 : "checkpoint " + std::to_string(each.generation),
                            each.state.view()));
  for (const storage::rescued_update& each : broken.updates)
    TROUPE_TRY(write_update("record " + std::to_string(each.number), each.update.view()));
  return write_file(folder + "index.txt", index);
}

}  // namespace troupe
