#include "server/recovery/recovery.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

#include "llm/tensor_names.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

/// How one module's factors lie in the base's.
struct Place {
  llm::MatrixShape variant;
  llm::MatrixShape base;

  Place(const llm::ModelConfig& config, const llm::VariantShape& shape, llm::ModuleId id) {
    EDGEFUSE_EXPECTS(static_cast<std::size_t>(id.layer) < shape.layers.size(),
                     "the adapter's layers are the variant's");
    variant = projection_shape(config, shape.layers[static_cast<std::size_t>(id.layer)], id.projection);
    base = base_shape(config, id.projection);
  }
};

void expect_shape(const llm::LoraFactors& factors, const llm::MatrixShape& shape) {
  EDGEFUSE_EXPECTS(factors.a.size(1) == shape.in && factors.b.size(0) == shape.out,
                   "an adapter has the shapes it is said to have");
}

/// `factor` with zeros after it along `dim`; itself when nothing is missing.
at::Tensor padded(const at::Tensor& factor, std::int64_t dim, std::int64_t size) {
  if (factor.size(dim) == size) return factor;
  auto sizes = factor.sizes().vec();
  sizes[static_cast<std::size_t>(dim)] = size - factor.size(dim);
  return at::cat({factor, at::zeros(sizes, factor.options())}, dim);
}

/// Largest magnitude, NaN if there is one.
double largest(const at::Tensor& factor) {
  return factor.numel() == 0 ? 0 : factor.abs().max().item<double>();
}

/// |ΔW| ≤ s·r·max|B|·max|A|: refused when this bound leaves float32, or is not a number.
std::optional<Refusal> refusal(const llm::Update& update) {
  for (const auto& [id, factors] : update.adapter.modules) {
    const double a = largest(factors.a);
    const double b = largest(factors.b);
    if (!std::isfinite(a) || !std::isfinite(b)) return Refusal{.reason = Refusal::Reason::not_finite, .module = id};
    const double bound = std::abs(update.adapter.spec.scale()) * static_cast<double>(factors.a.size(0)) * a * b;
    if (!(std::max(bound, std::abs(update.adapter.spec.scale()) * b) < std::numeric_limits<float>::max()))
      return Refusal{.reason = Refusal::Reason::overflow, .module = id};
  }
  return std::nullopt;
}

}  // namespace

std::string Refusal::text() const {
  return module.name() + (reason == Reason::not_finite ? " holds NaN or Inf" : " overflows float32");
}

Recovered recover(const llm::Update& update, const llm::ModelConfig& config) {
  if (const auto refused = refusal(update)) return *refused;
  return llm::to_delta(recover_adapter(update.adapter, update.variant, config));
}

llm::Adapter recover_adapter(const llm::Adapter& adapter, const llm::VariantShape& shape,
                             const llm::ModelConfig& config) {
  llm::Adapter result = adapter;
  for (auto& [id, factors] : result.modules) {
    const Place place{config, shape, id};
    expect_shape(factors, place.variant);
    factors.a = padded(factors.a, 1, place.base.in);
    factors.b = padded(factors.b, 0, place.base.out);
  }
  return result;
}

}  // namespace edgefuse::server
