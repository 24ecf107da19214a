#pragma once

#include <cstdint>

#include "llm/model.hpp"
#include "llm/update.hpp"
#include "server/recovery/refusal.hpp"
#include "sim/registry.hpp"

namespace edgefuse::server {

/// What the server knows beside the update itself. Both models may lie on any device; what recovery makes lies on the
/// host. Holds references: the models must outlive it.
struct RecoveryContext {
  const llm::Model& base;     // in importance order, of the version that the update started from
  const llm::Model& variant;  // what the client trained on, cut from `base`
  std::uint64_t seed = 0;
  std::uint32_t round = 0;  // tells apart what one client sends more than once
};

/// Plug-in point: update → change in the base's shapes. A method is one pair of files with a function that returns its
/// `Method`, and a line in registry.cpp.
class Recovery {
 public:
  Recovery() = default;
  Recovery(const Recovery&) = delete;
  Recovery& operator=(const Recovery&) = delete;
  virtual ~Recovery() = default;

  /// Refused is what refusal() refuses, and what would be after the method's own additions. That the update has the
  /// variant's shapes is an invariant.
  [[nodiscard]] virtual Recovered recover(const llm::Update& update, const RecoveryContext& context) const = 0;
  /// Whether an update becomes a low-rank change, whatever its variant.
  [[nodiscard]] virtual bool keeps_low_rank() const { return true; }
  /// Whether it takes off what the base answers otherwise than the variant.
  [[nodiscard]] virtual bool corrects() const { return false; }
};

/// All recoveries by name.
[[nodiscard]] Registry<Recovery> recoveries();

}  // namespace edgefuse::server
