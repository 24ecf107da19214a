#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

#include "llm/model.hpp"
#include "llm/tensor_names.hpp"
#include "sim/random.hpp"

namespace edgefuse::llm::testing {

/// No two sizes agree, so a transposed matrix cannot go unnoticed.
inline ModelConfig small_config(const std::string& model_type = "llama") {
  ModelConfig config;
  config.model_type = model_type;
  config.hidden = 12;
  config.intermediate = 20;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_dim = 6;
  config.vocabulary = 17;
  config.max_positions = 64;
  config.qkv_bias = model_type == "qwen2";
  config.qk_norm = model_type == "qwen3";
  config.bos_token = 1;
  config.eos_token = 2;
  return config;
}

/// Normal numbers of standard deviation 0.2, exact in float16, so that saving them in any type loses nothing.
inline Model random_model(const ModelConfig& config, std::uint64_t seed = 1, at::ScalarType dtype = at::kFloat) {
  Model model;
  model.config = config;
  sim::Draws draws{{.seed = seed, .domain = sim::Domain::test}};
  for (const TensorSlot& slot : tensor_slots(model)) {
    at::Tensor values = at::empty(slot.shape, at::kFloat);
    for (std::int64_t i = 0; i < values.numel(); ++i) {
      values.data_ptr<float>()[i] = static_cast<float>(0.2 * draws.normal());
    }
    // bfloat16 has the fewest digits of the types in use; float16 holds these magnitudes too.
    *slot.place = values.to(at::kBFloat16).to(at::kHalf).to(dtype);
  }
  if (config.tied_head) model.head = model.embedding;
  return model;
}

}  // namespace edgefuse::llm::testing
