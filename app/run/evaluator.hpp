#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/run/corpus.hpp"
#include "llm/config.hpp"
#include "llm/crew.hpp"
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

/// What came of judging several models.
struct Judgement {
  std::vector<results::EvaluationRow> rows;
  /// One sentence for each model and benchmark that could not be scored; its rows have no figure (NaN, of 0 items).
  std::vector<std::string> failures;
};

/// The run's benchmarks as tokens, made once and put to every model.
class Evaluator {
 public:
  /// Throws InputError when a prompt does not fit the model, when its tokenizer cannot ask questions, and when a loss
  /// is to be measured on no example at all; each with the key of the scenario that is to blame.
  Evaluator(const scenarios::Scenario& scenario, const Corpus& corpus, const llm::Tokenizer& tokenizer,
            const llm::ModelConfig& config);

  /// Every benchmark on every subject, rows in the subjects' order whoever judged which. A model whose output is not
  /// finite costs the others nothing. Throws RunError naming the subject for any other failure.
  [[nodiscard]] Judgement evaluate(std::int64_t round, std::span<const Subject> subjects, const llm::Crew& crew) const;

  /// Held-out examples that are not used because they leave nothing to predict.
  [[nodiscard]] std::int64_t dropped() const { return dropped_; }

 private:
  [[nodiscard]] Judgement judge(std::int64_t round, const Subject& subject, at::Device device) const;
  void encode_held_out(const scenarios::Scenario& scenario, const Corpus& corpus, const llm::Tokenizer& tokenizer);

  std::optional<server::EncodedQuestions> questions_;
  std::optional<server::EncodedComposites> composites_;
  std::optional<server::HeldOut> held_out_;
  std::int64_t dropped_ = 0;
  data::BootstrapOptions bootstrap_;
};

}  // namespace edgefuse::app
