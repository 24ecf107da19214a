#pragma once

#include <filesystem>
#include <string_view>

namespace edgefuse::results {

/// "runs/a.h5" and "part": "runs/a.part.h5".
[[nodiscard]] std::filesystem::path beside(const std::filesystem::path& file, std::string_view insertion);

/// Returns when the disk has all that was written to `file`. Throws RunError when it cannot take it.
void wait_for_disk(const std::filesystem::path& file);

}  // namespace edgefuse::results
