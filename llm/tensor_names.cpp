#include "llm/tensor_names.hpp"

#include <ATen/ATen.h>

namespace edgefuse::llm {
namespace {

MatrixShape layer_shape(const ModelConfig& config, std::int32_t index, Projection p) {
  if (config.layer_widths.empty()) return base_shape(config, p);
  const auto& [kv_heads, neurons] = config.layer_widths[static_cast<std::size_t>(index)];
  return projection_shape(config, {.kv_heads = kv_heads, .neurons = neurons}, p);
}

void add_layer(std::vector<TensorSlot>& slots, const ModelConfig& config, Layer& layer, std::int32_t index) {
  const std::string prefix = "model.layers." + std::to_string(index) + ".";
  slots.push_back({prefix + "input_layernorm.weight", {config.hidden}, &layer.input_norm});
  slots.push_back({prefix + "post_attention_layernorm.weight", {config.hidden}, &layer.post_attn_norm});
  if (config.qk_norm) {
    slots.push_back({prefix + "self_attn.q_norm.weight", {config.head_dim}, &layer.q_norm});
    slots.push_back({prefix + "self_attn.k_norm.weight", {config.head_dim}, &layer.k_norm});
  }
  for (const Projection p : all_projections) {
    const auto [out, in] = layer_shape(config, index, p);
    const std::string name = ModuleId{index, p}.name();
    slots.push_back({name + ".weight", {out, in}, &layer.projection(p).weight});
    if (has_bias(config, p)) slots.push_back({name + ".bias", {out}, &layer.projection(p).bias});
  }
}

}  // namespace

MatrixShape base_shape(const ModelConfig& config, Projection p) {
  return projection_shape(config, {.kv_heads = config.kv_heads, .neurons = config.intermediate}, p);
}

bool has_bias(const ModelConfig& config, Projection p) {
  switch (p) {
    case Projection::q:
    case Projection::k:
    case Projection::v:
      return config.qkv_bias;
    case Projection::o:
      return config.o_bias;
    case Projection::gate:
    case Projection::up:
    case Projection::down:
      break;
  }
  return config.mlp_bias;
}

std::vector<TensorSlot> tensor_slots(Model& model) {
  const ModelConfig& config = model.config;
  model.layers.resize(static_cast<std::size_t>(config.layers));
  std::vector<TensorSlot> slots;
  slots.push_back({"model.embed_tokens.weight", {config.vocabulary, config.hidden}, &model.embedding});
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    add_layer(slots, config, model.layers[i], static_cast<std::int32_t>(i));
  }
  slots.push_back({"model.norm.weight", {config.hidden}, &model.final_norm});
  if (!config.tied_head) {
    slots.push_back({"lm_head.weight", {config.vocabulary, config.hidden}, &model.head});
  }
  return slots;
}

std::vector<NamedTensor> named_tensors(const Model& model) {
  Model copy = model;  // shares every tensor
  std::vector<NamedTensor> named;
  for (TensorSlot& slot : tensor_slots(copy))
    named.push_back({std::move(slot.name), *slot.place});
  return named;
}

}  // namespace edgefuse::llm
