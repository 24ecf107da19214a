#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "llm/config.hpp"

namespace edgefuse::llm {

/// Rotary position embedding (Su et al., 2104.09864) in the half-split layout of transformers: component i of a head
/// turns with component i + head_dim / 2.
struct RopeTables {
  at::Tensor cos;  // [positions, head_dim / 2]
  at::Tensor sin;
};

/// Angular frequencies [head_dim / 2] in float32, the scaling of the config applied.
[[nodiscard]] at::Tensor rope_frequencies(const ModelConfig& config);

/// Tables for positions 0 .. positions - 1. Angles are float32 whatever `dtype` is, as in transformers, so that models
/// see the very rotation they were trained with.
[[nodiscard]] RopeTables rope_tables(const ModelConfig& config, std::int64_t positions, at::ScalarType dtype);

/// The first `positions` of them.
[[nodiscard]] RopeTables leading(const RopeTables& tables, std::int64_t positions);

/// Throws InputError when a sequence of `length` tokens is longer than the model's positions or sliding window. `what`
/// says which sequence it was.
void check_length(const ModelConfig& config, std::int64_t length, const std::string& what = {});

}  // namespace edgefuse::llm
