#pragma once

#include <filesystem>
#include <vector>

#include "sim/time.hpp"
#include "sim/units.hpp"

namespace edgefuse::sim {

/// What a link was measured to carry from a moment on.
struct RateSample {
  SimTime at{};  // since the first sample
  BytesPerSecond rate{};
};

/// The files of traces at `path`: itself, or all files of a folder and its subfolders, sorted by name. Those are left
/// out that are called README* or LICENSE*, or begin with a dot. Throws InputError when there is none.
[[nodiscard]] std::vector<std::filesystem::path> rate_trace_files(const std::filesystem::path& path);

/// Reads lines of "seconds Mbit/s" with spaces or tabs between; empty lines are passed over. Rates below 1 byte/s are
/// 0. Throws InputError with all that is wrong in the file: lines that are not two numbers, numbers that are no time or
/// no rate, times that do not rise by a nanosecond, fewer than two samples, no rate above 0.
[[nodiscard]] std::vector<RateSample> read_rate_trace(const std::filesystem::path& file);

}  // namespace edgefuse::sim
