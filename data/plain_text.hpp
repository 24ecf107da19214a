#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "data/question.hpp"

namespace edgefuse::data {

struct PlainTextOptions {
  /// Pieces that follow each other in one domain are joined until they have this many bytes, so that a model gets more
  /// context than one line; 0 joins nothing.
  std::size_t minimum_bytes = 0;
};

/// Paragraphs (separated by empty lines) as examples without a prompt, all of one domain.
/// Throws InputError for a file that cannot be read, is not UTF-8, or holds no text.
[[nodiscard]] std::vector<Example> read_paragraphs(const std::filesystem::path& file, const std::string& domain,
                                                   const PlainTextOptions& options);

/// A play: every paragraph is a line "NAME:" and what NAME says. The domain is the speaker, in file order; silent
/// speakers (a name without a speech) are left out.
/// Throws InputError as above, and for each paragraph that does not begin with "NAME:".
[[nodiscard]] std::vector<Example> read_speakers(const std::filesystem::path& file, const PlainTextOptions& options);

}  // namespace edgefuse::data
