#pragma once

#include <string>

namespace edgefuse::scenarios {

/// The page docs/formats/scenario.md, made from the schema.
[[nodiscard]] std::string scenario_reference();

}  // namespace edgefuse::scenarios
