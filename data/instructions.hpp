#pragma once

#include <cstdint>
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

/// How an instruction is put to a model. `headings`: Alpaca's, without its preamble, which small models pay dearly for:
///
///     ### Instruction:\n{instruction}\n\n### Input:\n{context}\n\n### Response:\n{response}
///
/// `chatml`: what models tuned with it expect (Qwen, SmolLM-Instruct, MiniMind); {context} follows on a line of its
/// own:
///
///     <|im_start|>user\n{instruction}\n{context}<|im_end|>\n<|im_start|>assistant\n{response}<|im_end|>
///
/// A chat model in another format than its own predicts worse than a uniform guess until it has adapted.
enum class PromptFormat : std::uint8_t { headings, chatml };

/// Domain: the category. Without a context, what belongs to it is left out.
[[nodiscard]] Example as_example(const Instruction& instruction, PromptFormat format = PromptFormat::headings);

/// Examples with the file each came from (by its source_names), for the natural partition: one client for one file.
struct SourcedExamples {
  std::vector<Example> examples;
  std::vector<std::string> sources;  // one for each example
};
/// Throws InputError with what is wrong in all of the files. None may be there twice.
[[nodiscard]] SourcedExamples read_instruction_files(std::span<const std::filesystem::path> files,
                                                     PromptFormat format = PromptFormat::headings);

}  // namespace edgefuse::data
