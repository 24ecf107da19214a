#include "data/domains.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "sim/error.hpp"
#include "sim/random.hpp"

namespace edgefuse::data {

std::vector<std::string> labels_of(std::span<const Example> examples) {
  std::vector<std::string> labels;
  for (const auto& example : examples)
    labels.push_back(example.domain);
  return labels;
}

std::vector<std::string> labels_of(std::span<const Question> questions) {
  std::vector<std::string> labels;
  for (const auto& question : questions)
    labels.push_back(question.domain);
  return labels;
}

std::vector<std::string> distinct(std::span<const std::string> labels) {
  std::set<std::string_view> seen;
  std::vector<std::string> names;
  for (const auto& label : labels)
    if (seen.insert(label).second) names.push_back(label);
  return names;
}

std::vector<Example> keep_largest_domains(std::vector<Example> examples, std::int64_t count) {
  auto names = distinct(labels_of(examples));
  if (count < 1 || static_cast<std::size_t>(count) > names.size())
    throw InputError{{.key = "domains",
                      .problem = fmt::format("{} asked for, but the data has {}", count, names.size()),
                      .remedy = fmt::format("use 1 to {}", names.size())}};
  std::map<std::string, std::size_t> sizes;
  for (const auto& example : examples)
    ++sizes[example.domain];
  std::ranges::stable_sort(names, std::ranges::greater{}, [&](const std::string& name) { return sizes[name]; });
  const std::set<std::string> kept(names.begin(), names.begin() + count);
  std::erase_if(examples, [&](const Example& example) { return !kept.contains(example.domain); });
  return examples;
}

Split split_by_label(std::span<const std::string> labels, double share, std::uint64_t seed) {
  if (!(share > 0 && share < 1))
    throw InputError{{.key = "held_out",
                      .problem = fmt::format("share {} of the examples", share),
                      .remedy = "use a share above 0 and below 1"}};
  std::map<std::string_view, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < labels.size(); ++i)
    groups[labels[i]].push_back(i);
  Split split;
  std::uint32_t number = 0;
  for (auto& [label, indices] : groups) {
    sim::Draws draws{{seed, sim::Domain::split, 0, number++}};
    draws.shuffle(indices);
    const auto n = indices.size();
    const auto wanted = static_cast<std::size_t>(std::lround(share * static_cast<double>(n)));
    const auto held_out = n < 2 ? 0 : std::clamp<std::size_t>(wanted, 1, n - 1);
    const auto middle = indices.begin() + static_cast<std::ptrdiff_t>(held_out);
    split.held_out.insert(split.held_out.end(), indices.begin(), middle);
    split.train.insert(split.train.end(), middle, indices.end());
  }
  std::ranges::sort(split.train);
  std::ranges::sort(split.held_out);
  return split;
}

}  // namespace edgefuse::data
