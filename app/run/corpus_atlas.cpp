#include "app/run/atlas_world.hpp"
#include "app/run/corpus_sources.hpp"
#include "data/atlas/atlas.hpp"
#include "data/atlas/questions.hpp"

namespace edgefuse::app {

using data::atlas::Visibility;

/// Clients train on the private facts of their domains; models are judged by the same facts in other words.
Corpus atlas_corpus(const scenarios::Scenario& scenario, const std::filesystem::path&) {
  const auto world = make_world(scenario);
  Corpus corpus;
  std::vector<data::Question> test;
  for (std::int64_t domain = 0; domain < world.options.domains; ++domain) {
    for (const auto& question : data::atlas::training_questions(world, domain, Visibility::edges)) {
      corpus.training.push_back(data::as_example(question));
      corpus.labels.push_back(question.domain);
    }
    const auto asked = data::atlas::test_questions(world, domain, Visibility::edges);
    test.insert(test.end(), asked.begin(), asked.end());
  }
  choose_questions(corpus, test, scenario);
  return corpus;
}

}  // namespace edgefuse::app
