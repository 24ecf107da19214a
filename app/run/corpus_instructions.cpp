#include "app/run/corpus_sources.hpp"
#include "data/instructions.hpp"

namespace edgefuse::app {

/// Labels are the files under the natural partition, else the instructions' categories.
Corpus instruction_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets) {
  const auto format = scenario.data.prompt == scenarios::PromptFormat::chatml ? data::PromptFormat::chatml
                                                                              : data::PromptFormat::headings;
  auto read = data::read_instruction_files(data_files(scenario, assets), format);
  Corpus corpus;
  corpus.training = std::move(read.examples);
  if (scenario.data.partitioner == "natural") {
    corpus.labels = std::move(read.sources);
  } else {
    for (const auto& example : corpus.training)
      corpus.labels.push_back(example.domain);
  }
  hold_out(corpus, scenario);
  return corpus;
}

}  // namespace edgefuse::app
