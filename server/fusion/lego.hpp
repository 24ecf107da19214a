#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "lego" (LoRA-LEGO, 2409.16167): the rank-one units (row k of A, column k of B) of all adapters are grouped by
/// k-means into `rank` clusters (the largest rank among the adapters, when 0), and each cluster's mean is a unit of the
/// result. A mean of unlike units is shorter than they are, so it is scaled back to their mean length (parameter
/// reweighting); the whole is multiplied by √(largest rank / clusters) (output reweighting).
///
/// Our choices where the paper leaves one: a unit is [a, b] with ‖a‖ = ‖b‖ and the sign that makes the first of the
/// largest entries of a positive, since (a, b) and (-a, -b) are one unit; directions are compared, unit by unit; the
/// first centre is the longest unit, each further one the unit that is farthest from those before. Weights do not
/// count. Factors only.
[[nodiscard]] Method<FusionRule> lego_rule();

}  // namespace edgefuse::server
