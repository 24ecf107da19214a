#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "fisher" (2111.09832): entry by entry the mean of the changes weighted by how much each client's loss would mind,
///
///     D = Σ w_i·F_i∘D_i / Σ w_i·F_i,   F_i: mean of the squared gradients of its texts' losses [out, in]
///
/// F_i at least `floor` after division by its norm over the module, so that where nobody minds the plain mean is taken.
/// (The paper's norm is over the whole model.) Clients must reveal F_i: as many numbers as the model has. Dense.
[[nodiscard]] Method<FusionRule> fisher_rule();

}  // namespace edgefuse::server
