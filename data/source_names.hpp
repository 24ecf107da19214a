#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace edgefuse::data {

/// A name for each file, no two alike, by which results call what came from it: its stem, such as "north" for
/// "data/north.json". Files that share a stem are told apart by their file names or, where those agree too, by the
/// folders above them: "a/north.json" and "b/north.json". No file may be there twice.
[[nodiscard]] std::vector<std::string> source_names(std::span<const std::filesystem::path> files);

}  // namespace edgefuse::data
