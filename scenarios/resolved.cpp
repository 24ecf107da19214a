#include <fmt/format.h>

#include "scenarios/schema.hpp"

namespace edgefuse::scenarios {
namespace {

std::string lines(const Scenario& scenario, const std::vector<Key<Scenario>>& keys) {
  std::string text;
  for (const auto& key : keys) {
    if (const auto value = key.write(scenario)) text += fmt::format("{} = {}\n", key.name, *value);
  }
  return text;
}

}  // namespace

std::string resolved(const Scenario& scenario) {
  std::string text;
  for (const auto& section : scenario_schema()) {
    if (section.repeats) {
      for (std::size_t i = 0; i < section.repeats->count(scenario); ++i) {
        text += fmt::format("\n[[{}]]\n{}", section.path, lines(scenario, section.repeats->keys_of_item(i)));
      }
    } else {
      if (!section.path.empty()) text += fmt::format("\n[{}]\n", section.path);
      text += lines(scenario, section.keys);
    }
  }
  return text;
}

}  // namespace edgefuse::scenarios
