#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/composer.hpp"

namespace edgefuse::data {

/// A composed benchmark with all it takes to compose it again.
struct Composition {
  std::string source;  // what the questions are, such as "MMLU test by subcategory"
  ComposeOptions options;
  std::vector<CompositeQuestion> instances;
};

/// JSON Lines (docs/formats/datasets.md): a manifest, then one line for each instance with its ids, order, prompt and
/// answers. Writes the whole file or nothing; throws InputError when it cannot be written.
void write_composition(const Composition& composition, const std::filesystem::path& file);

/// Throws InputError, with the line, for what is not such a file: another format or version, missing fields, answers
/// outside A-D, parts of one domain, an instance count other than the manifest's, or a prompt that is not the one its
/// questions give.
[[nodiscard]] Composition read_composition(const std::filesystem::path& file);

}  // namespace edgefuse::data
