#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/run/corpus.hpp"
#include "llm/config.hpp"
#include "llm/model.hpp"
#include "llm/tokenizer.hpp"
#include "results/records.hpp"
#include "scenarios/scenario.hpp"
#include "server/evaluation/composites.hpp"
#include "server/evaluation/held_out.hpp"
#include "server/evaluation/questions.hpp"

namespace edgefuse::app {

/// A model to be judged. It is made when its turn comes, so that only as many are in memory as there are workers.
struct Subject {
  std::string name;  // as in EvaluationRow::model
  std::function<llm::Model()> make;
};

/// The run's benchmarks as tokens, made once and put to every model.
class Evaluator {
 public:
  /// Throws InputError when a prompt does not fit the model.
  Evaluator(const scenarios::Scenario& scenario, const Corpus& corpus, const llm::Tokenizer& tokenizer,
            const llm::ModelConfig& config);

  /// Every benchmark on every subject, rows in the subjects' order whatever the number of workers.
  [[nodiscard]] std::vector<results::EvaluationRow> evaluate(std::int64_t round, std::span<const Subject> subjects,
                                                             unsigned workers) const;

 private:
  [[nodiscard]] std::vector<server::Score> scores(const llm::Model& model) const;

  std::optional<server::EncodedQuestions> questions_;
  std::optional<server::EncodedComposites> composites_;
  std::optional<server::HeldOut> held_out_;
  data::BootstrapOptions bootstrap_;
};

}  // namespace edgefuse::app
