#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "llm/delta.hpp"
#include "llm/module_id.hpp"
#include "llm/update.hpp"

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

/// Why `update` cannot be recovered: a factor with NaN or Inf, or factors whose product could exceed float32's range,
/// |ΔW| ≤ s·r·max|B|·max|A|. Nothing when it can.
[[nodiscard]] std::optional<Refusal> refusal(const llm::Update& update);

/// `delta`, or its refusal for the same reasons: for a recovery that adds numbers of its own.
[[nodiscard]] Recovered unless_refused(llm::ModelDelta delta);

}  // namespace edgefuse::server
