#pragma once

#include <cstdint>
#include <optional>

#include "data/question.hpp"
#include "llm/sequence.hpp"
#include "llm/tokenizer.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// Turns examples into tokens as the scenario wants them: cut to `data.max_tokens`, labelled as `training.loss` says.
class ExampleEncoder {
 public:
  ExampleEncoder(const scenarios::Scenario& scenario, const llm::Tokenizer& tokenizer)
      : scenario_{scenario}, tokenizer_{tokenizer} {}

  /// Nothing when the example leaves nothing to predict, such as a text of a single token: there would be no loss to
  /// learn from.
  [[nodiscard]] std::optional<llm::Sequence> encode(const data::Example& example);

  /// How many examples left nothing to predict.
  [[nodiscard]] std::int64_t dropped() const { return dropped_; }

 private:
  const scenarios::Scenario& scenario_;
  const llm::Tokenizer& tokenizer_;
  std::int64_t dropped_ = 0;
};

}  // namespace edgefuse::app
