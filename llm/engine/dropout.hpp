#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "llm/matrix.hpp"
#include "llm/module_id.hpp"

namespace edgefuse::llm::engine {

/// Inverted dropout on the inputs of adapters, each with a mask of its own as in PEFT: x becomes x ∘ m / (1 - rate), m
/// zero with probability `rate` (to 1/65536). A mask is a function of the member's seed for the step, the module and
/// the token's number among the member's; so the backward makes it again instead of keeping it, and neither the gang
/// nor the cut into passes changes it.
class Dropout {
 public:
  Dropout() = default;  // rate 0
  Dropout(double rate, std::size_t members) : rate_{rate}, seeds_(members) {}

  [[nodiscard]] bool on() const { return rate_ > 0; }
  /// What a member's masks are made from until its next step.
  void begin_step(std::size_t member, std::uint64_t seed) { seeds_[member] = seed; }

  /// y = x ∘ m / (1 - rate). Row i is the member's token `tokens[i]`; y may be x.
  void apply(std::size_t member, std::uint32_t module, std::span<const std::int64_t> tokens, MatrixView<const float> x,
             MatrixView<float> y) const;
  void apply(std::size_t member, std::uint32_t module, std::span<const std::int64_t> tokens, MatrixView<const double> x,
             MatrixView<double> y) const;

 private:
  double rate_ = 0;
  std::vector<std::uint64_t> seeds_;
};

/// The number of a module among a model's, as masks know it.
[[nodiscard]] constexpr std::uint32_t dropout_module(ModuleId module) {
  return static_cast<std::uint32_t>(module.layer) * static_cast<std::uint32_t>(all_projections.size()) +
         static_cast<std::uint32_t>(module.projection);
}

}  // namespace edgefuse::llm::engine
