#pragma once

#include <span>

#include "llm/delta.hpp"
#include "server/fusion/contribution.hpp"

namespace edgefuse::server {

/// (Σ c_i B_i)(Σ d_i A_i) in float64 factors: what comes of adding factors instead of products. Has the cross terms
/// B_i·A_j, so it is Σ c_i d_i B_i A_i only by accident. Smaller ranks are padded with zeros to the largest, as HetLoRA
/// (2401.06432) has it. All parts must be low rank.
[[nodiscard]] llm::LowRank factor_sum(const ModuleParts& parts, std::span<const double> of_b,
                                      std::span<const double> of_a);

/// Throws InputError unless all parts have one rank: `rule` adds factors, and zero padding is not what it means.
void require_one_rank(const ModuleParts& parts, const char* rule);

}  // namespace edgefuse::server
