#pragma once

#include <vector>

#include "scenarios/scenario.hpp"
#include "scenarios/schema.hpp"
#include "scenarios/tree.hpp"

namespace edgefuse::scenarios {

/// Reads `root` into `scenario` as `schema` says, and notes where each key stands. Wrong types and values, unknown keys
/// and missing ones are added to `mistakes`; what is wrong keeps its default.
void read_tree(const Table& root, const std::vector<Section>& schema, Scenario& scenario,
               std::vector<Mistake>& mistakes);

/// Fills in the defaults that depend on other keys, and checks what no key can tell alone.
void complete(Scenario& scenario, std::vector<Mistake>& mistakes);

}  // namespace edgefuse::scenarios
