#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace edgefuse::llm::tokenizing {

/// All bytes of a file; throws InputError when it cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

/// Parses JSON; `file` is its name in the InputError that tells the line where the text goes wrong.
[[nodiscard]] nlohmann::json parse_json(std::string_view text, std::string_view file);

}  // namespace edgefuse::llm::tokenizing
