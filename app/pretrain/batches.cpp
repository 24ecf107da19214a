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
  const auto token = [&](const std::string& word) {
    const auto ids = tokenizer.encode(' ' + word, llm::Tokenizer::Special::leave_out);
    EDGEFUSE_EXPECTS(ids.size() == 1, "the tokenizer's corpus makes every letter and every value one token");
    return ids.front();
  };
  for (int choice = 0; choice < 4; ++choice)
    letters_.push_back(token({data::letter_of(choice)}));
  for (const auto& value : text_.values())
    values_.push_back(token(value));
}

const PretrainingPhase& PretrainingBatches::phase_of(std::int64_t step) const {
  for (const auto& phase : recipe_.phases) {
    if (step < phase.steps) return phase;
    step -= phase.steps;
  }
  EDGEFUSE_EXPECTS(false, "the step lies in a phase");
  return recipe_.phases.back();
}

llm::WeightedSequence PretrainingBatches::row(std::string_view prompt, std::string_view answer,
                                              const std::vector<std::int64_t>& answers) const {
  const auto other = static_cast<float>(recipe_.weights.prompt);
  llm::WeightedSequence row;
  row.ids = tokenizer_.encode(prompt, llm::Tokenizer::Special::leave_out);
  row.weights.assign(row.ids.size(), other);
  for (const auto id : tokenizer_.encode(answer, llm::Tokenizer::Special::leave_out)) {
    row.ids.push_back(id);
    row.weights.push_back(std::ranges::find(answers, id) != answers.end() ? 1.0F : other);
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
  const auto letters_of = [this](const data::Example& e) { return row(e.prompt, e.answer, letters_); };
  for (std::int64_t i = 0; i < phase.drills; ++i)
    drills.rows.push_back(letters_of(text_.drill(phase.choices, draws)));
  for (std::int64_t i = 0; i < phase.recognition; ++i)
    questions.rows.push_back(letters_of(data::as_example(text_.recognition(draws))));
  for (std::int64_t i = 0; i < phase.questions; ++i)
    questions.rows.push_back(letters_of(data::as_example(text_.question(draws))));
  for (std::int64_t i = 0; i < phase.statements; ++i)
    statements.rows.push_back(row({}, text_.statements(statements_of_a_row, draws), values_));
  const auto most = std::min(most_questions_of_a_composite, recipe_.world.domains);
  for (std::int64_t i = 0; i < phase.composites; ++i) {
    const auto k = std::min<std::int64_t>(2 + i % 2, most);
    composites.rows.push_back(letters_of(text_.composite(k, weights.recognition_in_composites, draws)));
  }
  return {std::move(drills), std::move(questions), std::move(statements), std::move(composites)};
}

}  // namespace edgefuse::app
