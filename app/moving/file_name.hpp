// Names of documents as paths of files: ASCII letters, digits and - _ . ~ stand for themselves (a .
// at the beginning does not), any other byte is %XX. What is longer than a name of a file may be is
// cut into pieces; each but the last is a folder whose name ends with +. Behind it comes .bin.
//
//   "wiki/page 1"   wiki%2Fpage%201.bin
//
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe::moving {

inline constexpr std::string_view file_ending = ".bin";

/// The path of a document, from the folder, with / between folders. Requires: the name is not
/// empty.
std::string path_of_name(std::string_view name);

/// The name from a path; a folder without a + is a part of the name in front of a /, so that files
/// which people put together themselves have names, too. Fails with invalid_name: it does not end
/// with .bin, or a % is not followed by two hexadecimal digits.
result<std::string> name_of_path(std::string_view path);

/// The name from a path that Hocuspocus's extension S3 made: all in front of .bin, as it is. Fails
/// with invalid_name: it does not end with .bin.
result<std::string> name_of_object(std::string_view path);

}  // namespace troupe::moving
