#include "app/run/at_key.hpp"
#include "app/run/corpus_sources.hpp"
#include "app/run/splits.hpp"

namespace edgefuse::app {

void choose_questions(Corpus& corpus, const std::vector<data::Question>& test, const scenarios::Scenario& scenario) {
  const auto& asked = scenario.evaluation;
  corpus.questions = draw_per_domain(test, asked.questions, scenario.seed);
  if (asked.composites == 0) return;
  const auto key_of = [](const Mistake& mistake) {
    return mistake.key == "k" ? "evaluation.composite_size" : "evaluation.composites";
  };
  corpus.composites = with_keys(scenario, key_of, [&] {
    return data::compose(test, {.k = asked.composite_size, .count = asked.composites, .seed = scenario.seed});
  });
}

}  // namespace edgefuse::app
