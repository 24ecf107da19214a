#pragma once

#include <cstdint>
#include <string>

#include "app/pretrain/recipe.hpp"
#include "data/bootstrap.hpp"
#include "llm/model.hpp"
#include "llm/tokenizer.hpp"
#include "server/evaluation/composites.hpp"
#include "server/evaluation/questions.hpp"

namespace edgefuse::app {

/// What a model under training knows, as shares of right answers with 95 % intervals. All phrasings are test ones.
struct PretrainingScores {
  data::Interval open;        // public facts
  data::Interval closed;      // private facts: what it can only guess
  data::Interval composites;  // letters of two public questions asked together
};

/// The questions of the log, asked again and again while a base is made.
class PretrainingProgress {
 public:
  PretrainingProgress(const PretrainingRecipe& recipe, const llm::Tokenizer& tokenizer, std::int64_t count);

  [[nodiscard]] PretrainingScores score(const llm::Model& model) const;

 private:
  server::EncodedQuestions open_, closed_;
  server::EncodedComposites composites_;
};

/// "81.0 % [76.2, 85.1]"
[[nodiscard]] std::string percent(const data::Interval& interval);

}  // namespace edgefuse::app
