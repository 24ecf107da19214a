#include "app/run/corpus_sources.hpp"
#include "app/run/data_files.hpp"
#include "data/domains.hpp"
#include "data/instructions.hpp"

namespace edgefuse::app {

/// Labels are the files under the natural partition, else the instructions' categories.
Corpus instruction_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets) {
  const auto format = scenario.data.prompt == scenarios::PromptFormat::chatml ? data::PromptFormat::chatml
                                                                              : data::PromptFormat::headings;
  auto read = data::read_instruction_files(data_files(scenario, assets, {".json", ".jsonl"}), format);
  Corpus corpus;
  corpus.training = std::move(read.examples);
  if (scenario.data.partitioner == "natural") {
    corpus.labels = std::move(read.sources);
  } else {
    corpus.labels = data::labels_of(corpus.training);
  }
  return corpus;
}

}  // namespace edgefuse::app
