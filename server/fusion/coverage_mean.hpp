#pragma once

#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::server {

/// "coverage-mean": entry by entry the weighted mean over the contributions that cover it (HeteroFL's aggregation,
/// 2010.01264, on changes):
///
///     c_ij = Σ_k w_k·1[i ∈ O_k]·1[j ∈ I_k]         O_k, I_k: the rows and columns that contribution k covers
///     D_ij = Σ_k w_k·1[i ∈ O_k]·1[j ∈ I_k]·D_k,ij / c_ij,   0 where c_ij = 0
///
/// What one contribution alone covers is taken as it is, where `mean` would shrink it to its share of the weight.
/// What a contribution changes beside what it covers is left out; a module that it lacks it does not cover.
/// Without coverage, and with every module in every contribution, the same bits as `mean`.
///
/// Where rows alone, or columns alone, are uncovered in a module, c depends on the row (column) alone: it divides rows
/// of each B_k (columns of each A_k), and the stacked factors are the mean, low rank as long as that is smaller. Else
/// dense, summed in float64 and rounded once.
[[nodiscard]] Method<FusionRule> coverage_mean_rule();

}  // namespace edgefuse::server
