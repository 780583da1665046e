// Documents that lie in the files of a folder, one in each, folders below it included. Links to
// folders are not followed.
//
// Thread: one.
#pragma once

#include <memory>

#include "app/moving/document_source.hpp"

namespace troupe::moving {

/// Files as `troupe export` writes them (file_name.hpp): each an update of format v1 or v2, or a
/// stream of v1 updates. Any other file is a problem. Fails with storage_failed: no such folder.
result<std::unique_ptr<document_source>> open_updates_folder(const std::string& folder);

/// A copy of what Hocuspocus's extension S3 keeps below its prefix: the object NAME.bin, an update
/// of format v1, is a file of this name. Any other file is a problem. Fails as above.
result<std::unique_ptr<document_source>> open_s3_dump(const std::string& folder);

/// All of a file. Fails with storage_failed, and update_too_large above document_size_bytes_max.
result<std::string> read_whole_file(const std::string& path);

}  // namespace troupe::moving
