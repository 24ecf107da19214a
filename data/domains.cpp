#include "data/domains.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "sim/error.hpp"

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
                      .problem = fmt::format("{} domains asked for, but the data has {}", count, names.size()),
                      .remedy = fmt::format("use 1 to {}", names.size())}};
  std::map<std::string, std::size_t> sizes;
  for (const auto& example : examples)
    ++sizes[example.domain];
  std::ranges::stable_sort(names, std::ranges::greater{}, [&](const std::string& name) { return sizes[name]; });
  const std::set<std::string> kept(names.begin(), names.begin() + count);
  std::erase_if(examples, [&](const Example& example) { return !kept.contains(example.domain); });
  return examples;
}

}  // namespace edgefuse::data
