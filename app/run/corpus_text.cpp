#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "app/run/corpus_sources.hpp"
#include "data/plain_text.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

/// Keeps the `count` labels with the most text: a play has hundreds of speakers, most with a line or two.
void keep_largest(Corpus& corpus, std::size_t count) {
  std::map<std::string, std::size_t> bytes;
  for (std::size_t i = 0; i < corpus.labels.size(); ++i)
    bytes[corpus.labels[i]] += corpus.training[i].answer.size();
  std::vector<std::pair<std::size_t, std::string>> largest;
  for (const auto& [label, size] : bytes)
    largest.emplace_back(size, label);
  std::ranges::sort(largest, std::greater{});
  largest.resize(std::min(count, largest.size()));

  Corpus kept;
  for (std::size_t i = 0; i < corpus.labels.size(); ++i) {
    if (std::ranges::find(largest, corpus.labels[i], &std::pair<std::size_t, std::string>::second) == largest.end())
      continue;
    kept.training.push_back(std::move(corpus.training[i]));
    kept.labels.push_back(std::move(corpus.labels[i]));
  }
  corpus = std::move(kept);
}

}  // namespace

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
  for (const auto& example : corpus.training)
    corpus.labels.push_back(example.domain);
  if (by_speaker && scenario.data.partitioner == "natural")
    keep_largest(corpus, static_cast<std::size_t>(scenario.fleet.clients));
  hold_out(corpus, scenario);
  return corpus;
}

}  // namespace edgefuse::app
