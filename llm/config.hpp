#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace edgefuse::llm {

struct NoRopeScaling {};
/// Positions divided by `factor`.
struct LinearRopeScaling {
  double factor = 1;
};
/// Llama 3.1's wavelength-dependent scaling of the rotation frequencies.
struct Llama3RopeScaling {
  double factor = 8;
  double low_frequency_factor = 1;
  double high_frequency_factor = 4;
  std::int64_t original_positions = 8192;
};
using RopeScaling = std::variant<NoRopeScaling, LinearRopeScaling, Llama3RopeScaling>;

/// Of one layer of a model that was pruned unevenly.
struct LayerWidths {
  std::int64_t kv_heads = 0;
  std::int64_t neurons = 0;

  friend bool operator==(const LayerWidths&, const LayerWidths&) = default;
};

/// What a Hugging Face `config.json` of the Llama family says: Llama 2/3, Mistral, Qwen2, Qwen3, SmolLM, TinyLlama.
struct ModelConfig {
  std::string model_type;  // "llama", "mistral", "qwen2", "qwen3"
  std::int64_t hidden = 0;
  std::int64_t intermediate = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t vocabulary = 0;
  std::int64_t max_positions = 0;
  double rope_theta = 10000;
  RopeScaling rope_scaling;
  double rms_norm_eps = 1e-5;
  bool tied_head = false;
  bool qkv_bias = false;
  bool o_bias = false;
  bool mlp_bias = false;
  bool qk_norm = false;
  std::optional<std::int64_t> sliding_window;
  std::optional<std::int64_t> bos_token;
  std::optional<std::int64_t> eos_token;
  /// Of every layer, where they differ; each at most what `kv_heads` and `intermediate` say. Else empty. Our own key of
  /// config.json, "edgefuse_layers": transformers knows no such model.
  std::vector<LayerWidths> layer_widths;

  /// Query heads that share one KV head.
  [[nodiscard]] std::int64_t group() const { return heads / kv_heads; }
};

/// Reads and checks `folder/config.json`. Throws InputError for a missing file, an unknown architecture, or sizes that
/// contradict each other (all of them at once).
[[nodiscard]] ModelConfig read_config(const std::filesystem::path& folder);

/// Writes `folder/config.json` in the form transformers 4 and 5 read.
void write_config(const ModelConfig& config, const std::filesystem::path& folder);

}  // namespace edgefuse::llm
