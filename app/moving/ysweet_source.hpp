// The documents of a y-sweet store in files: a folder for each document, with a file data.ysweet in
// it. What y-sweet keeps on S3 has the same form below its prefix. The files are only read.
//
// Thread: one.
#pragma once

#include <memory>

#include "app/moving/document_source.hpp"

namespace troupe::moving {

/// Fails with storage_failed: no such folder, or it cannot be read.
result<std::unique_ptr<document_source>> open_ysweet(const std::string& folder);

}  // namespace troupe::moving
