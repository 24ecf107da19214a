#pragma once

#include <filesystem>

namespace edgefuse::results {

/// Gives what an earlier run left at `file` a second name, so that a new run may take the first: NAME.DIGEST.EXT with
/// the first 12 digits of the result's digest, or NAME.kept-1.EXT (kept-2, ...) for what is no readable result. Nothing
/// is ever overwritten; a result that is already kept, as its digest tells, is not kept twice. Returns that second
/// name. Throws RunError when the disk fails under it.
[[nodiscard]] std::filesystem::path keep_earlier_result(const std::filesystem::path& file);

}  // namespace edgefuse::results
