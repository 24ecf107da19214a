#include <algorithm>
#include <iterator>

#include "app/run/corpus_sources.hpp"
#include "data/domains.hpp"
#include "data/plain_text.hpp"

namespace edgefuse::app {

/// Labels are speakers or files. Under the natural partition only the speakers with the most text take part, as many
/// as there are clients.
Corpus text_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets) {
  // Four bytes of English make about one token; pieces are joined until they nearly fill a sequence.
  const data::PlainTextOptions options{.minimum_bytes = static_cast<std::size_t>(2 * scenario.data.max_tokens)};
  const bool by_speaker = scenario.data.text_unit == scenarios::TextUnit::speaker;
  Corpus corpus;
  for (const auto& file : data_files(scenario, assets)) {
    auto examples = by_speaker ? data::read_speakers(file, options) : data::read_paragraphs(file, options);
    std::ranges::move(examples, std::back_inserter(corpus.training));
  }
  if (by_speaker && scenario.data.partitioner == "natural")
    corpus.training = data::keep_largest_domains(std::move(corpus.training), scenario.fleet.clients);
  corpus.labels = data::labels_of(corpus.training);
  hold_out(corpus, scenario);
  return corpus;
}

}  // namespace edgefuse::app
