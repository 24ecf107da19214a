#pragma once

#include <string>
#include <vector>

#include "llm/pruning/pruner.hpp"
#include "tests/llm/calibration_texts.hpp"
#include "tests/llm/small_model.hpp"

namespace edgefuse::llm::testing {

inline const std::vector<std::string> weight_pruners = {"sparse-random", "sparse-magnitude", "wanda", "sparsegpt"};

/// Widths of 16, 3 · 8 and 40, which 4 and 8 divide, in three layers with biases.
inline ModelConfig divisible_config() {
  auto config = small_config("qwen2");
  config.hidden = 16;
  config.heads = 3;
  config.kv_heads = 1;
  config.head_dim = 8;
  config.intermediate = 40;
  config.layers = 3;
  return config;
}

inline std::vector<Model> cut(const Pruner& pruner, const Model& base, const std::vector<double>& ratios,
                              const Calibration& texts, const Protection& protection = {}) {
  std::vector<VariantShape> shapes;
  for (const double ratio : ratios)
    shapes.push_back(pruner.shape(base.config, ratio, protection));
  return pruner.cut(base, shapes, texts);
}

}  // namespace edgefuse::llm::testing
