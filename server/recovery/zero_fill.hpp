#pragma once

#include "llm/adapter.hpp"
#include "llm/config.hpp"
#include "llm/variant.hpp"
#include "server/recovery/recovery.hpp"

namespace edgefuse::server {

/// "zero-fill", the default: zero where the variant had nothing (LoRAM's recovery, 2502.13533, with the importance
/// order already in the base). A variant that is zeros in the base's shapes lacks nothing: there it is the identity.
[[nodiscard]] Method<Recovery> zero_fill_recovery();

/// The same by itself: it needs neither weights nor randomness.
[[nodiscard]] Recovered recover(const llm::Update& update, const llm::ModelConfig& config);

/// Zero padding of the factors: rows of B for q, k, v, gate, up; columns of A for o, down. The other factors are shared
/// with `adapter`. ‖ΔW‖ is preserved; the identity when the variant is the whole base.
[[nodiscard]] llm::Adapter recover_adapter(const llm::Adapter& adapter, const llm::VariantShape& shape,
                                           const llm::ModelConfig& config);

}  // namespace edgefuse::server
