#include "app/run/corpus_sources.hpp"
#include "app/run/data_files.hpp"
#include "data/mmlu.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {

/// Clients train on MMLU's dev and val questions; models are judged by its test questions. Labels are the domains.
Corpus mmlu_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets) {
  const auto folders = data_paths(scenario, assets);
  if (folders.size() != 1)
    throw InputError{scenario.source.mistake("data.paths", "source \"mmlu\" reads exactly one folder",
                                             "the folder that holds dev/, val/ and test/")};
  const auto level = data::parse_domain_level(scenario.data.level);
  Corpus corpus;
  for (const auto split : {data::MmluSplit::dev, data::MmluSplit::val}) {
    for (const auto& question : data::read_mmlu(folders.front(), split, level)) {
      corpus.training.push_back(data::as_example(question));
      corpus.labels.push_back(question.domain);
    }
  }
  choose_questions(corpus, data::read_mmlu(folders.front(), data::MmluSplit::test, level), scenario);
  return corpus;
}

}  // namespace edgefuse::app
