#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "llm/config.hpp"
#include "llm/held_weight.hpp"
#include "llm/module_id.hpp"

namespace edgefuse::llm {

/// y = x W' + b, W [out, in]; `bias` is undefined where the architecture has none.
struct Linear {
  at::Tensor weight;
  at::Tensor bias;
  HeldWeight held{};  // what training multiplies with, when `hold` made it

  [[nodiscard]] std::int64_t out() const { return weight.size(0); }
  [[nodiscard]] std::int64_t in() const { return weight.size(1); }
};

/// One decoder block. Its own KV-head count and MLP width may be smaller than the config's: a variant is the same
/// type, with tensors that are prefix slices of the base's (DESIGN §3).
struct Layer {
  at::Tensor input_norm;      // [hidden]
  at::Tensor post_attn_norm;  // [hidden]
  at::Tensor q_norm, k_norm;  // [head_dim], Qwen3 only
  Linear q, k, v, o, gate, up, down;

  [[nodiscard]] Linear& projection(Projection p);
  [[nodiscard]] const Linear& projection(Projection p) const;
  /// A layer that was dropped has neither heads nor neurons: what comes in goes out.
  [[nodiscard]] bool dropped() const { return k.out() == 0 && gate.out() == 0; }
};

/// Weights of a Llama-family decoder. A value: copies share storage, and nobody writes into a tensor that another
/// model may hold. `head` is the embedding itself when the two are tied.
struct Model {
  ModelConfig config;
  at::Tensor embedding;   // [vocabulary, hidden]
  at::Tensor final_norm;  // [hidden]
  at::Tensor head;        // [vocabulary, hidden]
  HeldWeight held_head{};
  std::vector<Layer> layers;

  /// The last layer that was not dropped.
  [[nodiscard]] std::size_t last_layer() const;
  /// KV heads kept in a layer, read off its tensors.
  [[nodiscard]] std::int64_t kv_heads(std::size_t layer) const;
  /// Parameters held, a tied head counted once.
  [[nodiscard]] std::int64_t parameters() const;
};

enum class Precision : std::uint8_t { fp32, bf16 };

/// The same model with the forms of its weights that training at `precision` multiplies with, made once for all gangs
/// and variants: projections quantised, or else rounded to bf16 where that is the precision; the head, which stays
/// unquantised, is rounded too. In fp32 and unquantised the model itself. Weights must be float32 otherwise.
[[nodiscard]] Model hold(const Model& model, Precision precision, Quantisation quantisation = Quantisation::none);

/// Reads a Hugging Face folder (`config.json`, `model.safetensors` or shards with their index); F16 and BF16 are
/// widened to `dtype` (float32, or float64 in tests).
/// Throws InputError for a missing, truncated or contradictory file, naming it and the tensor.
[[nodiscard]] Model load_model(const std::filesystem::path& folder, at::ScalarType dtype = at::kFloat);

/// Writes `config.json` and `model.safetensors` (with `dtype`, such as float16). Tokenizer files are the caller's. A
/// variant whose layers are alike is an ordinary Hugging Face model; another's config has "edgefuse_layers"
/// (docs/formats/models.md). Throws InputError for what the format cannot hold.
void save_model(const Model& model, const std::filesystem::path& folder, at::ScalarType dtype);

}  // namespace edgefuse::llm
