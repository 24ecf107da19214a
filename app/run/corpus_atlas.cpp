#include "app/run/at_key.hpp"
#include "app/run/corpus_sources.hpp"
#include "data/atlas/atlas.hpp"
#include "data/atlas/questions.hpp"

namespace edgefuse::app {
namespace {

using data::atlas::Visibility;

data::atlas::AtlasOptions atlas_options(const scenarios::Atlas& atlas) {
  return {.seed = atlas.seed,
          .public_seed = atlas.public_seed,
          .domains = atlas.domains,
          .public_entities = atlas.public_entities,
          .private_entities = atlas.private_entities,
          .relations = atlas.relations,
          .values = atlas.values,
          .conflict = atlas.conflict};
}

}  // namespace

/// Clients train on the private facts of their domains; models are judged by the same facts in other words.
Corpus atlas_corpus(const scenarios::Scenario& scenario, const std::filesystem::path&) {
  const auto key_of = [](const Mistake& mistake) { return "data.atlas." + mistake.key; };
  const auto world =
      with_keys(scenario, key_of, [&] { return data::atlas::make_atlas(atlas_options(scenario.data.atlas)); });
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
