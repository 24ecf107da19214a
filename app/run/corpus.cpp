#include "app/run/corpus.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/run/corpus_sources.hpp"
#include "app/run/splits.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

using Load = Corpus (*)(const scenarios::Scenario&, const std::filesystem::path&);

struct SourceEntry {
  std::string_view name;
  Load load;
};

constexpr std::array sources = {
    SourceEntry{"atlas", atlas_corpus},
    SourceEntry{"mmlu", mmlu_corpus},
    SourceEntry{"instructions", instruction_corpus},
    SourceEntry{"text", text_corpus},
};

Load find_source(const scenarios::Scenario& scenario) {
  std::vector<std::string_view> names;
  for (const auto& source : sources) {
    if (source.name == scenario.data.source) return source.load;
    names.push_back(source.name);
  }
  const auto meant = nearest(scenario.data.source, names);
  throw InputError{scenario.source.mistake(
      "data.source", fmt::format("unknown source \"{}\"", scenario.data.source),
      meant.empty() ? fmt::format("one of {}", fmt::join(names, ", ")) : fmt::format("did you mean {}?", meant))};
}

}  // namespace

Corpus load_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets) {
  auto corpus = find_source(scenario)(scenario, assets);
  if (scenario.evaluation.held_out_loss) hold_out(corpus, scenario.data.held_out, scenario.seed);
  return corpus;
}

}  // namespace edgefuse::app
