#pragma once

#include "data/atlas/atlas.hpp"
#include "scenarios/scenario.hpp"

namespace edgefuse::app {

/// The world of `data.atlas`. Throws InputError with the keys that are out of range.
[[nodiscard]] data::atlas::Atlas make_world(const scenarios::Scenario& scenario);

}  // namespace edgefuse::app
