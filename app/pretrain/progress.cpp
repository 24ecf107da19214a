#include "app/pretrain/progress.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "data/atlas/questions.hpp"
#include "data/composer.hpp"
#include "data/wilson.hpp"
#include "sim/random.hpp"

namespace edgefuse::app {
namespace {

using data::atlas::Visibility;

/// `count` of a world's test questions, of all domains.
std::vector<data::Question> draw_questions(const PretrainingRecipe& recipe, Visibility visibility, std::int64_t count) {
  const auto world = data::atlas::make_atlas(recipe.world);
  std::vector<data::Question> questions;
  for (std::int64_t d = 0; d < recipe.world.domains; ++d)
    for (auto& question : data::atlas::test_questions(world, d, visibility))
      questions.push_back(std::move(question));
  sim::Draws draws{{recipe.seed, sim::Domain::pretraining_batches, 0, 1}};
  draws.shuffle(questions);
  questions.resize(std::min(questions.size(), static_cast<std::size_t>(count)));
  return questions;
}

data::Interval share_right(const llm::Model& model, const server::EncodedQuestions& questions) {
  const auto right = server::answered_right(model, nullptr, questions);
  return data::wilson(std::ranges::count(right, true), std::ssize(right));
}

}  // namespace

PretrainingProgress::PretrainingProgress(const PretrainingRecipe& recipe, const llm::Tokenizer& tokenizer,
                                         std::int64_t count) {
  const auto open = draw_questions(recipe, Visibility::everybody, count);
  open_ = server::encode(open, tokenizer, recipe.model.max_positions);
  closed_ = server::encode(draw_questions(recipe, Visibility::edges, count), tokenizer, recipe.model.max_positions);
  const auto k = std::min<std::int64_t>(2, recipe.world.domains);
  composites_ = server::encode(data::compose(open, {.k = k, .count = std::ssize(open) / k, .seed = recipe.seed}),
                               tokenizer, recipe.model.max_positions);
}

PretrainingScores PretrainingProgress::score(const llm::Model& model) const {
  const auto answers = server::composite_answers(model, nullptr, composites_);
  std::int64_t right = 0;
  std::int64_t asked = 0;
  for (std::size_t i = 0; i < answers.size(); ++i)
    for (std::size_t j = 0; j < answers[i].size(); ++j, ++asked)
      right += answers[i][j] == composites_.alone.answers[composites_.parts[i][j]] ? 1 : 0;
  return {share_right(model, open_), share_right(model, closed_), data::wilson(right, asked)};
}

std::string percent(const data::Interval& interval) {
  return fmt::format("{:5.1f} % [{:4.1f}, {:4.1f}]", 100 * interval.value, 100 * interval.low, 100 * interval.high);
}

}  // namespace edgefuse::app
