#include "llm/costs.hpp"

#include <algorithm>
#include <cmath>

#include "llm/adapter_costs.hpp"
#include "llm/engine/head.hpp"
#include "llm/held_weight.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

/// The widths of one layer of a variant.
struct Widths {
  double hidden, queries, keys, neurons, heads;
  bool o_bias, down_bias;

  Widths(const ModelConfig& config, const LayerShape& layer)
      : hidden{static_cast<double>(config.hidden)},
        queries{static_cast<double>(layer.kv_heads * config.group() * config.head_dim)},
        keys{static_cast<double>(layer.kv_heads * config.head_dim)},
        neurons{static_cast<double>(layer.neurons)},
        heads{static_cast<double>(layer.kv_heads * config.group())},
        o_bias{config.o_bias || layer.o_bias},
        down_bias{config.mlp_bias || layer.down_bias} {}

  [[nodiscard]] double projections() const { return 2 * queries * hidden + 2 * keys * hidden + 3 * neurons * hidden; }
  [[nodiscard]] double biases(const ModelConfig& config) const {
    return (config.qkv_bias ? queries + 2 * keys : 0) + (o_bias ? hidden : 0) + (config.mlp_bias ? 2 * neurons : 0) +
           (down_bias ? hidden : 0);
  }
};

double tokens(const StepShape& step) {
  return static_cast<double>(step.rows) * static_cast<double>(step.sequence);
}

/// L.
double labels(const StepShape& step) {
  return step.labelled_share * tokens(step);
}

/// M.
double most_labels(const StepShape& step) {
  return step.most_labels ? static_cast<double>(*step.most_labels) : labels(step);
}

/// 2·L·V·d.
double head_flops(const ModelConfig& config, const StepShape& step) {
  return 2 * labels(step) * static_cast<double>(config.vocabulary * config.hidden);
}

/// Both products of causal attention, forward: Σ_{t=1..S} 4·H·e·t per row.
double attention_flops(const Widths& w, const StepShape& step) {
  return 2 * tokens(step) * static_cast<double>(step.sequence + 1) * w.queries;
}

double embedding_count(const ModelConfig& config) {
  return static_cast<double>(config.vocabulary * config.hidden);
}

double projection_numbers(const ModelConfig& config, const VariantShape& shape) {
  double sum = 0;
  for (const auto& layer : shape.layers)
    sum += Widths{config, layer}.projections();
  return sum;
}

/// All that is no projection: embedding, head (when it is not the embedding), norms and biases.
double other_numbers(const ModelConfig& config, const VariantShape& shape) {
  double sum = embedding_count(config) * (config.tied_head ? 1 : 2) + static_cast<double>(config.hidden);
  for (const auto& layer : shape.layers)
    sum += Widths{config, layer}.biases(config) + 2 * static_cast<double>(config.hidden) +
           (config.qk_norm ? 2 * static_cast<double>(config.head_dim) : 0);
  return sum;
}

/// Logits that exist at once, which their gradient replaces: all of a step with M labels, or a chunk of its rows.
double logits_held(const ModelConfig& config, const StepShape& step) {
  const auto rows = static_cast<double>(engine::rows_at_once(config.vocabulary));
  return std::min(most_labels(step), rows) * static_cast<double>(config.vocabulary);
}

/// Numbers of the gradients that pass through the widest block, and of those above and below it.
double gradients_held(const ModelConfig& config, const VariantShape& shape, const StepShape& step) {
  double widest = 0;
  for (const auto& layer : shape.layers) {
    const Widths w{config, layer};
    widest = std::max(widest, 2 * std::max(w.neurons, w.queries + w.keys));
  }
  return 3 * (tokens(step) + most_labels(step)) * static_cast<double>(config.hidden) + tokens(step) * widest;
}

/// A quantised projection becomes a whole matrix again while it is multiplied with: the largest of them.
double dequantised_numbers(const ModelConfig& config, const VariantShape& shape, Storage weights) {
  double largest = 0;
  if (weights == Storage::fp16 || weights == Storage::fp32) return largest;
  for (const auto& layer : shape.layers) {
    const Widths w{config, layer};
    largest = std::max(largest, w.hidden * std::max(w.queries, w.neurons));
  }
  return largest;
}

/// How what is no projection is stored.
Storage beside(Storage weights) {
  return weights == Storage::fp32 ? Storage::fp32 : Storage::fp16;
}

/// Forward of all blocks, without the head.
double block_flops(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec, const StepShape& step) {
  double sum = 0;
  for (const auto& layer : shape.layers) {
    const Widths w{config, layer};
    sum += 2 * tokens(step) * (w.projections() + adapter_numbers(config, layer, spec)) + attention_flops(w, step);
  }
  return sum;
}

void expect_match(const ModelConfig& config, const VariantShape& shape) {
  EDGEFUSE_EXPECTS(static_cast<std::int64_t>(shape.layers.size()) == config.layers, "a variant has the base's layers");
}

}  // namespace

double bytes_each(Storage storage) {
  switch (storage) {
    case Storage::fp16:
      return 2;
    case Storage::int8:
      return bytes_each(Quantisation::int8);
    case Storage::nf4:
      return bytes_each(Quantisation::nf4);
    case Storage::fp32:
      break;
  }
  return 4;
}

std::int64_t parameters(const ModelConfig& config, const VariantShape& shape) {
  expect_match(config, shape);
  double not_zero = 0;
  for (const auto& layer : shape.layers)
    not_zero += layer.density * Widths{config, layer}.projections();
  return static_cast<std::int64_t>(std::round(not_zero) + other_numbers(config, shape));
}

Flops forward_flops(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec, const StepShape& step) {
  expect_match(config, shape);
  return Flops{head_flops(config, step) + block_flops(config, shape, spec, step)};
}

Flops backward_flops(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                     const StepShape& step) {
  expect_match(config, shape);
  double sum = head_flops(config, step) + (step.recompute ? block_flops(config, shape, spec, step) : 0);
  for (const auto& layer : shape.layers) {
    const Widths w{config, layer};
    sum +=
        2 * tokens(step) * (w.projections() + 2 * adapter_numbers(config, layer, spec)) + 2 * attention_flops(w, step);
  }
  return Flops{sum};
}

Flops step_flops(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec, const StepShape& step) {
  return forward_flops(config, shape, spec, step) + backward_flops(config, shape, spec, step);
}

Bytes weight_bytes(const ModelConfig& config, const VariantShape& shape, const CostOptions& options) {
  expect_match(config, shape);
  return Bytes{projection_numbers(config, shape) * bytes_each(options.weights) +
               other_numbers(config, shape) * bytes_each(beside(options.weights))};
}

Bytes activation_bytes(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                       const StepShape& step, const CostOptions& options) {
  expect_match(config, shape);
  double all = 0;
  double widest = 0;
  std::int64_t blocks = 0;
  for (const auto& layer : shape.layers) {
    if (layer.dropped()) continue;
    ++blocks;
    const Widths w{config, layer};
    const double per_token = 4 * w.hidden + 2 * (w.queries + w.keys) + 3 * w.neurons + w.heads +
                             (config.qk_norm ? w.queries + w.keys : 0) +
                             static_cast<double>(spec.rank) * static_cast<double>(spec.targets.size());
    all += per_token;
    widest = std::max(widest, per_token);
  }
  const auto inputs = static_cast<double>(blocks * config.hidden);
  const double per_token = step.recompute ? inputs + widest : all;
  return Bytes{tokens(step) * per_token * bytes_each(options.activations)};
}

Bytes step_bytes(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec, const StepShape& step,
                 const CostOptions& options) {
  const double head = step.labelled_share > 0 ? embedding_count(config) : 0;
  const double untouched = embedding_count(config) * (config.tied_head ? 1 : 2) - head;
  const double looked_up = tokens(step) * static_cast<double>(config.hidden);
  const double other = bytes_each(beside(options.weights));
  const double read = weight_bytes(config, shape, options).value - untouched * other;
  const double logits = 4 * labels(step) * static_cast<double>(config.vocabulary) * bytes_each(options.activations);
  const auto [trained, frozen] = trained_numbers(config, shape, spec, options);
  const double adapter =
      4 * ((5 + 2 * options.moments) * trained + 2 * frozen + variate_numbers(config, shape, spec, options));
  return Bytes{2 * read + looked_up * other + logits + adapter} +
         2 * activation_bytes(config, shape, spec, step, options);
}

Bytes peak_training_memory(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                           const StepShape& step, const CostOptions& options) {
  const double passing = logits_held(config, step) + gradients_held(config, shape, step) +
                         dequantised_numbers(config, shape, options.weights);
  const auto [trained, frozen] = trained_numbers(config, shape, spec, options);
  const double adapter = 4 * ((2 + options.moments) * trained + frozen + variate_numbers(config, shape, spec, options));
  return weight_bytes(config, shape, options) + activation_bytes(config, shape, spec, step, options) +
         Bytes{passing * bytes_each(options.activations) + adapter};
}

Bytes download_bytes(const ModelConfig& config, const VariantShape& shape, const CostOptions& options) {
  expect_match(config, shape);
  double projections = 0;
  for (const auto& layer : shape.layers)
    projections +=
        Widths{config, layer}.projections() * (layer.density * bytes_each(options.weights) + layer.index_bits / 8);
  return Bytes{projections + other_numbers(config, shape) * bytes_each(beside(options.weights))};
}

VariantCost variant_cost(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                         const StepShape& step, const CostOptions& options) {
  return {.parameters = parameters(config, shape),
          .adapter_parameters = adapter_parameters(config, shape, spec),
          .forward = forward_flops(config, shape, spec, step),
          .backward = backward_flops(config, shape, spec, step),
          .traffic = step_bytes(config, shape, spec, step, options),
          .peak_memory = peak_training_memory(config, shape, spec, step, options),
          .download = download_bytes(config, shape, options) + carried_bytes(config, shape, spec, options),
          .upload = upload_bytes(config, shape, spec, options)};
}

}  // namespace edgefuse::llm
