#include "llm/rope.hpp"

#include <numbers>
#include <string>
#include <variant>

#include <ATen/ATen.h>

#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {
namespace {

at::Tensor scaled(const at::Tensor& frequencies, const NoRopeScaling&) {
  return frequencies;
}

at::Tensor scaled(const at::Tensor& frequencies, const LinearRopeScaling& scaling) {
  return frequencies / scaling.factor;
}

/// Long wavelengths are stretched by `factor`, short ones kept, those between blended linearly in 1 / wavelength
/// (Llama 3 herd, 2407.21783).
at::Tensor scaled(const at::Tensor& frequencies, const Llama3RopeScaling& scaling) {
  const auto original = static_cast<double>(scaling.original_positions);
  const double longest = original / scaling.low_frequency_factor;
  const double shortest = original / scaling.high_frequency_factor;
  const at::Tensor wavelength = (2 * std::numbers::pi) / frequencies;
  const at::Tensor blend = (original / wavelength - scaling.low_frequency_factor) /
                           (scaling.high_frequency_factor - scaling.low_frequency_factor);
  const at::Tensor stretched = frequencies / scaling.factor;
  const at::Tensor blended = (1 - blend) * stretched + blend * frequencies;
  return at::where(wavelength > longest, stretched, at::where(wavelength < shortest, frequencies, blended));
}

}  // namespace

at::Tensor rope_frequencies(const ModelConfig& config) {
  EDGEFUSE_EXPECTS(config.head_dim > 0 && config.head_dim % 2 == 0, "rotary embeddings turn pairs of components");
  const at::Tensor exponents =
      at::arange(0, config.head_dim, 2, at::TensorOptions().dtype(at::kFloat)) / static_cast<double>(config.head_dim);
  const at::Tensor frequencies = 1.0 / at::pow(config.rope_theta, exponents);
  return std::visit([&](const auto& scaling) { return scaled(frequencies, scaling); }, config.rope_scaling);
}

RopeTables rope_tables(const ModelConfig& config, std::int64_t positions, at::ScalarType dtype) {
  const at::Tensor angles =
      at::outer(at::arange(positions, at::TensorOptions().dtype(at::kFloat)), rope_frequencies(config));
  return {at::cos(angles).to(dtype), at::sin(angles).to(dtype)};
}

RopeTables leading(const RopeTables& tables, std::int64_t positions) {
  return {.cos = tables.cos.narrow(0, 0, positions), .sin = tables.sin.narrow(0, 0, positions)};
}

void check_length(const ModelConfig& config, std::int64_t length, const std::string& what) {
  if (length > config.max_positions)
    throw InputError{{.key = what,
                      .problem = "a sequence of " + std::to_string(length) + " tokens does not fit the model's " +
                                 std::to_string(config.max_positions) + " positions",
                      .remedy = "cut it, or use a model with more positions"}};
  if (config.sliding_window && length > *config.sliding_window)
    throw InputError{{.key = what,
                      .problem = "a sequence of " + std::to_string(length) + " tokens is longer than the model's " +
                                 "sliding window of " + std::to_string(*config.sliding_window),
                      .remedy = "cut it: attention is computed in full, which differs beyond the window"}};
}

}  // namespace edgefuse::llm
