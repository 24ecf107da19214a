#include <algorithm>
#include <iterator>

#include "app/run/at_key.hpp"
#include "app/run/corpus_sources.hpp"
#include "app/run/data_files.hpp"
#include "data/domains.hpp"
#include "data/plain_text.hpp"
#include "data/source_names.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::app {
namespace {

/// The examples of all files; their domains are the speakers, or the files' names.
std::vector<data::Example> read_texts(const std::vector<std::filesystem::path>& files, scenarios::TextUnit unit,
                                      const data::PlainTextOptions& options) {
  const auto names = data::source_names(files);
  std::vector<data::Example> all;
  Mistakes mistakes;
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto examples = mistakes.attempt([&] {
      return unit == scenarios::TextUnit::speaker ? data::read_speakers(files[i], options)
                                                  : data::read_paragraphs(files[i], names[i], options);
    });
    if (examples) std::ranges::move(*examples, std::back_inserter(all));
  }
  mistakes.finish();
  return all;
}

}  // namespace

/// Labels are speakers or files. Under the natural partition only the speakers with the most text take part, as many
/// as there are clients.
Corpus text_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets) {
  // Four bytes of English make about one token: pieces are joined until they fill about half a sequence.
  const data::PlainTextOptions options{.minimum_bytes = static_cast<std::size_t>(2 * scenario.data.max_tokens)};
  Corpus corpus;
  corpus.training = read_texts(data_files(scenario, assets, {".txt"}), scenario.data.text_unit, options);
  if (scenario.data.text_unit == scenarios::TextUnit::speaker && scenario.data.partitioner == "natural")
    corpus.training = at_key(scenario, "fleet.clients", [&] {
      return data::keep_largest_domains(std::move(corpus.training), scenario.fleet.clients);
    });
  corpus.labels = data::labels_of(corpus.training);
  return corpus;
}

}  // namespace edgefuse::app
