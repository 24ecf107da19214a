#include "app/run/evaluator.hpp"

#include <limits>
#include <utility>

#include "llm/encode.hpp"
#include "llm/side_by_side.hpp"

namespace edgefuse::app {
namespace {

server::HeldOut encode_held_out(const scenarios::Scenario& scenario, const Corpus& corpus,
                                const llm::Tokenizer& tokenizer) {
  const auto loss = scenario.training.loss == scenarios::Loss::answer ? llm::LossOn::answer : llm::LossOn::full;
  server::HeldOut held_out;
  for (const auto& example : corpus.held_out) {
    held_out.sequences.push_back(
        llm::encode_example(tokenizer, example.prompt, example.answer, loss, scenario.data.max_tokens));
    held_out.domains.push_back(example.domain);
  }
  return held_out;
}

}  // namespace

Evaluator::Evaluator(const scenarios::Scenario& scenario, const Corpus& corpus, const llm::Tokenizer& tokenizer,
                     const llm::ModelConfig& config) {
  bootstrap_.seed = scenario.seed;
  if (!corpus.questions.empty()) questions_ = server::encode(corpus.questions, tokenizer, config.max_positions);
  if (!corpus.composites.empty()) composites_ = server::encode(corpus.composites, tokenizer, config.max_positions);
  if (scenario.evaluation.held_out_loss) held_out_ = encode_held_out(scenario, corpus, tokenizer);
}

std::vector<server::Score> Evaluator::scores(const llm::Model& model) const {
  std::vector<server::Score> all;
  const auto add = [&](const auto& benchmark) {
    if (!benchmark) return;
    auto scores = server::score(model, *benchmark, nullptr, bootstrap_);
    all.insert(all.end(), scores.begin(), scores.end());
  };
  add(questions_);
  add(composites_);
  add(held_out_);
  return all;
}

std::vector<results::EvaluationRow> Evaluator::evaluate(std::int64_t round, std::span<const Subject> subjects,
                                                        unsigned workers) const {
  std::vector<std::vector<server::Score>> of_subject(subjects.size());
  llm::all_side_by_side(workers, subjects.size(), [&](std::size_t i) { of_subject[i] = scores(subjects[i].make()); });
  std::vector<results::EvaluationRow> rows;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    for (auto& score : of_subject[i]) {
      rows.push_back({.round = round,
                      .model = subjects[i].name,
                      .metric = std::move(score.metric),
                      .domain = std::move(score.domain),
                      .value = score.value,
                      .low = score.low,
                      .high = score.high,
                      .n = score.n,
                      .chance = score.chance.value_or(std::numeric_limits<double>::quiet_NaN())});
    }
  }
  return rows;
}

}  // namespace edgefuse::app
