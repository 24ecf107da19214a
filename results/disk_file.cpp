#include "results/disk_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "sim/error.hpp"

namespace edgefuse::results {
namespace {

/// `reason` is an errno.
[[noreturn]] void fail(const std::filesystem::path& file, std::string_view doing, int reason) {
  throw RunError{fmt::format("{}: {}: {}", file.string(), doing, std::strerror(reason))};
}

}  // namespace

std::filesystem::path beside(const std::filesystem::path& file, std::string_view insertion) {
  auto other = file;
  other.replace_filename(fmt::format("{}.{}{}", file.stem().string(), insertion, file.extension().string()));
  return other;
}

void wait_for_disk(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(file, "cannot be opened", errno);
  const int reason = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  // EINVAL: a file system without a disk behind it.
  if (reason != 0 && reason != EINVAL) fail(file, "did not reach the disk", reason);
}

}  // namespace edgefuse::results
