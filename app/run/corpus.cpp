#include "app/run/corpus.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "app/run/corpus_sources.hpp"
#include "sim/error.hpp"
#include "sim/random.hpp"

namespace edgefuse::app {
namespace {

struct SourceEntry {
  std::string_view name;
  Corpus (*load)(const scenarios::Scenario&, const std::filesystem::path&);
};

constexpr std::array sources = {
    SourceEntry{"atlas", atlas_corpus},
    SourceEntry{"mmlu", mmlu_corpus},
    SourceEntry{"instructions", instruction_corpus},
    SourceEntry{"text", text_corpus},
};

/// Indices by label, labels in order of first appearance.
std::vector<std::vector<std::size_t>> indices_by_label(const std::vector<std::string>& labels) {
  std::map<std::string_view, std::size_t> group_of;
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto [found, is_new] = group_of.try_emplace(labels[i], groups.size());
    if (is_new) groups.emplace_back();
    groups[found->second].push_back(i);
  }
  return groups;
}

std::vector<std::size_t> draw(std::vector<std::size_t> items, std::size_t count, std::uint64_t seed,
                              std::size_t group) {
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::split, .client = static_cast<std::uint32_t>(group)}};
  draws.shuffle(items);
  items.resize(std::min(count, items.size()));
  std::ranges::sort(items);
  return items;
}

}  // namespace

Corpus load_corpus(const scenarios::Scenario& scenario, const std::filesystem::path& assets) {
  std::vector<std::string_view> names;
  for (const auto& source : sources) {
    if (source.name == scenario.data.source) return source.load(scenario, assets);
    names.push_back(source.name);
  }
  const auto meant = nearest(scenario.data.source, names);
  throw InputError{scenario.source.mistake(
      "data.source", fmt::format("unknown source \"{}\"", scenario.data.source),
      meant.empty() ? fmt::format("one of {}", fmt::join(names, ", ")) : fmt::format("did you mean {}?", meant))};
}

void hold_out(Corpus& corpus, const scenarios::Scenario& scenario) {
  if (scenario.data.held_out <= 0) return;
  std::vector<bool> leaves(corpus.training.size());
  const auto groups = indices_by_label(corpus.labels);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto size = groups[g].size();
    const auto wanted = static_cast<std::size_t>(scenario.data.held_out * static_cast<double>(size) + 0.5);
    if (size < 2) continue;
    for (const auto i : draw(groups[g], std::clamp<std::size_t>(wanted, 1, size - 1), scenario.seed, g))
      leaves[i] = true;
  }
  Corpus kept;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    auto& example = corpus.training[i];
    if (leaves[i]) {
      example.domain = corpus.labels[i];
      corpus.held_out.push_back(std::move(example));
    } else {
      kept.training.push_back(std::move(example));
      kept.labels.push_back(std::move(corpus.labels[i]));
    }
  }
  corpus.training = std::move(kept.training);
  corpus.labels = std::move(kept.labels);
}

std::vector<data::Question> draw_per_domain(const std::vector<data::Question>& questions, std::int64_t count,
                                            std::uint64_t seed) {
  std::vector<std::string> domains;
  for (const auto& question : questions)
    domains.push_back(question.domain);
  std::vector<data::Question> drawn;
  const auto groups = indices_by_label(domains);
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (const auto i : draw(groups[g], static_cast<std::size_t>(count), seed, g))
      drawn.push_back(questions[i]);
  return drawn;
}

std::vector<std::filesystem::path> data_files(const scenarios::Scenario& scenario,
                                              const std::filesystem::path& assets) {
  std::vector<std::filesystem::path> files;
  std::vector<Mistake> mistakes;
  for (std::size_t i = 0; i < scenario.data.paths.size(); ++i) {
    files.push_back(scenarios::locate(scenario.data.paths[i], assets));
    if (!std::filesystem::exists(files.back()))
      mistakes.push_back(scenario.source.mistake("data.paths", fmt::format("{} does not exist", files.back().string()),
                                                 "paths that begin with assets: lie in EDGEFUSE_ASSETS"));
  }
  if (files.empty())
    mistakes.push_back(scenario.source.mistake(
        "data.paths", fmt::format("source \"{}\" needs at least one path", scenario.data.source),
        "such as paths = [\"assets:data/dolly-15k-fl10/local_training_0.json\"]"));
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
  return files;
}

}  // namespace edgefuse::app
