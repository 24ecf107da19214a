#include "app/run/splits.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "data/domains.hpp"
#include "sim/expects.hpp"
#include "sim/random.hpp"

namespace edgefuse::app {
namespace {

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

/// `count` of `items`, ascending. Group number `group` has a stream of its own.
std::vector<std::size_t> draw(std::vector<std::size_t> items, std::size_t count, sim::Domain domain, std::uint64_t seed,
                              std::size_t group) {
  sim::Draws draws{{.seed = seed, .domain = domain, .client = static_cast<std::uint32_t>(group)}};
  draws.shuffle(items);
  items.resize(std::min(count, items.size()));
  std::ranges::sort(items);
  return items;
}

}  // namespace

void hold_out(Corpus& corpus, double share, std::uint64_t seed) {
  EDGEFUSE_EXPECTS(share > 0 && share < 1, "a share leaves, and a share stays");
  std::vector<bool> leaves(corpus.training.size());
  const auto groups = indices_by_label(corpus.labels);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto size = groups[g].size();
    if (size < 2) continue;
    const auto wanted = static_cast<std::size_t>(share * static_cast<double>(size) + 0.5);
    for (const auto i : draw(groups[g], std::clamp<std::size_t>(wanted, 1, size - 1), sim::Domain::split, seed, g))
      leaves[i] = true;
  }
  auto training = std::exchange(corpus.training, {});
  auto labels = std::exchange(corpus.labels, {});
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i]) {
      training[i].domain = labels[i];
      corpus.held_out.push_back(std::move(training[i]));
    } else {
      corpus.training.push_back(std::move(training[i]));
      corpus.labels.push_back(std::move(labels[i]));
    }
  }
}

std::vector<data::Question> draw_per_domain(const std::vector<data::Question>& questions, std::int64_t count,
                                            std::uint64_t seed) {
  std::vector<data::Question> drawn;
  const auto groups = indices_by_label(data::labels_of(questions));
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (const auto i : draw(groups[g], static_cast<std::size_t>(count), sim::Domain::evaluation_questions, seed, g))
      drawn.push_back(questions[i]);
  return drawn;
}

}  // namespace edgefuse::app
