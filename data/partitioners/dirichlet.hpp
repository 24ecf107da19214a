#pragma once

#include "data/partitioners/partitioner.hpp"
#include "sim/registry.hpp"

namespace edgefuse::data {

/// Label skew after Hsu, Qi and Brown (1909.06335). With p_k the share of label k in the whole dataset, client c draws
///
///     q_c ~ Dirichlet(alpha p),   q_ck = g_k / sum_j g_j,   g_k ~ Gamma(alpha p_k, 1)
///
/// and fills its equal share of the examples by drawing label k with probability q_ck and an unused example of that
/// label. A label that runs out has its probability spread over the others in proportion; when none of the client's
/// labels is left, it draws q_c anew over the labels that are. Clients fill in random order.
/// Parameter `alpha`: infinity is iid, 0 is one label for each client as far as label counts allow.
[[nodiscard]] Method<Partitioner> dirichlet();

}  // namespace edgefuse::data
