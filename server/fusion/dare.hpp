#pragma once

#include <cstdint>
#include <span>

#include "server/fusion/fusion_rule.hpp"
#include "server/fusion/mask.hpp"

namespace edgefuse::server {

/// What DARE (2311.03099) makes of each part: D̃ = mask ∘ D / (1 - p), dense, rounded to float32; p < 1 is the share
/// that is dropped. One mask for each part.
[[nodiscard]] ModuleParts drop_and_rescale(ModuleParts parts, std::span<const Mask> masks, double p);

/// The masks of a module's parts: entries in row-major order are kept where a uniform number of
/// draws(seed, fusion_mask, module, client) is at least p. A client that contributes twice has the same mask twice.
[[nodiscard]] std::vector<Mask> dare_masks(const FusionSeed& seed, llm::ModuleId module, const ModuleParts& parts,
                                           double p);

/// "dare-linear": λ Σ D̃_i, task arithmetic after DARE. Weights do not count. Dense.
[[nodiscard]] Method<FusionRule> dare_linear_rule();

/// "dare-ties": "ties" of the D̃_i without trimming: signs elected, mean of those that agree, times λ. Weights do not
/// count. Dense. Scope says whether signs are counted, to settle exact ties, by module or over the whole model, which
/// goes through the modules twice.
[[nodiscard]] Method<FusionRule> dare_ties_rule();

}  // namespace edgefuse::server
