#include "app/pretrain/progress.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "data/atlas/questions.hpp"
#include "data/composer.hpp"
#include "server/evaluation/score.hpp"
#include "sim/expects.hpp"
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

/// The figure over all domains.
template <class Benchmark>
data::Interval overall(const llm::Model& model, const Benchmark& benchmark, std::string_view metric) {
  const auto scores = server::score(model, benchmark);
  const auto found = std::ranges::find_if(
      scores, [&](const auto& score) { return score.metric == metric && score.domain == server::all_domains; });
  EDGEFUSE_EXPECTS(found != scores.end(), "the world has questions");
  return {found->value, found->low, found->high};
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
  return {overall(model, open_, server::metric::accuracy), overall(model, closed_, server::metric::accuracy),
          overall(model, composites_, server::metric::composite_each)};
}

std::string percent(const data::Interval& interval) {
  return fmt::format("{:5.1f} % [{:4.1f}, {:4.1f}]", 100 * interval.value, 100 * interval.low, 100 * interval.high);
}

}  // namespace edgefuse::app
