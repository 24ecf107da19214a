#pragma once

#include <cstdint>

#include "llm/adapter.hpp"

namespace edgefuse::clients {

// HetLoRA's rank self-pruning (Cho et al., 2401.06432): a client whose last ranks became smaller in training gives them
// up.

/// How many of its ranks a client keeps that gives some up: ⌊decay·rank⌋, at least one; 0 < decay <= 1.
[[nodiscard]] std::int64_t ranks_kept(std::int64_t rank, double decay);

/// Σ ‖A[kept:, :]‖·‖B[:, kept:]‖ over the modules, Frobenius norms in float64: what the ranks after the first `kept` can
/// weigh at most, but for LoRA's scale.
[[nodiscard]] double tail_size(const llm::Adapter& adapter, std::int64_t kept);

/// The rank a client goes on with: ranks_kept() where the ranks after those are smaller than when it began, else all.
[[nodiscard]] std::int64_t rank_after(const llm::Adapter& initial, const llm::Adapter& trained, double decay);

/// An adapter of the first ranks alone, whose s·B·A is what they did among all: another rank has another scale s, which
/// B makes up for.
[[nodiscard]] llm::Adapter first_ranks(const llm::Adapter& adapter, std::int64_t kept);

}  // namespace edgefuse::clients
