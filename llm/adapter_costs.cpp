#include "llm/adapter_costs.hpp"

#include <algorithm>
#include <cmath>

#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

/// Σ r·out over the adapted projections of all layers.
double b_numbers(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec) {
  std::int64_t sum = 0;
  for (const auto& layer : shape.layers)
    if (!layer.dropped())
      for (const auto p : spec.targets)
        sum += spec.rank * projection_shape(config, layer, p).out;
  return static_cast<double>(sum);
}

/// Σ r·r over them.
double core_numbers(const VariantShape& shape, const LoraSpec& spec) {
  const auto layers = std::ranges::count_if(shape.layers, [](const LayerShape& layer) { return !layer.dropped(); });
  return static_cast<double>(layers * std::ssize(spec.targets) * spec.rank * spec.rank);
}

Bytes on_the_wire(double bits) {
  return Bytes{std::ceil(bits / 8)};
}

}  // namespace

double adapter_numbers(const ModelConfig& config, const LayerShape& layer, const LoraSpec& spec) {
  if (layer.dropped()) return 0;
  std::int64_t sum = 0;
  for (const auto p : spec.targets) {
    const auto [out, in] = projection_shape(config, layer, p);
    sum += spec.rank * (in + out);
  }
  return static_cast<double>(sum);
}

std::int64_t adapter_parameters(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec) {
  EDGEFUSE_EXPECTS(std::ssize(shape.layers) == config.layers, "a variant has the base's layers");
  double sum = 0;
  for (const auto& layer : shape.layers)
    sum += adapter_numbers(config, layer, spec);
  return static_cast<std::int64_t>(sum);
}

double factor_numbers(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec, Sent which) {
  const auto both = static_cast<double>(adapter_parameters(config, shape, spec));
  switch (which) {
    case Sent::none:
      return 0;
    case Sent::a:
      return both - b_numbers(config, shape, spec);
    case Sent::b:
      return b_numbers(config, shape, spec);
    case Sent::one:
      return 0.5 * both;
    case Sent::core:
      return core_numbers(shape, spec);
    case Sent::both:
      break;
  }
  return both;
}

TrainedNumbers trained_numbers(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                               const CostOptions& options) {
  const auto factors = static_cast<double>(adapter_parameters(config, shape, spec));
  if (options.frozen_factors) return {.trained = core_numbers(shape, spec), .frozen = factors};
  return {.trained = factors, .frozen = 0};
}

double variate_numbers(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                       const CostOptions& options) {
  return options.control_variates ? factor_numbers(config, shape, spec, options.sent) : 0;
}

Bytes upload_bytes(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                   const CostOptions& options) {
  const double update = factor_numbers(config, shape, spec, options.sent) * options.update_bits;
  return on_the_wire(update + 32 * variate_numbers(config, shape, spec, options));
}

Bytes carried_bytes(const ModelConfig& config, const VariantShape& shape, const LoraSpec& spec,
                    const CostOptions& options) {
  const double factors = factor_numbers(config, shape, spec, options.carried) * options.carried_bits;
  const double frozen = trained_numbers(config, shape, spec, options).frozen;
  return on_the_wire(factors + 32 * (frozen + variate_numbers(config, shape, spec, options)));
}

}  // namespace edgefuse::llm
