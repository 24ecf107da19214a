#pragma once

#include <span>
#include <vector>

#include "llm/delta.hpp"
#include "server/fusion/contribution.hpp"
#include "server/fusion/module_source.hpp"

namespace edgefuse::server {

[[nodiscard]] bool all_low_rank(const ModuleParts& parts);

/// What each part has of one number for each contribution.
[[nodiscard]] std::vector<double> of_parts(const ModuleParts& parts, std::span<const double> by_contribution);

/// w_i of each part.
[[nodiscard]] std::vector<double> weights_of(const ModuleParts& parts);

/// w_i / Σ w for each part, the sum over all contributions, also those without the module.
[[nodiscard]] std::vector<double> normalised_weights(const ModuleParts& parts, const ModuleSource& all);

/// Σ c_i B_i A_i without a product: A = [c_1 A_1; c_2 A_2; ...], B = [B_1 B_2 ...]; rank Σ r_i (FLoRA, 2409.05976).
/// Parts with coefficient 0 are left out. All parts must be low rank.
[[nodiscard]] llm::LowRank stacked(const ModuleParts& parts, std::span<const double> coefficients);

/// Σ c_i D_i stacked, however large the rank, where all parts are low rank; else linear_combination().
[[nodiscard]] llm::ModuleDelta stacked_if_low_rank(const ModuleParts& parts, std::span<const double> coefficients);

/// Whether Σ c_i D_i is better kept as factors: all parts are low rank, and together, those with coefficient 0 left
/// out, hold fewer numbers than the matrix would, or there is only one.
[[nodiscard]] bool stacks_smaller(const ModuleParts& parts, std::span<const double> coefficients);

/// Σ c_i D_i in float32. Low rank by stacking where stacks_smaller, and then the sum itself is left to whoever
/// multiplies the factors; else dense, accumulated in float64 and rounded once. `parts` is not empty.
[[nodiscard]] llm::ModuleDelta linear_combination(const ModuleParts& parts, std::span<const double> coefficients);

}  // namespace edgefuse::server
