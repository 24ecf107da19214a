#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "model-stock" (2403.19522), module by module: t · (1/N) Σ D_i over the N contributions that change the module,
///
///     t = N·c / (1 + (N - 1)·c),   c = mean cosine of the angle between two of their changes, as mergekit reads it
///
/// t is 1 where one contribution alone changes the module, and 0 where c is not positive: the paper's geometry has no
/// obtuse angles, and t a pole at c = -1/(N - 1). A change that is zero counts as if it were not there. Weights do not
/// count. Angles come from the factors; low rank as long as that is smaller.
[[nodiscard]] Method<FusionRule> model_stock_rule();

}  // namespace edgefuse::server
