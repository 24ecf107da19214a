#pragma once

#include "llm/adapter.hpp"
#include "llm/config.hpp"
#include "llm/delta.hpp"
#include "llm/variant.hpp"

namespace edgefuse::server {

/// A change of the (sorted) base as a variant sees it: its leading rows and columns, S_O·ΔW·S_I'. The adjoint of
/// zero-fill, ⟨recover(x), y⟩ = ⟨x, restricted(y)⟩, and its left inverse. Factors are cut as factors: rows of B for q,
/// k, v, gate, up, columns of A for o, down. Tensors are contiguous; what is not cut is shared. That the change has the
/// base's shapes is an invariant.
[[nodiscard]] llm::ModelDelta restricted(const llm::ModelDelta& change, const llm::VariantShape& shape,
                                         const llm::ModelConfig& config);

/// The same of an adapter in the base's shapes: where a client may begin who trains on.
[[nodiscard]] llm::Adapter restricted(const llm::Adapter& adapter, const llm::VariantShape& shape,
                                      const llm::ModelConfig& config);

}  // namespace edgefuse::server
