#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace edgefuse::data {

/// How many times larger the variance of the mean of `values` is than if they were independent, when items that share a
/// fact are not (the design effect of Kish 1965). With e_i = v_i − mean and n items,
///
///     V = 1/n² Σ_{i, j that share a fact} e_i e_j / (1 − s)      against      1/n² Σ_i e_i² / (1 − 1/n),
///
/// an item sharing with itself. V is the variance under clusters that overlap (Cameron, Gelbach and Miller, J. Business
/// & Economic Statistics 29(2), 2011); s, the share of all n² pairs that the sum takes, makes up for the mean being
/// estimated from the same items. `facts[i]` are those of item i. Exactly 1 when no two items share one, and 1 too
/// where V comes out smaller than that of independent items: that is chance.
[[nodiscard]] double design_effect(std::span<const double> values, std::span<const std::vector<std::size_t>> facts);

}  // namespace edgefuse::data
