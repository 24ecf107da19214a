#pragma once

#include <filesystem>

namespace edgefuse::app {

/// Copies a model folder's tokenizer and generation config, those that are there; weights and config are not among
/// them. Files of those names in `to` are replaced.
void copy_tokenizer(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace edgefuse::app
