#include "sim/output_folder.hpp"

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse {
namespace {

namespace fs = std::filesystem;

/// The names of all files in `folder`, `last` at the end.
std::vector<fs::path> names_in(const fs::path& folder, const fs::path& last) {
  std::vector<fs::path> names;
  for (const auto& entry : fs::directory_iterator{folder})
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  const auto key = std::ranges::find(names, last);
  EDGEFUSE_EXPECTS(key != names.end(), "the key file is among those written");
  std::rotate(key, key + 1, names.end());
  return names;
}

}  // namespace

OutputFolder::OutputFolder(fs::path folder) : folder_{std::move(folder)}, partial_{folder_ / ".part"} {
  std::error_code error;
  made_ = fs::create_directories(folder_, error);
  if (error || !fs::is_directory(folder_)) {
    throw InputError{Mistake{.file = folder_.string(),
                             .problem = "is no folder and cannot be made one",
                             .remedy = "name a place you may write to"}};
  }
  fs::remove_all(partial_, error);  // left by a program that was ended
  if (!error) fs::create_directory(partial_, error);
  if (error) {
    throw InputError{Mistake{
        .file = folder_.string(), .problem = "cannot be written to", .remedy = "name a folder that you may write to"}};
  }
}

OutputFolder::~OutputFolder() {
  std::error_code gone_already;
  if (keep_partial_) return;
  fs::remove_all(partial_, gone_already);
  if (made_) fs::remove(folder_, gone_already);  // fails where something is in it
}

void OutputFolder::commit(std::string_view key) {
  const auto names = names_in(partial_, key);
  std::error_code error;
  fs::remove(folder_ / key, error);
  for (const auto& name : names)
    if (!error) fs::rename(partial_ / name, folder_ / name, error);
  if (error) {
    keep_partial_ = true;
    throw RunError{fmt::format("{} could not be written whole ({}); what is missing there lies in {}", folder_.string(),
                               error.message(), partial_.string())};
  }
}

}  // namespace edgefuse
