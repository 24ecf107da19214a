#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "regmean" (2212.09849): the change whose outputs are nearest, in the least squares, to each client's on that
/// client's inputs. With G_i the mean of x·x' over what the module multiplies at client i [in, in], its entries off the
/// diagonal times `off_diagonal`,
///
///     D = (Σ D_i·G_i)·(Σ G_i)⁻¹
///
/// Clients must reveal G_i: second moments of their activations, in² numbers a module, from which texts can be guessed.
/// Σ G_i is held away from singular by 1e-6 of its mean diagonal. Low rank where the changes are: rows of A_i·G_i·(Σ
/// G)⁻¹. Weights do not count.
[[nodiscard]] Method<FusionRule> regmean_rule();

}  // namespace edgefuse::server
