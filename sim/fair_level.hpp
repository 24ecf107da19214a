#pragma once

#include <span>

#include "sim/flow_class.hpp"

namespace edgefuse::sim {

/// The level L for which Σ flows · min(rate, L) over the classes is the capacity, in bytes/s; infinite when all their
/// rates together are no more than it. The classes are in ascending order of their rates.
[[nodiscard]] double fair_level(std::span<const FlowClass> classes, double capacity);

/// The same for classes in any order, by Newton's method: the sum is a concave, piecewise linear function of L, so that
/// from below each step ends at or before the level, and after finitely many it is there. With a guess near the level,
/// such as the last one, two or three passes do.
[[nodiscard]] double fair_level(std::span<const FlowClass> classes, double capacity, double guess);

}  // namespace edgefuse::sim
