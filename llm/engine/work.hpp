#pragma once

#include <span>

#include "llm/training.hpp"

namespace edgefuse::llm::engine {

/// What training takes at least, counted from shapes. `flops` are those of matrix products that the result depends on:
/// no padding, no position or gradient nobody asks for, nothing computed a second time for the backward.
struct Work {
  double flops = 0;
  double tokens = 0;             // read by the forward pass
  double multiplied_tokens = 0;  // rows of the products with the base's weights, as passes are packed
};

[[nodiscard]] Work work_of(const Model& variant, std::span<const TrainingJob> jobs);

}  // namespace edgefuse::llm::engine
