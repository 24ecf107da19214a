#include <cstdlib>

#include "scenarios/scenario.hpp"

namespace edgefuse::scenarios {

std::filesystem::path locate(std::string_view path, const std::filesystem::path& assets) {
  constexpr std::string_view prefix = "assets:";
  if (path.starts_with(prefix)) return assets / path.substr(prefix.size());
  return path;
}

std::filesystem::path default_assets() {
  const char* set = std::getenv("EDGEFUSE_ASSETS");
  return set != nullptr && *set != '\0' ? set : "../shared";
}

}  // namespace edgefuse::scenarios
