#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "data/question.hpp"

namespace edgefuse::data {

enum class MmluSplit : std::uint8_t { dev, val, test };

/// What a question's domain is: one of 57 subjects, 17 subcategories or 4 categories, after the authors' own table
/// (categories.py of github.com/hendrycks/test).
enum class DomainLevel : std::uint8_t { subject, subcategory, category };

/// Throw InputError for other names, with the nearest known one.
[[nodiscard]] MmluSplit parse_mmlu_split(std::string_view name);
[[nodiscard]] DomainLevel parse_domain_level(std::string_view name);
[[nodiscard]] std::string_view name_of(MmluSplit split);
[[nodiscard]] std::string_view name_of(DomainLevel level);

/// Reads `folder/SPLIT/SUBJECT_SPLIT.csv` of every subject found there, in the order of the subjects' names (MMLU,
/// Hendrycks et al., 2009.03300): no header line; question, A, B, C, D, answer letter. Levels other than subject need
/// `folder/subject_categories.tsv`. Line breaks and spaces inside fields are kept as they are. Prompts always name the
/// subject, whatever the level.
/// Throws InputError with all that is wrong: no files, other than six fields, an empty field, answers outside A-D,
/// subjects without a category.
[[nodiscard]] std::vector<Question> read_mmlu(const std::filesystem::path& folder, MmluSplit split, DomainLevel level);

}  // namespace edgefuse::data
