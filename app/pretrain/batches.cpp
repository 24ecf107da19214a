#include "app/pretrain/batches.hpp"

#include <algorithm>
#include <utility>

#include "data/atlas/atlas.hpp"
#include "sim/expects.hpp"
#include "sim/random.hpp"

namespace edgefuse::app {
namespace {

constexpr std::int64_t statements_of_a_row = 4;
constexpr std::int64_t most_questions_of_a_composite = 3;

}  // namespace

PretrainingBatches::PretrainingBatches(const PretrainingRecipe& recipe, const llm::Tokenizer& tokenizer)
    : recipe_{recipe}, tokenizer_{tokenizer}, text_{data::atlas::make_atlas(recipe.world)} {
  for (const std::string_view letter : {" A", " B", " C", " D"}) {
    const auto ids = tokenizer.encode(letter, llm::Tokenizer::Special::leave_out);
    EDGEFUSE_EXPECTS(ids.size() == 1, "the tokenizer's corpus makes every letter one token");
    letters_.push_back(ids.front());
  }
}

const PretrainingPhase& PretrainingBatches::phase_of(std::int64_t step) const {
  for (const auto& phase : recipe_.phases) {
    if (step < phase.steps) return phase;
    step -= phase.steps;
  }
  EDGEFUSE_EXPECTS(false, "the step lies in a phase");
  return recipe_.phases.back();
}

llm::WeightedSequence PretrainingBatches::row(const data::Example& example, double prompt_weight) const {
  llm::WeightedSequence row;
  row.ids = tokenizer_.encode(example.prompt, llm::Tokenizer::Special::leave_out);
  row.weights.assign(row.ids.size(), static_cast<float>(prompt_weight));
  for (const auto id : tokenizer_.encode(example.answer, llm::Tokenizer::Special::leave_out)) {
    row.ids.push_back(id);
    // Of " B, Q2: D" only the letters are answers.
    row.weights.push_back(std::ranges::find(letters_, id) != letters_.end() ? 1.0F : static_cast<float>(prompt_weight));
  }
  return row;
}

std::vector<llm::PretrainingPart> PretrainingBatches::of_step(std::int64_t step) const {
  sim::Draws draws{{recipe_.seed, sim::Domain::pretraining_batches, static_cast<std::uint32_t>(step), 0}};
  const auto& phase = phase_of(step);
  const auto& weights = recipe_.weights;
  llm::PretrainingPart drills{1, {}};
  llm::PretrainingPart questions{1, {}};
  llm::PretrainingPart statements{weights.statements, {}};
  llm::PretrainingPart composites{weights.composites, {}};
  for (std::int64_t i = 0; i < phase.drills; ++i)
    drills.rows.push_back(row(text_.drill(phase.choices, draws), weights.prompt));
  for (std::int64_t i = 0; i < phase.recognition; ++i)
    questions.rows.push_back(row(data::as_example(text_.recognition(draws)), weights.prompt));
  for (std::int64_t i = 0; i < phase.questions; ++i)
    questions.rows.push_back(row(data::as_example(text_.question(draws)), weights.prompt));
  for (std::int64_t i = 0; i < phase.statements; ++i)
    statements.rows.push_back(row({{}, text_.statements(statements_of_a_row, draws), {}}, 1));
  const auto most = std::min(most_questions_of_a_composite, recipe_.world.domains);
  for (std::int64_t i = 0; i < phase.composites; ++i)
    composites.rows.push_back(
        row(text_.composite(std::min<std::int64_t>(2 + i % 2, most), weights.recognition_in_composites, draws),
            weights.prompt));
  return {std::move(drills), std::move(questions), std::move(statements), std::move(composites)};
}

}  // namespace edgefuse::app
