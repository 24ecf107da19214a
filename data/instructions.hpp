#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/question.hpp"

namespace edgefuse::data {

/// One instruction and its answer, with the fields of Dolly.
struct Instruction {
  std::string instruction;
  std::string context;  // may be empty
  std::string response;
  std::string category;  // "uncategorised" where the file names none
};

/// Reads a JSON list of objects, or JSON Lines (one object a line). `instruction` and `response` must be there and not
/// be empty; other fields than Dolly's four are ignored.
/// Throws InputError with the line of every row that is wrong, for invalid JSON, and for a file without rows.
[[nodiscard]] std::vector<Instruction> read_instructions(const std::filesystem::path& file);

/// Domain: the category. Prompt and answer in Alpaca's headings without its preamble, which small models pay dearly
/// for:
///
///     ### Instruction:\n{instruction}\n\n### Input:\n{context}\n\n### Response:\n{response}
///
/// Without a context, its heading is left out.
[[nodiscard]] Example as_example(const Instruction& instruction);

/// Examples with the file each came from (its stem), for the natural partition: one client for one file.
struct SourcedExamples {
  std::vector<Example> examples;
  std::vector<std::string> sources;  // one for each example
};
[[nodiscard]] SourcedExamples read_instruction_files(std::span<const std::filesystem::path> files);

}  // namespace edgefuse::data
