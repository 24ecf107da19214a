#pragma once

#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// What each of the scenario's `data.paths` names, in their order. Throws InputError when one does not exist, and when
/// there is none.
[[nodiscard]] std::vector<std::filesystem::path> data_paths(const scenarios::Scenario& scenario,
                                                            const std::filesystem::path& assets);

/// The same with every folder replaced by its files that have one of `endings` (such as ".json"), sorted by name; what
/// lies in folders below it is not read. Throws InputError also for a folder without such a file, and for a file that
/// is named twice, be it by its folder.
[[nodiscard]] std::vector<std::filesystem::path> data_files(const scenarios::Scenario& scenario,
                                                            const std::filesystem::path& assets,
                                                            std::initializer_list<std::string_view> endings);

}  // namespace edgefuse::app
