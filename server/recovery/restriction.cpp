#include "server/recovery/restriction.hpp"

#include <ATen/ATen.h>

#include <cstdint>
#include <variant>

#include "server/fusion/dense_parts.hpp"
#include "server/recovery/placement.hpp"
#include "sim/expects.hpp"

namespace edgefuse::server {
namespace {

at::Tensor leading(const at::Tensor& tensor, std::int64_t dim, std::int64_t count) {
  return tensor.narrow(dim, 0, count).contiguous();
}

llm::ModuleDelta cut(const llm::ModuleDelta& change, const llm::MatrixShape& to) {
  if (const auto* low = std::get_if<llm::LowRank>(&change))
    return llm::LowRank{.a = leading(low->a, 1, to.in), .b = leading(low->b, 0, to.out)};
  return llm::Dense{leading(std::get<llm::Dense>(change).matrix.narrow(0, 0, to.out), 1, to.in)};
}

}  // namespace

llm::ModelDelta restricted(const llm::ModelDelta& change, const llm::VariantShape& shape,
                           const llm::ModelConfig& config) {
  llm::ModelDelta result;
  for (const auto& [id, whole] : change) {
    const auto place = placement(config, shape, id);
    EDGEFUSE_EXPECTS(shape_of(whole) == place.base, "what is restricted has the base's shapes");
    result.emplace(id, cut(whole, place.variant));
  }
  return result;
}

llm::Adapter restricted(const llm::Adapter& adapter, const llm::VariantShape& shape, const llm::ModelConfig& config) {
  llm::Adapter result = adapter;
  for (auto& [id, factors] : result.modules) {
    const auto place = placement(config, shape, id);
    expect_shape(factors, place.base);
    factors = {.a = leading(factors.a, 1, place.variant.in), .b = leading(factors.b, 0, place.variant.out)};
  }
  return result;
}

}  // namespace edgefuse::server
