#pragma once

#include <functional>
#include <string>
#include <vector>

#include "scenarios/key.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::scenarios {

/// One table of a scenario file.
struct Section {
  std::string path;  // "training", "data.atlas", "fusion.arm"; empty for what stands before the first table
  std::string doc;
  std::vector<Key<Scenario>> keys;  // of item 0 when the section repeats

  /// For [[tables]], which may come any number of times; null otherwise.
  struct Repetition {
    std::function<std::size_t(const Scenario&)> count;
    std::function<void(Scenario&, std::size_t)> resize;
    std::function<std::vector<Key<Scenario>>(std::size_t)> keys_of_item;
  };
  std::optional<Repetition> repeats = {};
};

/// Every key a scenario may have, in the order of the reference page and of a resolved scenario.
[[nodiscard]] std::vector<Section> scenario_schema();

/// "training.epochs", "fusion.arm[1].rule".
[[nodiscard]] std::string full_key(const std::string& section, const std::string& name);
[[nodiscard]] std::string item_path(const std::string& section, std::size_t item);

}  // namespace edgefuse::scenarios
