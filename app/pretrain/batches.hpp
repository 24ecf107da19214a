#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "app/pretrain/recipe.hpp"
#include "data/atlas/pretraining_text.hpp"
#include "data/question.hpp"
#include "llm/pretraining.hpp"
#include "llm/tokenizer.hpp"

namespace edgefuse::app {

/// The parts of a step, in this order; a phase may leave some without rows.
inline constexpr std::array<std::string_view, 4> part_names = {"drills", "questions", "statements", "composites"};

/// Draws the rows of every step: a pure function of the recipe's seed and the step's number.
class PretrainingBatches {
 public:
  /// Keeps references to both.
  PretrainingBatches(const PretrainingRecipe& recipe, const llm::Tokenizer& tokenizer);

  [[nodiscard]] std::vector<llm::PretrainingPart> of_step(std::int64_t step) const;

 private:
  [[nodiscard]] const PretrainingPhase& phase_of(std::int64_t step) const;
  /// Tokens of `answers` count 1, all others what the recipe says of prompts.
  [[nodiscard]] llm::WeightedSequence row(std::string_view prompt, std::string_view answer,
                                          const std::vector<std::int64_t>& answers) const;

  const PretrainingRecipe& recipe_;
  const llm::Tokenizer& tokenizer_;
  data::atlas::PretrainingText text_;
  std::vector<std::int64_t> letters_;  // the tokens " A", ..., " D"
  std::vector<std::int64_t> values_;   // " red", ...
};

}  // namespace edgefuse::app
