#include "scenarios/schema.hpp"

#include <fmt/format.h>

#include "scenarios/sections.hpp"

namespace edgefuse::scenarios {

std::vector<Section> scenario_schema() {
  return {top_section(),        base_section(),        data_section(),
          atlas_section(),      public_text_section(), fleet_section(),
          groups_section(),     network_section(),     cells_section(),
          failures_section(),   battery_section(),     energy_section(),
          pruning_section(),    adapter_section(),     self_pruning_section(), training_section(),
          alignment_section(),  compression_section(), down_compression_section(),
          protocol_section(),   selection_section(),   recovery_section(),
          retraining_section(), fusion_section(),      optimiser_section(),
          arms_section(),       evaluation_section(),  output_section()};
}

std::string full_key(const std::string& section, const std::string& name) {
  return section.empty() ? name : fmt::format("{}.{}", section, name);
}

std::string item_path(const std::string& section, std::size_t item) {
  return fmt::format("{}[{}]", section, item);
}

}  // namespace edgefuse::scenarios
