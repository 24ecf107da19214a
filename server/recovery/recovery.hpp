#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "llm/adapter.hpp"
#include "llm/config.hpp"
#include "llm/delta.hpp"
#include "llm/update.hpp"
#include "llm/variant.hpp"

namespace edgefuse::server {

/// Why an update is not fused. The caller counts it.
struct Refusal {
  enum class Reason : std::uint8_t { not_finite, overflow };
  Reason reason = Reason::not_finite;
  llm::ModuleId module;

  /// For a log line: reason and module.
  [[nodiscard]] std::string text() const;
};

/// The change of the (sorted) base that an update means, or why it is refused.
using Recovered = std::variant<llm::ModelDelta, Refusal>;

/// Update → change in the base's shapes, zero where the variant had nothing (LoRAM's recovery, 2502.13533, with the
/// importance order already in the base). Refused: a factor with NaN or Inf, and factors whose product could exceed
/// float32's range. That the factors have the variant's shapes is an invariant.
[[nodiscard]] Recovered recover(const llm::Update& update, const llm::ModelConfig& config);

/// Zero padding of the factors: rows of B for q, k, v, gate, up; columns of A for o, down. The other factors are shared
/// with `adapter`. ‖ΔW‖ is preserved; the identity when the variant is the whole base.
[[nodiscard]] llm::Adapter recover_adapter(const llm::Adapter& adapter, const llm::VariantShape& shape,
                                           const llm::ModelConfig& config);

}  // namespace edgefuse::server
