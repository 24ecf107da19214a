#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "llm/config.hpp"
#include "llm/encode.hpp"
#include "llm/sequence.hpp"
#include "llm/tokenizer.hpp"

namespace edgefuse::app {

/// The sequences of a file of examples, in its order: JSON Lines with {"prompt", "answer"}, {"text"} or Dolly's
/// {"instruction", "context", "response"} on each line, or a JSON list in Dolly's fields. An answer ends with the
/// model's EOS, so that stopping is learnt; a text just goes on. Throws InputError with every line that is wrong:
/// unknown or missing fields, or nothing left to predict.
[[nodiscard]] std::vector<llm::Sequence> read_training_examples(const std::filesystem::path& file,
                                                                const llm::Tokenizer& tokenizer,
                                                                const llm::ModelConfig& config, llm::LossOn loss,
                                                                std::int64_t max_tokens);

/// One optimiser step for each slice of `input_ids` and `labels` [steps, batch, sequence] in a safetensors file.
/// Throws InputError when one is missing, is not int64, or when their shapes differ.
[[nodiscard]] std::vector<llm::Batch> read_training_batches(const std::filesystem::path& file);

}  // namespace edgefuse::app
