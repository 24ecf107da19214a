#include "results/earlier_result.hpp"

#include <string>
#include <system_error>

#include <fmt/format.h>

#include "results/disk_file.hpp"
#include "results/result_file.hpp"
#include "sim/error.hpp"

namespace edgefuse::results {
namespace {

namespace fs = std::filesystem;

/// Empty for what is no readable result, or nothing at all.
std::string digest_of(const fs::path& file) {
  try {
    return read_result(file).digest;
  } catch (const InputError&) {
    return "";
  }
}

/// A second name, so that there is no moment without the first; a copy where files have only one. False when `name` is
/// taken: neither way overwrites.
bool name_too(const fs::path& file, const fs::path& name) {
  if (fs::exists(fs::symlink_status(name))) return false;
  std::error_code error;
  fs::create_hard_link(file, name, error);
  if (!error) return true;
  if (error == std::errc::file_exists) return false;
  fs::copy_file(file, name, fs::copy_options::none, error);
  if (error == std::errc::file_exists) return false;
  if (error) throw RunError{fmt::format("{}: cannot be kept as {}: {}", file.string(), name.string(), error.message())};
  wait_for_disk(name);
  return true;
}

}  // namespace

fs::path keep_earlier_result(const fs::path& file) {
  if (const auto digest = digest_of(file); !digest.empty()) {
    auto name = beside(file, digest.substr(0, 12));
    if (name_too(file, name) || digest_of(name) == digest) return name;
  }
  for (int number = 1;; ++number) {
    auto name = beside(file, fmt::format("kept-{}", number));
    if (name_too(file, name)) return name;
  }
}

}  // namespace edgefuse::results
